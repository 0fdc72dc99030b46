"""A fetched archive is that of a full backup of the same moment, and nothing else."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from neo4j_r2.archive.archive_rows import ArchiveRows
from neo4j_r2.archive.contents import Contents
from neo4j_r2.archive.recognise import recognise_apoc
from neo4j_r2.archive.storage.encryption import Recipients
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.core.database import Names
from neo4j_r2.core.errors import BackupError, ConfigurationError, CorruptError
from neo4j_r2.restore.source import Source
from neo4j_r2.restore.whole_archive import whole_archive
from tests.archives import Content, some_content
from tests.chains import Chain, Graph, chain_of
from tests.keys import KeyPair
from tests.unit.archive.foreign.test_recognise_foreign import OWN_ARCHIVE

PAIR = KeyPair.new()


def some_graph() -> Graph:
    """Return a graph of several blocks of ids, with rows of many shapes."""
    chosen = random.Random(3)
    ids = [*range(300), *range(9_000, 9_200), *range(50_000, 50_005)]
    return Graph(
        {number: node(number, chosen) for number in ids},
        {number: relationship(number, ids, chosen) for number in range(0, 30_000, 40)},
    )


def node(number: int, chosen: random.Random) -> list[Any]:
    labels = chosen.choice([[], ["A"], ["A", "B"], ["漢`字"]])
    keys = chosen.choice([[], ["key"], ["s"], ["s", "key"]])
    return [number, labels, keys, [chosen.choice([1, 2.5, "x\ty", True, ["a"]]) for _ in keys]]


def relationship(number: int, ids: list[int], chosen: random.Random) -> list[Any]:
    keys = chosen.choice([[], ["key"]])
    return [number, chosen.choice("TU"), *chosen.choices(ids, k=2), keys, [number for _ in keys]]


def some_graphs() -> list[Graph]:
    """Return a graph that changes four times; the last time nothing changes but its schema."""
    chosen = random.Random(4)
    graphs = [some_graph()]
    for step in range(3):
        last = graphs[-1]
        ids = sorted(last.nodes)
        nodes: dict[int, Any] = {each: node(each, chosen) for each in chosen.sample(ids, 25)}
        nodes |= {60_000 + step: node(60_000 + step, chosen)}
        nodes |= dict.fromkeys(chosen.sample(ids, 10))
        some = chosen.sample(sorted(last.relationships), 60)
        changes: dict[int, Any] = {each: relationship(each, ids, chosen) for each in some[:30]}
        changes |= dict.fromkeys(some[30:])
        names = Names(["A", "B", f"C{step}"], ["T", "U"], ["key", "s"])
        graphs.append(last.changed(nodes, changes, names=names))
    return [*graphs, graphs[-1].changed(constraints=())]


GRAPHS = some_graphs()
CHAIN = chain_of(*GRAPHS)


def fetched(source: Source) -> bytes:
    """Return the text that a fetch writes."""
    return gzip.decompress(b"".join(whole_archive(source, 1)))


def complaint(source: Source, error: type[BackupError] = CorruptError) -> str:
    """Return why a fetch fails; what it has written until then lacks its end."""
    written: list[bytes] = []
    with pytest.raises(error) as caught:
        written += whole_archive(source, 1)
    assert b"\n// End of export" not in b"".join(map(gzip.decompress, written))
    return str(caught.value)


@pytest.mark.parametrize("number", range(5))
def test_an_incremental_backup_becomes_the_text_of_a_full_one(number: int) -> None:
    assert fetched(CHAIN.source(number)) == GRAPHS[number].full(number).text


@pytest.mark.parametrize("late", [(10,), (70_000,), (10, 70_000)])
def test_late_nodes_are_fetched_too(late: tuple[int, ...]) -> None:
    base = some_graph()
    first = base.changed({70_000: [70_000, ["A"], [], []], 10: [10, ["B"], ["s"], ["late"]]})
    first = replace(first, late=late)
    graphs = [base, first, first.changed({11: None}), first.changed({11: None, 10: None})]
    chain = chain_of(*graphs)
    for number in (0, 2, 3):
        assert fetched(chain.source(number)) == graphs[number].full(number).text
    assert rows_of(fetched(chain.source(1))) == rows_of(first.full(1).text)


def rows_of(text: bytes) -> list[str]:
    """Return a line for each row of an archive, whatever the order of its blocks."""
    archive = ArchiveRows("archive", [text])
    pieces = [*archive.nodes(), *archive.relationships(), *archive.late]
    return sorted(
        f"{rows.shape} {row}"
        for piece in pieces
        for rows in piece.rows
        for row in zip(rows.ids, *rows.names, *rows.cells, strict=True)
    )


def test_a_long_text_has_clearings_between_its_blocks_and_none_at_its_end() -> None:
    big = {each: [each, ["A"], ["s"], ["x" * 300_000]] for each in range(0, 600_000, 8_192)}
    graphs = [Graph(big, {}), Graph(big, {}).changed({1: [1, ["B"], [], []]})]
    text = fetched(chain_of(*graphs).source())
    assert text == graphs[1].full(1).text
    assert text.count(b"CALL db.clearQueryCaches();\n") == 1
    assert text.splitlines()[-1].startswith(b"// End of export: ")


@pytest.mark.parametrize("compressed", [True, False])
def test_a_full_backup_stays_as_it_is(compressed: bool) -> None:
    content = some_content()
    archive = content.sealed(compressed=compressed)
    assert fetched(archive.source()) == content.text
    if compressed:
        assert b"".join(whole_archive(archive.source(), 1)) == archive.data


def test_a_backup_of_apoc_stays_as_it_is() -> None:
    lines = OWN_ARCHIVE.encode().splitlines(keepends=True)
    texts = [b"".join(lines[start : start + 7]) for start in range(0, len(lines), 7)]
    contents = Contents()
    for item in recognise_apoc(texts):
        contents.add(item)
    summary = replace(
        some_content().summary,
        method="apoc",
        nodes=contents.nodes,
        relationships=contents.relationships,
        nodes_by_labels=dict(contents.labels),
        relationships_by_type=dict(contents.types),
        constraints=3,
        indexes=7,
    )
    blocks = [TextBlock("statements", -1, -1, 0, text) for text in texts]
    archive = Content(blocks, summary).sealed(compressed=True)
    assert fetched(archive.source()) == OWN_ARCHIVE.encode()
    wrong = replace(archive.manifest, export=replace(summary, nodes=3))
    assert "the manifest says" in complaint(replace(archive.source(), manifest=wrong))


def test_an_encrypted_chain_is_decrypted() -> None:
    chain = chain_of(*GRAPHS, recipients=Recipients([PAIR.public]))
    assert fetched(chain.source(keys=PAIR.keys)) == GRAPHS[-1].full(4).text


def test_the_entities_are_counted() -> None:
    for source in (CHAIN.source(), CHAIN.source(0)):
        counts: list[int] = []
        assert list(whole_archive(source, 1, counts.append))
        assert source.manifest
        assert sum(counts) == source.manifest.export.entities


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-40] + bytes([data[-40] ^ 1]) + data[-39:],
        lambda data: data + data,
        lambda _: b"",
        lambda data: gzip.compress(gzip.decompress(data)),
    ],
)
def test_each_damaged_archive_of_a_chain_is_named(
    number: int, damage: Callable[[bytes], bytes]
) -> None:
    archive = CHAIN.archives[number]
    chain = CHAIN.with_data(number, damage(archive.data))
    assert f"{archive.manifest.archive_key}: " in complaint(chain.source())


def test_an_archive_of_another_chain_does_not_fit() -> None:
    other = chain_of(GRAPHS[0], GRAPHS[2]).archives[1]
    assert complaint(CHAIN.with_data(1, other.data).source())


def test_archives_that_are_not_together_what_was_backed_up_are_refused() -> None:
    wrong = replace(CHAIN.newest.manifest, row_sums=GRAPHS[0].row_sums())
    chain = Chain([*CHAIN.archives[:-1], replace(CHAIN.newest, manifest=wrong)])
    assert "the sums differ" in complaint(chain.source())


@pytest.mark.parametrize("changes", [{"nodes": 7}, {"nodes_by_labels": {}}, {"constraints": 9}])
def test_counts_that_the_manifest_does_not_have_are_refused(changes: dict[str, Any]) -> None:
    for number in (0, 4):
        manifest = CHAIN.archives[number].manifest
        wrong = replace(manifest, export=replace(manifest.export, **changes))
        source = replace(CHAIN.source(number), manifest=wrong)
        assert "the manifest says" in complaint(source)


def test_a_damaged_full_backup_is_refused() -> None:
    archive = some_content().sealed(compressed=True)
    for data in (archive.data[:-1], archive.data[:-9] + b"x" + archive.data[-8:], b""):
        assert complaint(archive.altered(data).source()).startswith("archive: ")


def test_an_archive_without_its_manifest_is_no_backup() -> None:
    source = some_content().sealed(compressed=True).source(has_manifest=False)
    assert complaint(source, ConfigurationError) == (
        "archive has no manifest, so it is no complete backup; `list` shows those"
    )
