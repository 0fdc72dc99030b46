"""What `diff` says of two backups of one database."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from neo4j_r2.archive.storage.encryption import Recipients
from neo4j_r2.commands.diff import diff
from neo4j_r2.commands.options import DiffOptions
from neo4j_r2.config.settings import Config, read_config
from neo4j_r2.core.errors import BackupError, ConfigurationError, CorruptError, NoKeyError
from neo4j_r2.run.stall_watch import Watch
from tests.archives import Archive
from tests.chains import Chain, Graph, chain_of
from tests.keys import KeyPair
from tests.unit.commands.test_commands import NO_FILE, REQUIRED
from tests.unit.memory_bucket import MemoryBucket

PAIR = KeyPair.new()
DAYS = ("neo4j_2025-10-08_02-00-00", "neo4j_2025-10-09_02-00-00", "neo4j_2025-10-10_02-00-00")
OPTIONS = DiffOptions(DAYS[0], DAYS[1], None, None, entities=False, json=False)
OLD = Graph(
    {number: [number, ["A"], ["key"], [number]] for number in range(10)},
    {number: [number, "T", number, 0, ["s"], ["x"]] for number in range(10)},
)
NEW = OLD.changed(
    {
        1: [1, ["A"], ["key", "s"], [1, "new"]],
        2: [2, ["A", "B"], ["key"], [2]],
        3: None,
        4: [4, ["A"], ["key"], [4.0]],
        20_000: [20_000, [], [], []],
    },
    {
        3: None,
        5: [5, "T", 5, 0, [], []],
        6: [6, "U", 6, 1, ["s"], ["x"]],
        99: [99, "U", 1, 2, [], []],
    },
    constraints=("CREATE CONSTRAINT `n` FOR (n:`B`) REQUIRE (n.`s`) IS UNIQUE",),
)
TABLE = """\
WHAT                ADDED  REMOVED  CHANGED
nodes ()                1        0        0
nodes (:A)              0        1        2
nodes (:A:B)            0        0        1
relationships [:T]      0        1        1
relationships [:U]      1        0        1

- CREATE CONSTRAINT `k` FOR (n:`A`) REQUIRE (n.`key`) IS UNIQUE
+ CREATE CONSTRAINT `n` FOR (n:`B`) REQUIRE (n.`s`) IS UNIQUE
"""
ENTITIES = """\
changed node 1 (:A) +s
changed node 2 (:A:B) before (:A)
removed node 3 (:A)
changed node 4 (:A) ~key
added   node 20000 ()
removed relationship 3 (3)-[:T]->(0)
changed relationship 5 (5)-[:T]->(0) -s
changed relationship 6 (6)-[:U]->(1) before [:T] before (6)-->(0)
added   relationship 99 (1)-[:U]->(2)

