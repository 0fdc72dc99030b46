"""Damage to archives is found, and so are forged archives. The error names the place."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate, product
from typing import Any

import pytest

from neo4j_r2.archive.manifest import Manifest, read_manifest
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.restore.source import Source
from neo4j_r2.restore.verify import verify
from neo4j_r2.run.stall_watch import Watch
from tests.archives import SOME_NODES, Archive, content_of, some_content, some_nodes
from tests.entities import node_rows, relationships

CONTENT = some_content()
ARCHIVES = {compressed: CONTENT.sealed(compressed=compressed) for compressed in (True, False)}
SMALL = content_of(
    some_nodes(SOME_NODES[:4]), relationships([("KNOWS", 0, 2, {"since": 2020})])
).sealed(compressed=True)
ROUNDS = 50
"""How often each kind of damage is tried on each archive. The seed is the round's number."""
LINES = CONTENT.text.decode().splitlines()

Damage = Callable[[random.Random, bytes], bytes]


def complaint(source: Source) -> str:
    """Return what `verify` says is wrong; empty if all is good. Other errors fail the test."""
    try:
        verify(source, Watch(60))
    except CorruptError as error:
        return str(error)
    return ""


def span(chosen: random.Random, data: bytes) -> tuple[int, int]:
    start = chosen.randrange(len(data))
    return start, start + chosen.randint(1, 300)


