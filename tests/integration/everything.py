"""A graph with every property type, name and schema object that a Community server can hold."""

from __future__ import annotations

from neo4j import Driver

from testbed.database import quoted

SCALARS = {
    "boolean": "true",
    "integer": "42",
    "lowest integer": "-9223372036854775808",
    "highest integer": "9223372036854775807",
    "float": "0.1",
    "float without fraction": "1.0",
    "large float": "1e22",
    "largest float": "1.7976931348623157e308",
    "denormal float": "5e-324",
    "negative zero": "-0.0",
    "not a number": "0.0 / 0.0",
    "infinity": "1.0 / 0.0",
    "negative infinity": "-1.0 / 0.0",
    "string": "'plain'",
    "empty string": "''",
    "quotes": r"""'\'"`'""",
    "backslashes": r"'a\\u0041\\n\\\\'",
    "line breaks": r"'\n\r\n\t\b\f'",
    "a statement": r"""';\n:begin\nMATCH (n) DETACH DELETE n;\n// comment /* " */'""",
    "control characters": r"'\u0000\u0001\u001c\u001d\u001e\u001f\u007f\u0085'",
    "Unicode": r"'é ß 漢字 \u2028 \uFFFE 😀 👨‍👩‍👧'",
    "dashes": "'-'",
    "two dashes": "'--'",
    "date": "date('2024-02-29')",
    "date before the year 1": "date('-0044-03-15')",
    "date after the year 9999": "date('+99999-12-31')",
    "lowest date": "date('-999999999-01-01')",
    "local time": "localtime('23:59:59.999999999')",
    "time": "time('12:34:56.000000001+05:30')",
    "time of parts": "time({hour: 1, minute: 2, second: 3, nanosecond: 4, timezone: '-00:09:21'})",
    "local datetime": "localdatetime('+999999999-12-31T23:59:59.999999999')",
    "datetime with an offset": "datetime('2024-02-29T12:34:56.123456789+14:00')",
    "datetime in UTC": "datetime('2024-02-29T12:34:56Z')",
    "datetime with a zone": "datetime('2024-07-01T12:00[Europe/Paris]')",
    "first side of an overlap": "datetime('2023-10-29T02:30:00+02:00[Europe/Paris]')",
    "second side of an overlap": "datetime('2023-10-29T02:30:00+01:00[Europe/Paris]')",
    "datetime before standard time": "datetime('1850-01-01T00:00:00.5[Europe/Paris]')",
    "datetime with an odd offset": "datetime({year: 1, month: 2, timezone: '+00:09:21'})",
    "datetime before the year 1": "datetime('-0044-03-15T12:00:00Z')",
    "duration": "duration('P1Y2M3DT4H5M6.789S')",
    "duration of mixed signs": "duration({months: -1, days: 3, seconds: -5, nanoseconds: 7})",
    "duration below a second": "duration({nanoseconds: -1})",
    "empty duration": "duration({seconds: 0})",
    "longest duration": "duration({seconds: 9223372036854775807, nanoseconds: 999999999})",
    "cartesian point": "point({x: -1.5, y: 1e300})",
    "cartesian point in 3D": "point({x: 0.1, y: -0.0, z: 3})",
    "geographic point": "point({longitude: -180, latitude: 90})",
    "geographic point in 3D": "point({longitude: 12.5, latitude: -33.25, height: 8848.86})",
}
LISTS = {
    "empty list": "[]",
    "booleans": "[true, false]",
    "integers": "[1, -9223372036854775808]",
    "floats": "[1.0, -0.0, 0.0 / 0.0, 1.0 / 0.0, 5e-324]",
    "embedding": "[i IN range(1, 1024) | i / 1024.0]",
    "strings": r"['', ',', 'a;b|c', '\t\n', '\u001f\u001e\u001d\u001c', '~0~1', '漢']",
    "one empty string": "['']",
    "dates": "[date('2024-02-29'), date('-0044-03-15')]",
    "local times": "[localtime('00:00'), localtime('12:00:00.5')]",
    "times": "[time('12:00Z'), time({hour: 1, timezone: '+00:09:21'})]",
    "local datetimes": "[localdatetime('2024-02-29T12:00')]",
    "datetimes": (
        "[datetime('2024-02-29T12:00Z'), datetime('1850-01-01T00:00[Europe/Paris]'), "
        "datetime('2023-10-29T02:30:00+01:00[Europe/Paris]')]"
    ),
    "durations": "[duration('P1M'), duration({months: -1, nanoseconds: 1})]",
    "points": "[point({x: 1, y: 2}), point({x: -0.0, y: 4})]",
    "geographic points": "[point({longitude: 1, latitude: 2, height: 3})]",
}
VALUES = SCALARS | LISTS
NAMES = (
    "plain",
    "with space",
    "back`tick",
    "``",
    "back\\slash",
    "\\u0060",
    "ends with\\",
    "£x",
    "漢字",
    "😀",
    "new\nline",
    "tab\tand\rreturn",
    "\"quotes' // -- /* ; :begin",
    "match",
    "1digit",
    "a.b-c",
    "\u2028",
)
SCHEMA = (
    "CREATE CONSTRAINT FOR (n:Person) REQUIRE n.email IS UNIQUE",
    "CREATE CONSTRAINT `composite` FOR (n:Person) REQUIRE (n.first, n.last) IS UNIQUE",
    "CREATE CONSTRAINT `back\\u0060\\u0060tick` FOR ()-[r:KNOWS]-() REQUIRE r.key IS UNIQUE",
    "CREATE INDEX FOR (n:Person) ON (n.age)",
    "CREATE INDEX `composite index` FOR (n:Person) ON (n.age, n.`with space`)",
    "CREATE INDEX `of\\u000Arelationships` FOR ()-[r:KNOWS]-() ON (r.since)",
    "CREATE INDEX FOR (n:`back``tick`) ON (n.`back\\u005Cslash`)",
    "CREATE TEXT INDEX `back\\u005Cslash` FOR (n:Person) ON (n.name)",
    "CREATE TEXT INDEX FOR ()-[r:KNOWS]-() ON (r.note)",
    "CREATE POINT INDEX bounded FOR (n:Place) ON (n.location) OPTIONS {indexConfig: "
    "{`spatial.cartesian.min`: [-100.0, -100.0], `spatial.cartesian.max`: [100.0, 100.0]}}",
    "CREATE FULLTEXT INDEX texts FOR (n:Person|Place) ON EACH [n.name, n.`漢字`] OPTIONS "
    "{indexConfig: {`fulltext.analyzer`: 'german', `fulltext.eventually_consistent`: true}}",
    "CREATE FULLTEXT INDEX notes FOR ()-[r:KNOWS|LIKES]-() ON EACH [r.note]",
    "CREATE VECTOR INDEX vectors FOR (n:Person) ON (n.embedding) OPTIONS {indexConfig: "
    "{`vector.dimensions`: 8, `vector.similarity_function`: 'euclidean'}}",
    "CREATE VECTOR INDEX `fact vectors` FOR ()-[r:KNOWS]-() ON (r.embedding) OPTIONS {indexConfig: "
    "{`vector.dimensions`: 8, `vector.similarity_function`: 'cosine'}}",
    "DROP INDEX index_f7700477 IF EXISTS",
    "DROP INDEX index_1b9dcc97 IF EXISTS",
    "CREATE LOOKUP INDEX `types of relationships` FOR ()-[r]-() ON EACH type(r)",
)
FAITHFUL = {
    **{name: text for name, text in SCALARS.items() if "parts" not in name},
    **{
        name: LISTS[name]
        for name in ("empty list", "booleans", "integers", "strings", "one empty string")
    },
    "floats": "[1.0, -0.0, 5e-324]",
}
"""Values that APOC's export carries."""
for unfaithful in ("not a number", "datetime before standard time", "datetime with an odd offset"):
    del FAITHFUL[unfaithful]
