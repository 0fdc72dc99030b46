"""Lists of floats in both widths, 32 and 64 bits, with all kinds of values."""

from __future__ import annotations

import math
import struct
from typing import Final

from neo4j import Driver

WIDTHS: Final = ("FloatArray", "DoubleArray")
LABELS, TYPE = "N:`back``tick`:A", "`back``tick\\u005C`"
LONGEST: Final = 5000
"""More items than a list may have to be read together with other entities."""


def narrow(*numbers: float) -> list[float]:
    """Return the nearest 32-bit floats."""
    return list(struct.unpack(f"{len(numbers)}f", struct.pack(f"{len(numbers)}f", *numbers)))


EMBEDDING: Final = narrow(*(math.sin(number) for number in range(1024)))
LISTS: Final = {
    "an embedding": EMBEDDING,
    "one number": narrow(0.1),
    "two numbers": narrow(0.1, -0.2),
    "short digits": [0.1, 0.2],
    "the same text in both widths": [1.0, 2.0, 0.5],
    "zeros": [0.0, 0.0, -0.0],
    "the same text at first": [*([0.5] * 50), *narrow(0.1)],
    "extremes": narrow(2**-149, -(2**-149), 2**-126, 3.4028234663852886e38, -1e-40, 1e22, -0.0),
    "a long list": EMBEDDING * (LONGEST // len(EMBEDDING) + 1),
}
"""A list is stored in 32 bits a number if a procedure stores it, and otherwise in 64."""
ONLY_64_BIT: Final = {
    "64 bits": [math.pi, 0.5],
    "too large": [1e300, 1.0],
    "not a number": [1.0, math.nan],
    "infinite": [math.inf, -math.inf],
    "empty": [],
}


def create(driver: Driver, name: str, numbers: list[float], *, key: str, width: str) -> None:
    """Create a node and a relationship with a list of this width."""
    if width == "DoubleArray":
        driver.execute_query(
            f"CREATE (n:{LABELS} {{name: $name, `{key}`: $numbers}})"
            f"-[:{TYPE} {{name: $name, `{key}`: $numbers}}]->(n)",
            name=name,
            numbers=numbers,
        )
        return
    driver.execute_query(
        f"CREATE (n:{LABELS} {{name: $name}})-[e:{TYPE} {{name: $name}}]->(n) WITH n, e "
        "CALL db.create.setNodeVectorProperty(n, $key, $numbers) "
        "CALL db.create.setRelationshipVectorProperty(e, $key, $numbers)",
        name=name,
        key=key,
        numbers=numbers,
    )


def each_under_its_own_key(driver: Driver) -> None:
    """Create every list in every width, under a key that has only this width."""
    for width in WIDTHS:
        for name, numbers in LISTS.items():
            create(driver, name, numbers, key=f"{name}, {width}", width=width)
    for name, numbers in ONLY_64_BIT.items():
        create(driver, name, numbers, key=name, width="DoubleArray")


def all_under_one_key(driver: Driver) -> None:
    """Create both widths under one key, as far as the text tells them apart."""
    unclear = {"the same text in both widths", "zeros"}
    for name in LISTS.keys() - unclear:
        for width in WIDTHS:
            create(driver, name, LISTS[name], key="p", width=width)
    for name in unclear:
        create(driver, name, LISTS[name], key="p", width="DoubleArray")
    for name, numbers in ONLY_64_BIT.items():
        create(driver, name, numbers, key="p", width="DoubleArray")


def several_in_one_entity(driver: Driver) -> None:
    """Create entities with several lists, some missing in some, under names that need quotes."""
    keys = ('"', "back\\slash", "`", "é\n", "a")
    for number in range(40):
        create(driver, f"{number}", narrow(number / 7), key="z", width="FloatArray")
        for key in keys[: number % 6]:
            driver.execute_query(
                "MATCH (n:N {name: $name})-[e]->() "
                "CALL db.create.setNodeVectorProperty(n, $key, $numbers) "
                "CALL db.create.setRelationshipVectorProperty(e, $key, $numbers) "
                "SET n.y = 1, e.y = date()",
                name=f"{number}",
                key=key,
                numbers=[number / 3, 1.0],
            )
    driver.execute_query("MATCH (n:N) WHERE toInteger(n.name) % 3 = 0 REMOVE n.y, n.z")


def indexed(driver: Driver) -> None:
    """Create vectors with an index of them, on nodes and on relationships."""
    options = "OPTIONS {indexConfig: {`vector.dimensions`: 1024}}"
    driver.execute_query(f"CREATE VECTOR INDEX nodes FOR (n:N) ON (n.p) {options}")
    driver.execute_query(
        f"CREATE VECTOR INDEX relationships FOR ()-[e:{TYPE}]-() ON (e.p) {options}"
    )
    create(driver, "an embedding", EMBEDDING, key="p", width="FloatArray")
    driver.execute_query("CALL db.awaitIndexes(300)")


FILLS: Final = (each_under_its_own_key, all_under_one_key, several_in_one_entity, indexed)
"""All of them may fill the same database, in this order."""