def flipped(chosen: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    changed[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)
    return bytes(changed)


def cut(chosen: random.Random, data: bytes) -> bytes:
    return data[: chosen.randrange(len(data))]


def inserted(chosen: random.Random, data: bytes) -> bytes:
    place, _ = span(chosen, data)
    return data[:place] + chosen.randbytes(chosen.randint(1, 300)) + data[place:]


def removed(chosen: random.Random, data: bytes) -> bytes:
    start, end = span(chosen, data)
    return data[:start] + data[end:]


def zeroed(chosen: random.Random, data: bytes) -> bytes:
    start, end = span(chosen, data)
    return data[:start] + bytes(len(data[start:end])) + data[end:]


def repeated(chosen: random.Random, data: bytes) -> bytes:
    start, end = span(chosen, data)
    return data[:end] + data[start:]


def followed(chosen: random.Random, data: bytes) -> bytes:
    return data + chosen.choice([b"\n", b"\x00", data, chosen.randbytes(20)])


def foreign(chosen: random.Random, data: bytes) -> bytes:
    return chosen.choice([b"", b"PK\x03\x04", b"\x1f\x8b", chosen.randbytes(len(data))])


DAMAGE: dict[str, Damage] = {
    "a flipped bit": flipped,
    "an end cut off": cut,
    "bytes inserted": inserted,
    "bytes removed": removed,
    "bytes zeroed": zeroed,
    "bytes repeated": repeated,
    "bytes behind the end": followed,
    "a foreign file": foreign,
}
EVERY_DAMAGE = pytest.mark.parametrize("name", DAMAGE)
COMPRESSED_OR_NOT = pytest.mark.parametrize("compressed", [True, False], ids=["gzip", "plain"])


@COMPRESSED_OR_NOT
@pytest.mark.parametrize("has_manifest", [True, False], ids=["manifest", "no manifest"])
def test_an_undamaged_archive_is_good(compressed: bool, has_manifest: bool) -> None:
    contents = verify(ARCHIVES[compressed].source(has_manifest=has_manifest), Watch(60))
    assert contents.labels == CONTENT.summary.nodes_by_labels
    assert contents.types == CONTENT.summary.relationships_by_type


@EVERY_DAMAGE
@COMPRESSED_OR_NOT
def test_every_damage_to_an_archive_is_found(name: str, compressed: bool) -> None:
    archive = ARCHIVES[compressed]
    for seed in range(ROUNDS):
        data = DAMAGE[name](random.Random(seed), archive.data)
        found = complaint(archive.altered(data).source())
        assert data == archive.data or found.startswith("archive: "), seed


@EVERY_DAMAGE
def test_without_a_manifest_gzip_finds_damage_that_changes_the_content(name: str) -> None:
    archive = ARCHIVES[True]
    expected = list(archive.source(has_manifest=False).items())
    for seed in range(ROUNDS):
        source = archive.altered(DAMAGE[name](random.Random(seed), archive.data)).source(
            has_manifest=False
        )
        assert complaint(source) or list(source.items()) == expected, seed


@EVERY_DAMAGE
def test_damaged_plain_text_without_a_manifest_raises_no_other_error(name: str) -> None:
    archive = ARCHIVES[False]
    for seed in range(ROUNDS):
        data = DAMAGE[name](random.Random(seed), archive.data)
        complaint(archive.altered(data).source(has_manifest=False))


def pieces(archive: Archive) -> list[bytes]:
    return [archive.data[block.offset : block.end] for block in archive.manifest.blocks]


@COMPRESSED_OR_NOT
def test_removed_repeated_and_exchanged_blocks_are_found(compressed: bool) -> None:
    archive = ARCHIVES[compressed]
    original = pieces(archive)
    for one, other in product(range(len(original)), repeat=2):
        exchanged = list(original)
        exchanged[one], exchanged[other] = original[other], original[one]
        for changed in (
            exchanged,
            [*original[:one], original[other], *original[one:]],
            original[:one] + original[one + 1 :],
        ):
            found = complaint(archive.altered(b"".join(changed)).source())
            assert found or changed == original, (one, other)


@COMPRESSED_OR_NOT
@pytest.mark.parametrize("has_manifest", [True, False], ids=["manifest", "no manifest"])
def test_a_cut_at_the_end_of_any_line_or_block_is_found(
    compressed: bool, has_manifest: bool
) -> None:
    archive = ARCHIVES[compressed]
    ends = set(accumulate(map(len, pieces(archive))))
    if not compressed:
        ends.update(accumulate(len(line) + 1 for line in LINES))
    for end in ends - {len(archive.data)}:
        found = complaint(archive.altered(archive.data[:end]).source(has_manifest=has_manifest))
        assert "cut off" in found or "nothing in it" in found, end


def test_the_error_names_the_block_and_the_byte_of_the_damage() -> None:
    archive = ARCHIVES[True]
    block = archive.manifest.blocks[3]
    place = block.offset + block.length // 2
    data = archive.data[:place] + b"x" + archive.data[place + 1 :]
    where = f"the block of bytes {block.offset} to {block.end}"
    assert where in complaint(archive.altered(data).source())
    assert f"cut off at byte {place}" in complaint(archive.altered(data[:place]).source())


# Fields that the archive cannot prove: a change in them is not found.
TOLD = {
    ("service_version",),
    ("database",),
    ("database_id",),
    ("server_version",),
    ("server_edition",),
    ("started",),
    ("finished",),
    ("before_restore",),
    ("last_accepted",),
    ("identity",),
    ("archive_key",),
    ("export", "consistent"),
    ("export", "dangling_relationships"),
    ("export", "unstated_schema"),
    *(("blocks", field) for field in ("kind", "first", "last")),
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths to all values in JSON, the containers included."""
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    return [path, *(place for key in keys for place in places(value[key], (*path, key)))]


def with_other(content: Any, path: tuple[str | int, ...], chosen: random.Random) -> Any:
    """Return JSON in which one place has another value, or is missing."""
    copy = json.loads(json.dumps(content))
    if not path:
        return chosen.choice([None, [], {}, 1, "x"])
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    value = holder[path[-1]]
    others = [None, "", "x", -1, 0, 10**30, 1.5, True, [], {}, [value], {"x": value}]
    if isinstance(value, int):
        others += [value - 1, value + 1] * 4
    if isinstance(value, str):
        others += [value[:-1], f"{value}0", value.swapcase()] * 2
    if chosen.random() < 0.1:
        del holder[path[-1]]
    else:
        holder[path[-1]] = chosen.choice(others)
    return copy


def complaint_of_manifest(archive: Archive, data: bytes) -> str:
    try:
        manifest = read_manifest(data)
    except CorruptError as error:
        return str(error)
    assert isinstance(manifest, Manifest)
    return complaint(replace(archive, manifest=manifest).source())


def test_every_change_to_a_provable_field_of_the_manifest_is_found() -> None:
    content = json.loads(SMALL.manifest.to_json())
    proving = [
        path
        for path in places(content)
        if not {path[:1], tuple(key for key in path if isinstance(key, str))} & TOLD
    ]
    assert len(proving) > 40
    for path, seed in product(proving, range(10)):
        changed = with_other(content, path, random.Random(seed))
        found = complaint_of_manifest(SMALL, json.dumps(changed).encode())
        assert found or repr(changed) == repr(content), (path, seed)


def test_no_change_to_a_manifest_raises_another_error() -> None:
    data = SMALL.manifest.to_json()
    content = json.loads(data)
    for path, seed in product(places(content), range(10)):
        changed = with_other(content, path, random.Random(seed))
        complaint_of_manifest(SMALL, json.dumps(changed).encode())
    for name, seed in product(DAMAGE, range(ROUNDS)):
        complaint_of_manifest(SMALL, DAMAGE[name](random.Random(seed), data))


ROWS = next(line for line in LINES if line.startswith("UNWIND"))
INDEX = next(line for line in LINES if line.startswith("CREATE RANGE INDEX"))
HOSTILE = (
    "LOAD CSV FROM 'http://example.com/x' AS line CREATE (:A {a: line[0]});",
    "CALL apoc.load.json('http://example.com/x');",
    "CALL dbms.listConfig();",
    "CALL db.clearQueryCaches() MATCH (n) DETACH DELETE n;",
    "MATCH (n) DETACH DELETE n;",
    "MATCH (n:`Person`) CALL (n) { REMOVE n:`Person` } IN TRANSACTIONS OF 10000 ROWS;",
    "CREATE USER eve SET PASSWORD 'password' CHANGE NOT REQUIRED;",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b';",
    "DROP DATABASE neo4j;",
    "DROP CONSTRAINT `key`;",
    "CREATE (:Person {key: 1});",
    ":use system",
    ":source /etc/passwd",
    ":param a => 1",
    "UNWIND [1] AS r CREATE (:`_BackupNode` {`_backup_id`: toInteger(r[0])});",
    ROWS.replace(" AS line WITH", " AS line LOAD CSV FROM 'file:///x' AS y WITH"),
    ROWS.replace(" AS r CREATE", " AS r CALL dbms.listConfig() YIELD name CREATE"),
    ROWS.removesuffix(";") + " DETACH DELETE n;",
    f"{ROWS} MATCH (n) DETACH DELETE n;",
    f"{INDEX} MATCH (n) DETACH DELETE n;",
    f"{INDEX} DROP DATABASE neo4j;",
    INDEX.removesuffix(";") + " OPTIONS {a: apoc.util.sleep(1)};",
    INDEX.removesuffix(";"),
    INDEX.replace("`range`", "`a\\u0060 FOR (n:B) ON (n.b); MATCH (n) DETACH DELETE n; //`"),
)


@pytest.mark.parametrize("line", HOSTILE)
@COMPRESSED_OR_NOT
def test_a_foreign_statement_is_refused_even_with_correct_hashes(
    line: str, compressed: bool
) -> None:
    chosen = random.Random(line)
    places = [LINES.index(ROWS) + 1, len(LINES), *chosen.sample(range(1, len(LINES)), 3)]
    for number in places:
        archive = CONTENT.with_line(number, line).sealed(compressed=compressed)
        for has_manifest in (True, False):
            found = complaint(archive.source(has_manifest=has_manifest))
            assert f"line {number}: " in found


def test_a_line_after_the_end_is_refused() -> None:
    last = len(LINES)
    for line in ("", "// comment", LINES[-1], INDEX):
        text = CONTENT.blocks[-1].text + f"{line}\n".encode()
        blocks = [*CONTENT.blocks[:-1], replace(CONTENT.blocks[-1], text=text)]
        archive = replace(CONTENT, blocks=blocks).sealed(compressed=True)
        assert f"line {last + 1}: there is more after the end" in complaint(archive.source())


@pytest.mark.parametrize("kind", ["nodes", "relationships"])
def test_the_counts_reveal_a_missing_block(kind: str) -> None:
    blocks = [block for block in CONTENT.blocks if block.kind != kind]
    archive = replace(CONTENT, blocks=blocks).sealed(compressed=True)
    for has_manifest in (True, False):
        assert complaint(archive.source(has_manifest=has_manifest))


def test_an_end_line_with_wrong_counts_is_refused() -> None:
    nodes, relationships = CONTENT.summary.nodes, CONTENT.summary.relationships
    changed = CONTENT.replaced(b": %d nodes" % nodes, b": %d nodes" % (nodes + 1))
    archive = changed.sealed(compressed=True)
    for has_manifest in (True, False):
        found = complaint(archive.source(has_manifest=has_manifest))
        assert f"after {nodes} nodes, {relationships} relationships" in found


def test_wrong_counts_of_a_label_set_or_type_are_reported() -> None:
    for field, group in (("nodes_by_labels", '["Person"]'), ("relationships_by_type", "KNOWS")):
        counts = dict(getattr(CONTENT.summary, field))
        for others in (
            {**counts, group: counts[group] + 1},
            {**counts, group: counts[group] - 1},
            {name: number for name, number in counts.items() if name != group},
            {**counts, "Invented": 1},
        ):
            changes: dict[str, Any] = {field: others}
            summary = replace(CONTENT.summary, **changes)
            found = complaint(replace(CONTENT, summary=summary).sealed(compressed=True).source())
            assert "the manifest says" in found


def test_two_nodes_with_the_same_id_are_reported() -> None:
    twice = node_rows([[3, ["Person"], [], []]])
    archive = content_of([*some_nodes(), *twice, *twice], []).sealed(compressed=True)
    for has_manifest in (True, False):
        assert "there are two nodes 3" in complaint(archive.source(has_manifest=has_manifest))


@pytest.mark.parametrize("ends", [(0, 1), (1, 0), (0, 8191), (10**17, 0)])
def test_a_relationship_to_a_missing_node_is_reported(ends: tuple[int, int]) -> None:
    archive = content_of(some_nodes(), relationships([("KNOWS", *ends, {})]))
    missing = max(ends, key=lambda number: number not in SOME_NODES)
    for has_manifest in (True, False):
        found = complaint(archive.sealed(compressed=True).source(has_manifest=has_manifest))
        assert f"a relationship's node {missing} is not there" in found