FAITHFUL_SCHEMA = tuple(statement for statement in SCHEMA if "composite`" not in statement)


def fill_values(driver: Driver) -> None:
    """Create a node and a relationship for each value: alone under one key, and among others."""
    for name, expression in VALUES.items():
        driver.execute_query(
            f"CREATE (n:Value {{name: $name, value: {expression}}})"
            f"-[:VALUE {{name: $name, value: {expression}}}]->(n)",
            name=name,
        )
    together = ", ".join(f"{quoted(name)}: {text}" for name, text in VALUES.items())
    driver.execute_query(f"CREATE (:All {{{together}}})-[:ALL {{{together}}}]->()")


def fill_names(driver: Driver) -> None:
    """Create nodes and relationships under every name, one by one and all together."""
    for name in NAMES:
        text = quoted(name)
        driver.execute_query(
            f"CREATE (a:{text} {{{text}: $name}})-[:{text} {{{text}: $name}}]->(:{text}:Other)",
            name=name,
        )
    labels = "".join(f":{quoted(name)}" for name in NAMES)
    properties = ", ".join(f"{quoted(name)}: {number}" for number, name in enumerate(NAMES))
    driver.execute_query(f"CREATE ({labels} {{{properties}}})")


def fill_shapes(driver: Driver) -> None:
    """Create entities: alike, bare, looped, parallel, and with many sets of labels and keys."""
    driver.execute_query("UNWIND range(1, 5) AS i CREATE ()")
    driver.execute_query("UNWIND range(1, 5) AS i CREATE (:Same {a: 1})-[:SAME {b: 2}]->(:Same)")
    driver.execute_query("CREATE (n:Loop) CREATE (n)-[:LOOP]->(n) CREATE (n)-[:LOOP {a: 1}]->(n)")
    driver.execute_query(
        "CREATE (a:A) CREATE (b:B) WITH a, b UNWIND range(1, 3) AS i "
        "CREATE (a)-[:PARALLEL {i: i % 2}]->(b) CREATE (b)-[:PARALLEL]->(a)"
    )
    for number in range(200):
        labels = "".join(f":L{bit}" for bit in range(9) if number >> bit & 1)
        properties = ", ".join(f"p{bit}: {number}" for bit in range(9) if number >> bit & 1)
        driver.execute_query(f"CREATE ({labels} {{{properties}}})")