"""
CHAIN = chain_of(OLD, NEW)


def bucket_of(chain: Chain) -> MemoryBucket:
    bucket = MemoryBucket()
    bucket.content = chain.objects()
    return bucket


def run(chain: Chain, options: DiffOptions = OPTIONS, used: Config | None = None) -> None:
    used = used or read_config(REQUIRED, NO_FILE)
    diff(bucket_of(chain).bucket, used, options, Watch(60))


def output(
    capsys: pytest.CaptureFixture[str], chain: Chain, options: DiffOptions = OPTIONS, **others: Any
) -> str:
    """Return what a diff prints."""
    run(chain, options, **others)
    return capsys.readouterr().out


def complaint(chain: Chain, error: type[BackupError], options: DiffOptions = OPTIONS) -> str:
    """Return why a diff fails."""
    with pytest.raises(error) as caught:
        run(chain, options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def full(graph: Graph, day: int, **changes: Any) -> Archive:
    """Return a full backup of another day."""
    archive = chain_of(graph).newest
    key = f"neo4j-backup/{DAYS[day]}.cypher.gz"
    return replace(archive, manifest=replace(archive.manifest, archive_key=key, **changes))


def test_a_table_counts_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, CHAIN) == TABLE


def test_each_entity_is_named_with_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    options = replace(OPTIONS, entities=True)
    assert output(capsys, CHAIN, options) == ENTITIES + TABLE


def test_full_backups_are_compared_in_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    without_sums = full(OLD, 0, format_version=3, row_sums={})
    chain = Chain([without_sums, full(NEW, 1)])
    assert output(capsys, chain, replace(OPTIONS, entities=True)) == ENTITIES + TABLE


@pytest.mark.parametrize("keys", [(DAYS[1], DAYS[1]), (DAYS[1], "latest"), ("latest", "latest")])
def test_without_a_difference_it_says_so(
    capsys: pytest.CaptureFixture[str], keys: tuple[str, str]
) -> None:
    for entities in (False, True):
        options = replace(OPTIONS, first=keys[0], second=keys[1], entities=entities)
        assert output(capsys, CHAIN, options) == "No difference\n"


def test_a_document_has_the_same_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(output(capsys, CHAIN, replace(OPTIONS, json=True)))
    assert content == {
        "entities": None,
        "old": {
            "key": CHAIN.archives[0].manifest.archive_key,
            "database": "neo4j",
            "taken": "2025-10-08T02:00:00Z",
            "nodes": 10,
            "relationships": 10,
        },
        "new": {
            "key": CHAIN.archives[1].manifest.archive_key,
            "database": "neo4j",
            "taken": "2025-10-09T02:00:00Z",
            "nodes": 10,
            "relationships": 10,
        },
        "nodes": [
            {"labels": [], "added": 1, "removed": 0, "changed": 0},
            {"labels": ["A"], "added": 0, "removed": 1, "changed": 2},
            {"labels": ["A", "B"], "added": 0, "removed": 0, "changed": 1},
        ],
        "relationships": [
            {"type": "T", "added": 0, "removed": 1, "changed": 1},
            {"type": "U", "added": 1, "removed": 0, "changed": 1},
        ],
        "schema": {"added": list(NEW.constraints), "removed": list(OLD.constraints)},
    }


def test_a_document_lists_the_entities_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    options = replace(OPTIONS, json=True, entities=True)
    entities = json.loads(output(capsys, CHAIN, options))["entities"]
    assert len(entities) == 9
    assert entities[1] == {
        "entity": "node",
        "id": 2,
        "what": "changed",
        "labels": ["A", "B"],
        "labels_before": ["A"],
        "keys": {"added": [], "removed": [], "changed": []},
    }
    assert entities[2]["keys"] == {"added": [], "removed": ["key"], "changed": []}
    assert entities[7] == {
        "entity": "relationship",
        "id": 6,
        "what": "changed",
        "type": "U",
        "start": 6,
        "end": 1,
        "before": {"type": "T", "start": 6, "end": 0},
        "keys": {"added": [], "removed": [], "changed": []},
    }
    same = replace(options, second=DAYS[0])
    assert json.loads(output(capsys, CHAIN, same))["entities"] == []


def test_a_name_is_quoted_so_that_it_cannot_control_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    graph = OLD.changed({1: [1, ["\x1b[31m", "b c"], ["é"], [1]]})
    printed = output(capsys, chain_of(OLD, graph), replace(OPTIONS, entities=True))
    assert printed.splitlines()[0] == (
        r"changed node 1 (:`\u001B[31m`:`b c`) before (:A) +`\u00E9` -key"
    )
    assert r"nodes (:`\u001B[31m`:`b c`)" in printed


@pytest.mark.parametrize("late_old", [(), (1, 20_000), (300,)])
@pytest.mark.parametrize("late_new", [(), (1, 20_001), (300, 301), (7,)])
@pytest.mark.parametrize("is_full", [True, False])
def test_late_nodes_are_compared_like_all_others(
    capsys: pytest.CaptureFixture[str],
    late_old: tuple[int, ...],
    late_new: tuple[int, ...],
    is_full: bool,
) -> None:
    base = OLD.changed({300: [300, [], [], []], 20_000: [20_000, ["B"], [], []]})
    old = replace(base, late=late_old)
    changes: dict[int, Any] = {1: None, 2: None, 20_001: [20_001, [], [], []]}
    if late_new:
        changes |= {number: [number, ["L"], [], []] for number in late_new}
    new = replace(base.changed(changes), late=late_new)
    if is_full:
        chain = Chain([full(old, 0), full(new, 1)])
    else:
        older = chain_of(base, old, new).archives
        chain, late_days = Chain(older), (DAYS[1], DAYS[2])
    options = replace(OPTIONS, json=True, entities=True)
    if not is_full:
        options = replace(options, first=late_days[0], second=late_days[1])
    found = json.loads(output(capsys, chain, options))["entities"]
    assert {(each["entity"], each["id"], each["what"]) for each in found} == expected(old, new)
    assert len(found) == len(expected(old, new))


def expected(old: Graph, new: Graph) -> set[tuple[str, int, str]]:
    """Return what differs, found in another way."""
    found = set()
    pairs = (("node", old.nodes, new.nodes), ("relationship", old.relationships, new.relationships))
    for entity, before, after in pairs:
        for number in before.keys() | after.keys():
            if repr(before.get(number)) != repr(after.get(number)):
                found.add((entity, number, what(number, before, after)))
    return found


def what(number: int, before: Mapping[int, Any], after: Mapping[int, Any]) -> str:
    if number not in before:
        return "added"
    return "changed" if number in after else "removed"


def test_what_differs_between_any_two_graphs_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = random.Random(6)
    graphs = [OLD]
    for _ in range(2):
        ids = [*chosen.sample(range(40_000), 200), *graphs[-1].nodes]
        nodes = {
            each: chosen.choice([None, [each, [chosen.choice("ABC")], ["key"], [1]]])
            for each in chosen.sample(ids, 100)
        }
        relationships = {
            each: chosen.choice([None, [each, chosen.choice("TU"), 0, 0, [], []]])
            for each in chosen.sample(range(20_000), 100)
        }
        graphs.append(graphs[-1].changed(nodes, relationships))
    chain = chain_of(*graphs)
    for first, second in ((0, 1), (1, 2), (0, 2), (2, 0)):
        options = replace(OPTIONS, first=DAYS[first], second=DAYS[second], json=True, entities=True)
        content = json.loads(output(capsys, chain, options))
        found = {(each["entity"], each["id"], each["what"]) for each in content["entities"]}
        assert found == expected(graphs[first], graphs[second])
        groups = [*content["nodes"], *content["relationships"]]
        assert sum(each["changed"] + each["added"] + each["removed"] for each in groups) == len(
            found
        )


def test_encrypted_backups_are_compared_with_their_key(capsys: pytest.CaptureFixture[str]) -> None:
    chain = chain_of(OLD, NEW, recipients=Recipients([PAIR.public]))
    assert "a private key of it is needed" in complaint(chain, NoKeyError)
    used = replace(read_config(REQUIRED, NO_FILE), private_keys=PAIR.keys)
    assert output(capsys, chain, used=used) == TABLE


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("as_json", [False, True])
def test_there_are_no_totals_of_a_damaged_backup(
    capsys: pytest.CaptureFixture[str], number: int, as_json: bool
) -> None:
    data = CHAIN.archives[number].data
    chain = CHAIN.with_data(number, data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    key = CHAIN.archives[number].manifest.archive_key
    assert f"{key}: " in complaint(chain, CorruptError, replace(OPTIONS, json=as_json))
    assert capsys.readouterr().out == ""


def test_a_backup_that_is_not_what_was_backed_up_is_refused() -> None:
    wrong = replace(CHAIN.newest, manifest=replace(CHAIN.newest.manifest, row_sums=OLD.row_sums()))
    told = complaint(Chain([CHAIN.archives[0], wrong]), CorruptError)
    assert told.startswith(f"{wrong.manifest.archive_key}: ")
    assert "the sums differ" in told


def test_backups_of_two_databases_are_not_compared() -> None:
    chain = Chain([full(OLD, 0, database_id="other"), full(NEW, 1)])
    assert "are of two databases, or of one before and after" in complaint(
        chain, ConfigurationError
    )


def test_backups_without_ids_are_not_compared() -> None:
    export = replace(OLD.summary(), method="apoc")
    by_apoc = Chain([full(OLD, 0, export=export), full(NEW, 1)])
    assert "APOC made it" in complaint(by_apoc, ConfigurationError)
    content = OLD.full()
    lines = [line for line in content.text.splitlines(keepends=True) if b"// ids" not in line]
    blocks = [replace(content.blocks[0], text=b"".join(lines))]
    old = replace(content, blocks=blocks).sealed(compressed=True)
    told = complaint(Chain([old, full(NEW, 1)]), ConfigurationError)
    assert told == (
        f"neo4j-backup/{DAYS[0]}.cypher.gz: it does not name the ids of its relationships: an "
        "earlier version made it, so it cannot be compared"
    )


def test_an_archive_alone_is_not_compared() -> None:
    bucket = bucket_of(CHAIN)
    del bucket.content[f"neo4j-backup/{DAYS[0]}.manifest.json"]
    with pytest.raises(ConfigurationError, match="has no manifest"):
        diff(bucket.bucket, read_config(REQUIRED, NO_FILE), OPTIONS, Watch(60))


def test_the_other_key_says_which_database_the_latest_backup_is_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    used = read_config({**REQUIRED, "NEO4J_DATABASE": "neo4j,movies"}, NO_FILE)
    assert output(capsys, CHAIN, replace(OPTIONS, second="latest"), used=used) == TABLE
    both = replace(OPTIONS, first="latest", second="latest")
    with pytest.raises(ConfigurationError, match="--database"):
        run(CHAIN, both, used)
    assert output(capsys, CHAIN, replace(both, database="neo4j"), used=used) == "No difference\n"


def test_entities_are_printed_before_all_is_checked_and_totals_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = replace(CHAIN.newest, manifest=replace(CHAIN.newest.manifest, row_sums=OLD.row_sums()))
    chain = Chain([CHAIN.archives[0], wrong])
    assert complaint(chain, CorruptError, replace(OPTIONS, entities=True))
    assert capsys.readouterr().out == ENTITIES.removesuffix("\n")
