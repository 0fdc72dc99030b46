"""Drills that prove backups: what they leave in the bucket, in the state and on the scratch server.

Every drill is a real one: a backup of one server comes back on another.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from neo4j_r2.archive.proof import LockedProof, Proof, read_proof
from neo4j_r2.run.drill_state import DrilledDatabase, DrillFile, DrillState
from neo4j_r2.run.state import StateFile
from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.ports import free_port
from testbed.servers import stopped
from tests.archives import some_content, store
from tests.integration.later import wait_for_next_second
from tests.integration.outcome import assert_secretless, assert_told
from tests.integration.restoring import count_nodes, restore_elsewhere
from tests.keys import KeyPair
from tests.service import Run, Service, finish
from tests.warm_start import WarmProcess

HELD_SECONDS: Final = 60
PAIR: Final = KeyPair.new()
NODES: Final = 300
CLEARING: Final = "[INFO] Emptying {} of what an earlier drill of this service has left there\n"
RIGHT: Final = """
// check: there are nodes
// expect: count > 0
MATCH (n) RETURN count(n) AS count;
"""
WRONG: Final = """
// check: every node has a name
// expect: no rows
MATCH (n:Node) WHERE n.name IS NULL RETURN n;
"""


@dataclass(frozen=True)
class Scratch:
    """What the scratch server holds."""

    nodes: int
    schema: list[str]


def held(server: Neo4jServer) -> Scratch:
    """Return how many nodes a server has, and the statements of the whole schema, with marks."""
    with server.driver() as driver:
        indexes = driver.execute_query("SHOW INDEXES YIELD createStatement AS text").records
        constraints = driver.execute_query("SHOW CONSTRAINTS YIELD createStatement AS text").records
    schema = sorted(record["text"] for record in (*indexes, *constraints))
    return Scratch(count_nodes(server), schema)


def is_claimed(server: Neo4jServer) -> bool:
    return any("_drill_scratch" in statement for statement in held(server).schema)


@pytest.fixture
def drilling(service: Service, target: Neo4jServer) -> Service:
    """The service, which drills in `target`."""
    return service.with_variables(
        BACKUP_EXPORT_METHOD="manual",
        BACKUP_RETRY_SECONDS="1",
        DRILL_NEO4J_URI=target.uri,
        RESTORE_NEO4J_PASSWORD=target.password,
    )


@pytest.fixture
def filled(source: Neo4jServer) -> Neo4jServer:
    """The server that is backed up, with some texts, a constraint and an index."""
    chance = random.Random(7)
    texts = [chance.randbytes(60).hex() for _ in range(NODES)]
    with source.driver() as driver:
        driver.execute_query("CREATE CONSTRAINT one FOR (n:Node) REQUIRE n.number IS UNIQUE")
        driver.execute_query("CREATE INDEX texts FOR (n:Node) ON (n.text)")
        driver.execute_query(
            "UNWIND range(0, size($texts) - 1) AS i CREATE (n:Node {number: i, text: $texts[i]}) "
            "WITH collect(n) AS nodes UNWIND range(0, size(nodes) - 2) AS i "
            "WITH nodes[i] AS a, nodes[i + 1] AS b CREATE (a)-[:NEXT {number: a.number}]->(b)",
            texts=texts,
        )
    return source


def add_increment(service: Service, source: Neo4jServer) -> None:
    """Change some nodes, and make an incremental backup of that."""
    with source.driver() as driver:
        driver.execute_query("MATCH (n:Node) WHERE n.number < 3 SET n.text = 'new'")
    wait_for_next_second(service.keys())
    assert service.backup().manifest["kind"] == "incremental"


def stem(key: str) -> str:
    return key.partition(".cypher")[0]


def proof_key(manifest: dict[str, Any]) -> str:
    return f"{stem(manifest['archive_key'])}.proof.json"


def proof_keys(service: Service) -> list[str]:
    keys = service.keys()
    return [key for key in keys if key.endswith(".proof.json")]


def state_of(service: Service) -> DrillState:
    state = DrillFile(service.state_directory).read()
    assert state is not None
    return state


def known_of(service: Service) -> DrilledDatabase:
    return state_of(service).of("neo4j")


def drill(service: Service, *arguments: str) -> Run:
    """Drill, which has to succeed."""
    run = service.run("drill", *arguments)
    assert run.exit_code == 0, run.log
    return run


def assert_proved(service: Service, scratch: Neo4jServer, *arguments: str) -> None:
    """Check that a drill proves the newest backup, and leaves the scratch server as it was."""
    manifest = service.backups()[-1].manifest
    key, empty = manifest["archive_key"], held(scratch)

    run = drill(service, *arguments)

    assert f"[INFO] Starting restore drill of {key}\n" in run.log
    assert f"[INFO] Proof stored: {proof_key(manifest)}\n" in run.log
    assert f"[INFO] The drill succeeded: {key} comes back exactly; restored in " in run.log
    assert_secretless(service, run.log)
    assert held(scratch) == empty
    proof = read_proof(service.object(proof_key(manifest)))
    assert proof.archive_sha256 == manifest["archive_sha256"]
    assert [vars(need) for need in proof.needs] == manifest.get("needs", [])
    assert vars(proof.totals) == {name: manifest["export"][name] for name in vars(proof.totals)}
    known = known_of(service)
    assert known.last_proof is not None
    assert (known.last_proof.archive_key, known.last_proof.is_stored) == (key, True)
    assert (known.drills[-1].exit_code, known.drills[-1].archive_key) == (0, key)
    assert list(known.drills[-1].seconds)[:3] == ["check", "restore", "compare"]
    assert list(known.drills[-1].seconds)[-1] == "empty"
    state = state_of(service)
    assert state.claim is None
    assert state.run is not None
    assert (state.run.exit_code, state.run.phase) == (0, "")


@pytest.mark.usefixtures("filled")
def test_a_drill_proves_a_full_backup_and_asks_the_questions(
    drilling: Service, target: Neo4jServer, tmp_path: Path
) -> None:
    questions = tmp_path / "checks.cypher"
    questions.write_text(RIGHT)
    drilling = drilling.with_variables(DRILL_CHECKS=str(questions))
    manifest = drilling.backup().manifest

    assert_proved(drilling, target)

    proof = read_proof(drilling.object(proof_key(manifest)))
    assert isinstance(proof, Proof)
    assert [(each.name, each.answer) for each in proof.questions] == [("there are nodes", "300")]
    assert re.fullmatch("[0-9a-f]{64}", proof.fingerprint)
    assert proof.source.version == manifest["server_version"]
    assert proof.restore_seconds == pytest.approx(
        proof.seconds["check"] + proof.seconds["restore"], abs=0.2
    )
    assert known_of(drilling).drills[-1].questions_asked == 1


def test_a_drill_proves_an_incremental_backup_with_all_archives_that_it_needs(
    drilling: Service, filled: Neo4jServer, target: Neo4jServer
) -> None:
    drilling = drilling.with_variables(BACKUP_FULL_EVERY_DAYS="7")
    drilling.backup()
    add_increment(drilling, filled)
    assert_proved(drilling, target)
    assert len(proof_keys(drilling)) == 1


def test_a_drill_proves_the_backup_of_an_empty_graph(
    drilling: Service, target: Neo4jServer
) -> None:
    drilling.backup()
    assert_proved(drilling, target)


@pytest.mark.usefixtures("filled")
def test_a_drill_proves_a_backup_on_the_newest_release(
    drilling: Service, newest: Neo4jServer
) -> None:
    newest.reset()
    drilling.backup()
    assert_proved(drilling.with_variables(DRILL_NEO4J_URI=newest.uri), newest)


@pytest.mark.usefixtures("filled")
def test_a_drill_proves_an_encrypted_backup_with_a_key_and_says_so_without_one(
    drilling: Service, target: Neo4jServer, tmp_path: Path
) -> None:
    drilling = drilling.with_variables(BACKUP_ENCRYPTION_RECIPIENTS=PAIR.public)
    manifest = drilling.backup().manifest
    empty, file = held(target), PAIR.write(tmp_path)

    run = drilling.run("drill")

    told = f"{manifest['archive_key']} is encrypted: a private key of it is needed (DRILL_IDENTITY_"
    assert_told(drilling, run, 2, told)
    assert held(target) == empty
    assert_proved(drilling.with_variables(DRILL_IDENTITY_FILE=str(file)), target)
    stored = drilling.object(proof_key(manifest))
    proof = read_proof(stored)
    assert isinstance(proof, LockedProof)
    whole = proof.unlocked(PAIR.keys.decrypt_text(proof.encrypted))
    assert whole.fingerprint.encode() not in stored
    by_hand = drilling.start("drill", "--identity", "-", stdin=file)
    again = finish(by_hand)
    assert again.exit_code == 0, again.log
    state = (drilling.state_directory / "drills.json").read_text()
    assert PAIR.private not in run.log + again.log + state + str(stored)


@pytest.mark.usefixtures("filled")
def test_a_second_drill_leaves_the_proof_as_it_is(drilling: Service) -> None:
    manifest = drilling.backup().manifest
    drill(drilling)
    first = drilling.object(proof_key(manifest))
    before = state_of(drilling)

    run = drill(drilling, manifest["archive_key"])

    assert f"{proof_key(manifest)} is there already, and stays: it is of the drill of " in run.log
    assert drilling.object(proof_key(manifest)) == first
    assert state_of(drilling) == before


@pytest.mark.usefixtures("filled")
def test_a_drill_of_an_old_backup_stores_its_proof_and_makes_nothing_good(
    drilling: Service,
) -> None:
    old = drilling.backup().manifest
    wait_for_next_second(drilling.keys())
    damage(drilling, drilling.backup().manifest["archive_key"])
    assert drilling.run("drill").exit_code == 5
    before = state_of(drilling)

    drill(drilling, old["archive_key"])

    assert proof_keys(drilling) == [proof_key(old)]
    assert state_of(drilling) == before


def test_without_a_backup_there_is_nothing_to_drill(drilling: Service) -> None:
    run = drill(drilling)
    nothing = "[INFO] There is no backup of database neo4j yet: nothing to drill\n"
    assert run.log.endswith(nothing)
    assert known_of(drilling).drills == ()


def damage(service: Service, key: str) -> None:
    """Change one byte of an object."""
    data = bytearray(service.object(key))
    data[100] ^= 1
    service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=bytes(data))


def assert_refused_as_damaged(service: Service, scratch: Neo4jServer, told: str) -> None:
    """Check that a drill fails by damage, and leaves the scratch server and the bucket alone."""
    empty = held(scratch)
    run = service.run("drill")
    assert_told(service, run, 5, told)
    assert held(scratch) == empty
    assert proof_keys(service) == []
    assert known_of(service).last_proof is None
    assert known_of(service).failures == {"corrupt": 1}


@pytest.mark.usefixtures("filled")
def test_a_damaged_archive_fails_the_drill_and_leaves_the_scratch_server_alone(
    drilling: Service, target: Neo4jServer
) -> None:
    key = drilling.backup().manifest["archive_key"]
    damage(drilling, key)
    assert_refused_as_damaged(drilling, target, f"{key}: ")


def test_a_damaged_manifest_fails_the_drill_if_there_is_no_other_backup(
    drilling: Service, target: Neo4jServer
) -> None:
    key = f"{stem(drilling.backup().manifest['archive_key'])}.manifest.json"
    drilling.s3.client().put_object(Bucket=drilling.bucket, Key=key, Body=b"{")
    assert_refused_as_damaged(drilling, target, f"is complete: {key}: ")


def test_a_damaged_archive_of_a_chain_fails_the_drill_of_its_newest_backup(
    drilling: Service, filled: Neo4jServer, target: Neo4jServer
) -> None:
    drilling = drilling.with_variables(BACKUP_FULL_EVERY_DAYS="7")
    base = drilling.backup().manifest["archive_key"]
    add_increment(drilling, filled)
    damage(drilling, base)
    assert_refused_as_damaged(drilling, target, base)


@pytest.mark.usefixtures("filled")
def test_a_wrong_answer_fails_the_drill_by_name_until_the_next_one(
    drilling: Service, target: Neo4jServer, tmp_path: Path
) -> None:
    questions = tmp_path / "checks.cypher"
    questions.write_text(RIGHT + WRONG)
    drilling = drilling.with_variables(DRILL_CHECKS=str(questions))
    key = drilling.backup().manifest["archive_key"]

    run = drilling.run("drill")

    assert_told(
        drilling,
        run,
        5,
        f"The drill failed: 1 of 2 questions: every node has a name; {target.uri} holds what came "
        f"back of {key} until the next drill",
    )
    assert "[WARNING] Question 'every node has a name' expects no rows" in run.log
    assert proof_keys(drilling) == []
    assert known_of(drilling).drills[-1].questions_failed == ("every node has a name",)
    assert count_nodes(target) == NODES
    assert is_claimed(target)
    questions.write_text(RIGHT)

    again = drill(drilling)

    assert CLEARING.format(target.uri) in again.log
    assert not is_claimed(target)
    assert count_nodes(target) == 0
    assert len(proof_keys(drilling)) == 1


def test_a_question_that_is_not_understood_ends_the_drill_before_the_restore(
    drilling: Service, target: Neo4jServer, tmp_path: Path
) -> None:
    questions = tmp_path / "checks.cypher"
    questions.write_text("// check: nonsense\n// expect: no rows\nMATCH n RETRN n;\n")
    drilling = drilling.with_variables(DRILL_CHECKS=str(questions))
    drilling.backup()
    empty = held(target)
    run = drilling.run("drill")
    assert_told(drilling, run, 2, "nonsense")
    assert "Checking the archive" not in run.log
    assert held(target) == empty


def test_a_scratch_server_that_is_down_is_waited_for_and_then_fails_the_drill(
    drilling: Service,
) -> None:
    drilling.backup()
    uri = f"bolt://127.0.0.1:{free_port()}"
    run = drilling.with_variables(DRILL_NEO4J_URI=uri, BACKUP_RETRY_SECONDS="3").run("drill")
    assert_told(drilling, run, 3, f"Neo4j was not ready within 3 s: Neo4j connection failed: {uri}")
    assert "Neo4j is not ready, waiting for up to " in run.log
    assert known_of(drilling).failures == {"neo4j": 1}


@pytest.mark.parametrize("statement", ["CREATE (:A)", "CREATE INDEX held FOR (n:A) ON (n.a)"])
def test_a_scratch_server_that_holds_something_is_untouched(
    drilling: Service, target: Neo4jServer, statement: Any
) -> None:
    drilling.backup()
    with target.driver() as driver:
        driver.execute_query(statement)
    before = held(target)
    run = drilling.run("drill")
    assert_told(drilling, run, 3, "The drill needs an empty database, but it has ")
    assert held(target) == before


def as_localhost(server: Neo4jServer) -> str:
    """Return another address of a server."""
    return server.uri.replace("127.0.0.1", "localhost")


def test_the_source_is_untouched_by_its_address_by_another_and_also_if_it_is_empty(
    drilling: Service, source: Neo4jServer
) -> None:
    drilling.backup()
    before = held(source)
    run = drilling.with_variables(DRILL_NEO4J_URI=source.uri).run("drill")
    assert run.exit_code == 2
    assert "DRILL_NEO4J_URI: this is the Neo4j that is backed up; give the address of" in run.log
    other = drilling.with_variables(DRILL_NEO4J_URI=as_localhost(source))
    told = "DRILL_NEO4J_URI: this is a database that is backed up; give the address of an empty "
    assert_told(other, other.run("drill"), 2, told)
    assert held(source) == before


def test_a_source_that_no_backup_was_taken_of_yet_is_untouched(
    drilling: Service, source: Neo4jServer
) -> None:
    store(drilling, some_content().sealed(compressed=True))  # of another server, as after a loss
    before = held(source)
    other = drilling.with_variables(DRILL_NEO4J_URI=as_localhost(source))
    told = "DRILL_NEO4J_URI: this is a database that is backed up; give the address of an empty "
    assert_told(other, other.run("drill"), 2, told)
    assert held(source) == before


def test_a_drill_goes_on_without_the_source_and_without_its_password(
    drilling: Service, target: Neo4jServer
) -> None:
    key = store(drilling, some_content().sealed(compressed=True))
    nowhere = f"bolt://127.0.0.1:{free_port()}"
    for variables in ({"NEO4J_URI": nowhere}, {"NEO4J_PASSWORD": ""}):
        run = drill(drilling.with_variables(**variables))
        assert f"The drill succeeded: {key} comes back exactly" in run.log
    assert count_nodes(target) == 0


PLACES: Final = {
    "check": ("GetObject", 2),
    "restore": ("GetObject", 3),
    "compare": ("GetObject", 4),
    "proof": ("PutObject", 1),
}
"""A call to the bucket while a drill is at each place; the first GET is of the manifest."""


def killed_at(place: str, service: Service, proxy: FaultProxy) -> None:
    """Kill a drill at one of the `PLACES`."""
    hold = proxy.hold(*PLACES[place])
    process = service.start("drill")
    assert hold.reached.wait(HELD_SECONDS)
    process.kill()
    process.communicate()
    proxy.clear()


@pytest.mark.usefixtures("filled")
def test_a_drill_that_was_killed_before_the_restore_has_left_nothing(
    drilling: Service, target: Neo4jServer, proxy: FaultProxy
) -> None:
    drilling = drilling.through(proxy)
    drilling.backup()
    empty = held(target)
    killed_at("check", drilling, proxy)
    assert held(target) == empty
    assert CLEARING.format(target.uri) not in drill(drilling).log
    assert state_of(drilling).failures == {"killed": 1}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("place", "phase"), [("restore", "restore"), ("compare", "compare"), ("proof", "compare")]
)
def test_a_drill_that_was_killed_is_cleared_up_and_counted_by_the_next_one(
    drilling: Service, target: Neo4jServer, proxy: FaultProxy, place: str, phase: str
) -> None:
    drilling = drilling.through(proxy)
    drilling.backup()
    killed_at(place, drilling, proxy)
    begun = state_of(drilling)
    assert begun.run is not None
    assert (begun.run.finished, begun.run.phase) == (None, phase)
    assert is_claimed(target)

    run = drill(drilling)

    assert CLEARING.format(target.uri) in run.log
    assert not is_claimed(target)
    assert count_nodes(target) == 0
    assert [each.exit_code for each in known_of(drilling).drills] == [137, 0]
    assert state_of(drilling).failures == {"killed": 1}


@pytest.mark.usefixtures("filled")
def test_what_another_host_s_drill_has_left_is_untouched(
    drilling: Service, target: Neo4jServer, proxy: FaultProxy, tmp_path: Path
) -> None:
    drilling = drilling.through(proxy)
    drilling.backup()
    killed_at("compare", drilling, proxy)
    before = held(target)
    other = drilling.with_variables(BACKUP_STATE_DIR=str(tmp_path / "other"))

    run = other.run("drill")

    told = "The drill needs an empty database, but it holds a drill of another service, or of this "
    assert_told(other, run, 3, told)
    assert held(target) == before


@pytest.mark.usefixtures("filled")
def test_a_restore_on_purpose_takes_the_mark_away_so_that_no_drill_empties_it(
    drilling: Service, target: Neo4jServer, proxy: FaultProxy
) -> None:
    drilling = drilling.through(proxy)
    drilling.backup()
    killed_at("compare", drilling, proxy)
    run = restore_elsewhere(drilling, target, "--force", "--no-safety-backup")
    assert run.exit_code == 0, run.log
    before = held(target)
    assert not is_claimed(target)

    assert_told(drilling, drilling.run("drill"), 3, "but it has 300 nodes; it has constraints or ")

    assert held(target) == before


def read_until(process: WarmProcess, text: str) -> str:
    """Read the log of a run until a line has a text, and return it so far."""
    log = ""
    for line in process.stderr:
        log += line
        if text in line:
            return log
    pytest.fail(f"{text!r} is not in the log:\n{log}")


def test_a_drill_waits_for_the_end_of_a_backup(drilling: Service, proxy: FaultProxy) -> None:
    drilling = drilling.through(proxy)
    hold = proxy.hold("CreateMultipartUpload")
    backup = drilling.start()
    assert hold.reached.wait(HELD_SECONDS)
    waiting = drilling.start("drill")
    read_until(waiting, f"Waiting for the end of the run of process {backup.pid} before the drill")
    hold.release.set()
    assert finish(backup).exit_code == 0
    run = finish(waiting)
    assert run.exit_code == 0, run.log
    assert "[INFO] The drill succeeded: " in run.log


def test_a_drill_that_is_due_with_a_backup_is_of_that_backup(drilling: Service) -> None:
    drilling = drilling.with_variables(BACKUP_SCHEDULE="* * * * *")
    old = drilling.backup().manifest
    file = StateFile(drilling.state_directory)
    state = file.read()
    assert state is not None
    assert state.last_run is not None
    earlier = replace(state.last_run, started=state.last_run.started - timedelta(minutes=1))
    file.write(replace(state, last_run=earlier))  # so another backup is due
    wait_for_next_second(drilling.keys())
    waiting = drilling.start("drill")
    read_until(waiting, "A backup is due: waiting up to 30 s for it to begin")
    assert drilling.run().exit_code == 0
    run = finish(waiting)
    assert run.exit_code == 0, run.log
    new = drilling.backups()[-1].manifest
    assert new["archive_key"] != old["archive_key"]
    assert proof_keys(drilling) == [proof_key(new)]


def test_a_backup_does_not_wait_for_a_drill_and_a_second_drill_ends_at_once(
    drilling: Service, proxy: FaultProxy
) -> None:
    drilling = drilling.through(proxy)
    drilling.backup()
    hold = proxy.hold("GetObject", 2)
    first = drilling.start("drill")
    assert hold.reached.wait(HELD_SECONDS)

    second = drilling.run("drill")

    assert second.exit_code == 6
    warning = f"[WARNING] Another drill is under way (process {first.pid}); this one ends\n"
    assert second.log.endswith(warning)
    assert "[ERROR]" not in second.log
    wait_for_next_second(drilling.keys())
    drilling.backup()
    hold.release.set()
    run = finish(first)
    assert run.exit_code == 0, run.log
    assert known_of(drilling).failures == {}


def remove(service: Service, manifest: dict[str, Any]) -> None:
    """Remove a backup as a prune does."""
    for key in (f"{stem(manifest['archive_key'])}.manifest.json", manifest["archive_key"]):
        service.s3.client().delete_object(Bucket=service.bucket, Key=key)


@pytest.mark.parametrize("key", [False, True], ids=["latest", "by key"])
def test_a_backup_that_is_pruned_while_it_is_drilled_gives_way_to_the_latest_one(
    drilling: Service, target: Neo4jServer, proxy: FaultProxy, *, key: bool
) -> None:
    old = drilling.backup().manifest
    held_up = drilling.through(proxy)
    hold = proxy.hold("GetObject", 3)  # during the restore: the scratch server is marked
    process = held_up.start("drill", *([old["archive_key"]] if key else []))
    assert hold.reached.wait(HELD_SECONDS)
    wait_for_next_second(drilling.keys())
    new = drilling.backup().manifest
    remove(drilling, old)
    hold.release.set()

    run = finish(process)

    if key:
        told = f"{old['archive_key']} was removed while it was drilled"
        assert_told(drilling, run, 4, told)
        assert proof_keys(drilling) == []
        return
    assert run.exit_code == 0, run.log
    warning = f"[WARNING] {old['archive_key']} was removed while it was drilled; drilling the "
    assert warning in run.log
    assert proof_keys(drilling) == [proof_key(new)]
    assert count_nodes(target) == 0
    assert not is_claimed(target)


def test_a_proof_that_the_bucket_refuses_fails_the_drill_but_the_backup_is_proved(
    drilling: Service, target: Neo4jServer, proxy: FaultProxy
) -> None:
    drilling.backup()
    proxy.inject(Fault("PutObject", Status(403, "AccessDenied"), every=True))

    run = drilling.through(proxy).run("drill")

    assert_told(drilling, run, 4, "The backup is proved, but its proof could not be stored: Access")
    known = known_of(drilling.through(proxy))
    assert known.last_proof is not None
    assert not known.last_proof.is_stored
    assert count_nodes(target) == 0
    assert not is_claimed(target)


def test_a_scratch_server_that_goes_down_half_way_is_cleared_up_when_it_is_back(
    drilling: Service, target: Neo4jServer, proxy: FaultProxy
) -> None:
    drilling = drilling.through(proxy)
    drilling.backup()
    hold = proxy.hold("GetObject", 4)
    process = drilling.start("drill")
    assert hold.reached.wait(HELD_SECONDS)
    with stopped(target):
        hold.release.set()
        run = finish(process)
    assert_told(drilling, run, 3, "Neo4j connection failed: ")
    assert CLEARING.format(target.uri) in drill(drilling).log
    assert not is_claimed(target)


def test_a_signal_ends_a_drill_at_once(drilling: Service, proxy: FaultProxy) -> None:
    drilling = drilling.through(proxy)
    drilling.backup()
    hold = proxy.hold("GetObject", 3)
    process = drilling.start("drill")
    assert hold.reached.wait(HELD_SECONDS)
    process.send_signal(15)
    run = finish(process, 10)
    proxy.clear()
    assert_told(drilling, run, 143, "Interrupted by signal 15")
    state = state_of(drilling)
    assert state.run is not None
    assert (state.run.exit_code, state.failures) == (143, {"interrupted": 1})
    assert state.claim is not None