def fill_schema(driver: Driver) -> None:
    """Create every constraint and index, and some entities that they hold."""
    for statement in SCHEMA:
        driver.execute_query(statement)
    driver.execute_query(
        "UNWIND range(1, 20) AS i CREATE (:Person {email: 'p' + i, first: 'f' + i, last: 'l', "
        "age: i, name: 'Name ' + i, embedding: [j IN range(1, 8) | toFloat(i * j)]})"
        "-[:KNOWS {key: i, since: date(), note: 'note ' + i}]->(:Place {location: "
        "point({x: i, y: i})})"
    )
    driver.execute_query("CALL db.awaitIndexes(300)")


def fill_faithful(driver: Driver) -> None:
    """Create all that APOC may export, with and without unique properties."""
    for statement in FAITHFUL_SCHEMA:
        driver.execute_query(statement)
    fill_faithful_data(driver)


def fill_faithful_data(driver: Driver) -> None:
    """Create the same without the schema."""
    for number, expression in enumerate(FAITHFUL.values()):
        driver.execute_query(
            f"CREATE (a:Value {{number: $number, value: {expression}}}) "
            f"CREATE (b:Person:Other {{email: {expression}, name: 'n'}}) "
            f"CREATE (a)-[:KNOWS {{key: $number, value: {expression}}}]->(b) "
            "CREATE (b)-[:KNOWS]->(b) CREATE ()-[:TO]->(a) CREATE (b)-[:TO]->(a)",
            number=number,
        )
    driver.execute_query("CALL db.awaitIndexes(300)")
