"""Random histories of a graph and its backups: whatever happens, a restore point is what it says.

    python -m tests.integration.histories --histories 1000 [--seed N] [--steps M]

A history is a list of steps, which its seed gives: writes, backups, prunes, losses and damages.
What the graph held at each backup is known by a fingerprint that shares no code with the service.
A history that fails is made shorter as long as it fails.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from neo4j import Driver

from neo4j_r2.archive.manifest import timestamp
from neo4j_r2.backup.row_state import RowState
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.listing import read_listing
from neo4j_r2.bucket.listing_text import document
from neo4j_r2.bucket.newest_backup import newest_backup
from neo4j_r2.bucket.prune import prune
from neo4j_r2.config.keep_rules import Rules
from neo4j_r2.config.prune_settings import PruneSettings
from neo4j_r2.config.settings import read_config
from testbed.fingerprint import Fingerprint, difference, fingerprint
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.servers import running
from tests.integration import graph_writes
from tests.integration.later import taken, wait_for_next_second
from tests.integration.old_backups import PREFIX
from tests.integration.restoring import restore_elsewhere
from tests.integration.writers import Writers
from tests.keys import KeyPair
from tests.service import TIMEOUT_SECONDS, Run, Service, finish

EXIT_CODES: Final = (0, 2, 3, 4, 5, 6)
"""Those that README documents for commands that nobody interrupts."""
KILLED: Final = -9
STEPS: Final = 10
SECONDS_FOR_SHRINKING: Final = 300.0
_PAIRS: Final = (KeyPair.new(), KeyPair.new())
_RECIPIENTS: Final = ("none", *(pair.public for pair in _PAIRS), " ".join(p.public for p in _PAIRS))
_HOSTS: Final = ("first", "second")
_LONGEST_WAIT_TO_KILL: Final = 1.2


class BrokenError(AssertionError):
    """Something that always holds does not."""


@dataclass(frozen=True)
class Servers:
    """Those that all histories run against."""

    source: Neo4jServer
    target: Neo4jServer
    s3: S3Server


@dataclass(frozen=True)
class Step:
    """One step of a history."""

    action: str
    seed: int
    """Of what the step leaves to chance."""

    def __str__(self) -> str:
        return f"{self.action}:{self.seed}"


@dataclass(frozen=True)
class Point:
    """A backup that was complete when it was made."""

    key: str
    kind: str
    needs: Sequence[str]
    fingerprint: Fingerprint | None
    """What the graph held; None if somebody wrote meanwhile."""

    @property
    def manifest_key(self) -> str:
        """The key of its manifest."""
        return manifest_of(self.key)


@dataclass
class World:
    """A graph, its bucket, the hosts that back it up, and what happened to them."""

    servers: Servers
    driver: Driver
    bucket_name: str
    directory: Path
    points: dict[str, Point] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Objects that the history removed or cut."""
    damaged: set[str] = field(default_factory=set)
    """Objects in which the history changed a byte."""
    recipients: str = "none"
    happened: Counter[str] = field(default_factory=Counter)
    log: str = ""
    """Of the last command."""

    def __post_init__(self) -> None:
        self.identity = self.directory / "identity.txt"
        self.identity.write_text("".join(f"{pair.private}\n" for pair in _PAIRS), "ascii")
        settings = read_config(self.service(_HOSTS[0]).variables, {}).r2
        self.bucket = Bucket(settings, 10, lambda: None)

    def service(self, host: str) -> Service:
        """Return the service as a host runs it."""
        directory = self.directory / host
        directory.mkdir(exist_ok=True)
        servers = self.servers
        service = Service.configured(servers.source, servers.s3, self.bucket_name, directory)
        return service.with_variables(
            BACKUP_FULL_EVERY_DAYS="7", BACKUP_ENCRYPTION_RECIPIENTS=self.recipients
        )

    def keys(self) -> dict[str, int]:
        """Return the size of each object."""
        return {each.key: each.size for each in self.bucket.objects(f"{PREFIX}/")}

    def entries(self) -> list[dict[str, Any]]:
        """Return what `list --json` says of each backup, newest first."""
        entries: list[dict[str, Any]] = json.loads(
            document(read_listing(self.bucket, PREFIX, None))
        )["backups"]
        return entries

    def row_states(self) -> list[Path]:
        """Return the files with the rows of the hosts, in a fixed order."""
        return sorted(self.directory.glob("*/state/**/*.rows"))

    def is_there(self, point: Point) -> bool:
        """Whether a point was neither pruned nor broken by the history."""
        return self.gone.isdisjoint((point.manifest_key, *point.needs))

    def is_good(self, point: Point) -> bool:
        """Whether all that a point needs is as it was stored."""
        return self.is_there(point) and self.damaged.isdisjoint((point.manifest_key, *point.needs))

    def note(self, run: Run) -> Run:
        """Check how a command ended."""
        self.log = run.log
        require(run.exit_code in (*EXIT_CODES, KILLED), f"exit code {run.exit_code}")
        require("Traceback" not in run.log, "a traceback")
        return run

    def take_points(self, held: Fingerprint | None) -> list[Point]:
        """Note the backups that are new, with what the graph held."""
        made = [
            Point(each["key"], each["kind"], each["needs"], held)
            for each in self.entries()
            if each["complete"] and each["key"] not in self.points
        ]
        self.points |= {each.key: each for each in made}
        self.happened.update(f"a {each.kind} backup" for each in made)
        return made


def require(condition: object, message: str) -> None:
    """Raise the error of a broken history unless a condition holds."""
    if not condition:
        raise BrokenError(message)


def manifest_of(archive_key: str) -> str:
    """Return the key of the manifest of an archive."""
    return f"{archive_key.partition('.cypher')[0]}.manifest.json"


Action = Callable[[World, random.Random], None]


def _written(change: Callable[[Driver, random.Random], None]) -> Action:
    return lambda world, chance: change(world.driver, chance)


def use_ids_anew(world: World, chance: random.Random) -> None:
    """Delete entities and create others, which may get their ids."""
    world.happened["ids used anew"] += graph_writes.use_ids_anew(world.driver, chance)


def back_up(world: World, chance: random.Random, *arguments: str) -> None:
    """Make a backup on one of the hosts, while nobody writes."""
    host = chance.choices(_HOSTS, (4, 1))[0]
    before = world.keys()
    wait_for_next_second(before)
    held = fingerprint(world.driver)
    run = world.note(world.service(host).run("backup", *arguments))
    _require_made(world, run, before, held)


def back_up_fully(world: World, chance: random.Random) -> None:
    """Make a full backup, as somebody asks for."""
    back_up(world, chance, "--full")
    require(next(reversed(world.points.values())).kind == "full", "--full made an increment")


def back_up_idle(world: World, chance: random.Random) -> None:
    """Make two backups of one state, on one host or two."""
    back_up(world, chance)
    with suppress(IndexError):
        world.driver.execute_query("MATCH (n) RETURN count(n.value)")
    back_up(world, chance)
    world.happened["idle"] += "no export is needed" in world.log


def back_up_while_others_write(world: World, _: random.Random) -> None:
    """Make a backup with writers; what the graph holds is known again after it."""
    before = world.keys()
    wait_for_next_second(before)
    with Writers(world.servers.source, graph_writes.PEOPLE).writing():
        run = world.note(world.service(_HOSTS[0]).run("backup"))
    _require_made(world, run, before, None)
    world.driver.execute_query("MATCH (n:Late) WHERE n.number % 4 > 0 DETACH DELETE n")
    (path,) = world.service(_HOSTS[0]).state_directory.glob("*.rows")
    world.happened["late nodes"] += len(RowState(path).description["late"])


def kill_a_backup(world: World, chance: random.Random) -> None:
    """Kill a backup at a random moment, which may be before its start or after its end."""
    before = world.keys()
    wait_for_next_second(before)
    held = fingerprint(world.driver)
    process = world.service(_HOSTS[0]).start("backup")
    time.sleep(chance.random() * _LONGEST_WAIT_TO_KILL)
    process.kill()
    run = world.note(finish(process))
    world.happened["a backup killed"] += run.exit_code == KILLED
    world.take_points(held)
    require(before.items() <= world.keys().items(), "a killed backup removed something")


def _require_made(world: World, run: Run, before: dict[str, int], held: Fingerprint | None) -> None:
    require(run.exit_code == 0, f"a backup ended with exit code {run.exit_code}")
    made = world.take_points(held)
    require(len(made) == 1, f"a backup made {len(made)} complete backups")
    require(before.items() <= world.keys().items(), "a backup removed something")


def prune_later(world: World, chance: random.Random) -> None:
    """Prune as if time had passed: what a backup that is kept needs stays."""
    latest = newest_backup(world.bucket, PREFIX, "neo4j", None)
    if latest is None:
        return
    before = world.keys()
    rules, moment = _rules(chance, sorted({taken(key) for key in before}))
    world.log = f"prune: {rules} at {timestamp(moment)}"
    prune(world.bucket, PREFIX, PruneSettings(rules), latest, moment)
    after = world.keys()
    world.happened["objects pruned"] += len(before) - len(after)
    require(latest.archive_key in after, "a prune removed the newest complete backup")
    for key, point in world.points.items():
        found = (point.manifest_key in after, key in after)
        if found == (False, False):
            world.gone |= {point.manifest_key} & before.keys()
        elif not {point.manifest_key, key} & world.gone:
            require(all(found), f"a prune left a part of {key}")
    for point in world.points.values():
        if point.manifest_key in after and world.is_there(point):
            missing = [key for key in point.needs if key not in after]
            require(not missing, f"a prune removed {missing}, which {point.key} needs")


def _rules(chance: random.Random, times: Sequence[datetime]) -> tuple[Rules, datetime]:
    """Return rules, and a moment at which they remove something."""
    last = chance.randint(1, 3)
    days = chance.randint(1, 3)
    moment = chance.choice(times) + timedelta(days=days)
    return chance.choice(
        [
            (Rules(days=days), moment),
            (Rules(days=days), times[-1] + timedelta(days=30)),
            (Rules(days=None, last=last), times[-1] + timedelta(days=10)),
            (Rules(days=days, last=last), moment),
            (Rules(days=None, daily=1, minimum=last), times[-1] + timedelta(days=10)),
        ]
    )


def lose_the_state(world: World, chance: random.Random) -> None:
    """Lose the state directory of a host."""
    shutil.rmtree(world.directory / chance.choice(_HOSTS) / "state", ignore_errors=True)


def damage_the_rows(world: World, chance: random.Random) -> None:
    """Damage the record of a host's rows."""
    for path in world.row_states()[:1]:
        path.write_bytes(_damaged(path.read_bytes(), chance))


def keep_or_put_back_old_rows(world: World, chance: random.Random) -> None:
    """Copy the record of a host's rows, or put a copy of it back, as after a kill."""
    for path in world.row_states():
        copy = world.directory / f"{path.relative_to(world.directory).parts[0]}.copy"
        if copy.exists() and chance.random() < 0.7:
            shutil.copy(copy, path)
            world.happened["old rows put back"] += 1
        else:
            shutil.copy(path, copy)


def remove_an_object(world: World, chance: random.Random) -> None:
    """Remove an archive or a manifest."""
    for key in _some_key(world, chance):
        world.bucket.delete(key)
        world.gone.add(key)


def cut_an_object(world: World, chance: random.Random) -> None:
    """Cut an archive or a manifest off."""
    for key in _some_key(world, chance):
        data = world.bucket.get(key)
        _put(world, key, data[: chance.randrange(1, len(data) - 1)])
        world.gone.add(key)


def damage_an_archive(world: World, chance: random.Random) -> None:
    """Change a byte of an archive."""
    for key in _some_key(world, chance):
        if not key.endswith(".json"):
            _put(world, key, _damaged(world.bucket.get(key), chance))
            world.damaged.add(key)


def _some_key(world: World, chance: random.Random) -> list[str]:
    return chance.sample(keys, 1) if (keys := sorted(world.keys())) else []


def _put(world: World, key: str, data: bytes) -> None:
    world.servers.s3.client().put_object(Bucket=world.bucket_name, Key=key, Body=data)


def _damaged(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def change_recipients(world: World, chance: random.Random) -> None:
    """Encrypt to other keys from now on, or not at all."""
    world.recipients = chance.choice(_RECIPIENTS)


def restore_in_between(world: World, chance: random.Random) -> None:
    """Restore one of the points into the graph that is backed up."""
    points = [point for point in world.points.values() if world.is_good(point)]
    if not points:
        return
    point = chance.choice(points)
    before = world.keys()
    wait_for_next_second(before)
    held = fingerprint(world.driver)
    service, identity = world.service(chance.choice(_HOSTS)), str(world.identity)
    run = world.note(service.run("restore", point.key, "--force", "--identity", identity))
    if run.exit_code == 5 and point.fingerprint is None and "constraint" in run.log:
        # What was read while others wrote can break a constraint.
        world.driver.execute_query("MATCH (n) DETACH DELETE n")
    require(run.exit_code == 0, f"a restore of {point.key} ended with {run.exit_code}")
    world.take_points(held)
    if point.fingerprint:
        found = difference(point.fingerprint, fingerprint(world.driver))
        require(not found, f"{point.key} was restored as something else: {found}")


ACTIONS: Final[dict[str, tuple[float, Action]]] = {
    "write": (6, _written(graph_writes.write)),
    "widths": (2, _written(graph_writes.write_widths)),
    "ids": (2, use_ids_anew),
    "schema": (1, _written(graph_writes.change_schema)),
    "shrink": (0.3, _written(graph_writes.delete_most)),
    "backup": (8, back_up),
    "full": (0.7, back_up_fully),
    "idle": (1, back_up_idle),
    "busy": (1.5, back_up_while_others_write),
    "kill": (1.5, kill_a_backup),
    "prune": (3, prune_later),
    "lose": (0.5, lose_the_state),
    "rows": (0.7, damage_the_rows),
    "old": (2, keep_or_put_back_old_rows),
    "remove": (0.7, remove_an_object),
    "cut": (0.5, cut_an_object),
    "flip": (0.5, damage_an_archive),
    "recipients": (0.7, change_recipients),
    "restore": (0.5, restore_in_between),
}
"""How often each action is chosen beside the others, and the action."""


def history(seed: int, steps: int = STEPS) -> list[Step]:
    """Return the steps that a seed gives."""
    chance = random.Random(seed)
    weights = [weight for weight, _ in ACTIONS.values()]
    names = chance.choices(list(ACTIONS), weights, k=steps)
    return [Step(name, chance.randrange(10**6)) for name in names]


def check(world: World) -> None:
    """Check what holds after each step."""
    keys, entries = world.keys(), {each["key"]: each for each in world.entries()}
    for key, entry in entries.items():
        if not entry["complete"]:
            continue
        needs = entry["needs"]
        require(entry["kind"] in ("full", "incremental"), f"{key} has no kind")
        require(needs[-1] == key, f"{key} does not need itself last")
        require((entry["kind"] == "full") == (needs == [key]), f"{key} needs {needs}")
        require(keys.keys() >= set(needs), f"{key} is complete, but not all of {needs} are there")
    for point in world.points.values():
        if world.is_there(point):
            entry = entries.get(point.key, {})
            require(entry.get("complete"), f"{point.key} is not complete: {entry}")
            require(entry["needs"] == point.needs, f"the needs of {point.key} have changed")


def check_all_points(world: World) -> None:
    """Check that `verify` finds all points good, but those that the history broke."""
    if not world.keys():
        return
    process = world.service(_HOSTS[0]).start(
        "verify", "--all", "--json", "--identity", str(world.identity)
    )
    output, log = process.communicate(timeout=TIMEOUT_SECONDS)
    world.note(Run(process.returncode, log))
    found = {each["key"]: each for each in json.loads(output)["backups"]}
    for point in world.points.values():
        if world.is_there(point):
            finding = found[point.key]
            right = "good" if world.is_good(point) else "bad"
            require(finding["finding"] == right, f"verify says that {finding}, but it is {right}")
    is_bad = any(each["finding"] == "bad" for each in found.values())
    require(process.returncode == (5 if is_bad else 0), f"verify: exit code {process.returncode}")


def check_restore(world: World, point: Point, *, through_file: bool = False) -> None:
    """Check that a point comes back as what the graph held.

    :param through_file: whether to fetch it into one file first.
    """
    target = world.servers.target
    target.reset()
    service, identity = world.service(_HOSTS[0]), ("--identity", str(world.identity))
    chosen = [point.key, *identity]
    if through_file:
        path = world.directory / "fetched.cypher.gz"
        path.unlink(missing_ok=True)
        run = world.note(service.run("fetch", point.key, "--output", str(path), *identity))
        require(run.exit_code == 0, f"a fetch of {point.key} ended with {run.exit_code}")
        chosen = ["--from-file", str(path)]
    run = world.note(restore_elsewhere(service, target, *chosen))
    require(run.exit_code == 0, f"a restore of {point.key} ended with {run.exit_code}")
    with target.driver() as driver:
        found = difference(point.fingerprint, fingerprint(driver)) if point.fingerprint else ""
    require(not found, f"{point.key} came back as something else: {found}")


def play(
    servers: Servers, steps: Sequence[Step], bucket: str, directory: Path, restores: int
) -> Counter[str]:
    """Play a history from an empty bucket on, and check it.

    :param restores: how many points are restored at its end.
    :returns: how often each thing happened.
    :raises BrokenError: if something does not hold; the message says after which step.
    """
    directory.mkdir(parents=True)
    servers.s3.create_bucket(bucket)
    servers.source.reset()
    with servers.source.driver() as driver:
        graph_writes.fill(driver)
        world = World(servers, driver, bucket, directory)
        done = "the start"
        try:
            for number, step in enumerate(steps, 1):
                done = f"step {number}, {step}"
                _, action = ACTIONS[step.action]
                action(world, random.Random(step.seed))
                check(world)
            done = "the end"
            check_all_points(world)
            _check_some(world, random.Random(len(steps)), restores)
        except Exception as error:
            points = "\n".join(
                f"  {each.key} {each.kind}{'' if world.is_there(each) else ', gone'}"
                f"{'' if world.is_good(each) else ', not good'} needs {[*each.needs]}"
                for each in world.points.values()
            )
            raise BrokenError(f"{done}: {error}\n{points}\n{world.log}") from error
    return world.happened


def _check_some(world: World, chance: random.Random, restores: int) -> None:
    """Restore some points, increments if there are any."""
    good = [point for point in world.points.values() if point.fingerprint and world.is_good(point)]
    chosen = sorted(
        chance.sample(good, len(good)), key=lambda point: len(point.needs), reverse=True
    )
    for point in chosen[:restores]:
        check_restore(world, point, through_file=chance.random() < 0.3)
        world.happened[f"a restore of {len(point.needs)} archives"] += 1


def shortest(fails: Callable[[Sequence[Step]], bool], steps: Sequence[Step]) -> list[Step]:
    """Return the shortest history found that still fails, without more than a few minutes."""
    end = time.monotonic() + SECONDS_FOR_SHRINKING
    short = list(steps)
    place = len(short) - 1
    while place >= 0 and time.monotonic() < end:
        without = [*short[:place], *short[place + 1 :]]
        if fails(without):
            short = without
        place -= 1
    return short


@dataclass
class Player:
    """Plays histories one after the other, each in a bucket and a directory of its own."""

    servers: Servers
    root: Path
    played: int = 0

    def play(self, steps: Sequence[Step], restores: int = 1) -> Counter[str]:
        """Play a history, and remove what it leaves."""
        self.played += 1
        name = f"history-{self.servers.source.port}-{self.played}"
        directory = self.root / name
        try:
            return play(self.servers, steps, name, directory, restores)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            _empty(self.servers.s3, name)

    def require_good(self, seed: int, steps: int = STEPS, restores: int = 1) -> Counter[str]:
        """Play the history of a seed.

        :raises BrokenError: if it fails, with the shortest history that shows it.
        """
        whole = history(seed, steps)
        try:
            return self.play(whole, restores)
        except BrokenError as error:
            first = error
        last = [first]

        def fails(shorter: Sequence[Step]) -> bool:
            try:
                self.play(shorter, restores)
            except BrokenError as error:
                last.append(error)
                return True
            return False

        short = shortest(fails, whole)
        text = " ".join(map(str, short))
        raise BrokenError(
            f"seed {seed}: {first}\n--- shortest, to play it again: --history '{text}'\n{last[-1]}"
        ) from first


def _empty(s3: S3Server, bucket: str) -> None:
    client = s3.client()
    for entry in client.list_objects_v2(Bucket=bucket).get("Contents", []):
        client.delete_object(Bucket=bucket, Key=entry["Key"])


def parsed(text: str) -> list[Step]:
    """Return the steps of a history as a failure prints them."""
    steps = [each.partition(":") for each in text.split()]
    return [Step(action, int(seed)) for action, _, seed in steps]


def main() -> int:
    """Play histories until one fails, or as many as are wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.histories")
    parser.add_argument("--histories", type=int, default=100, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="of the first; the others follow")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each history")
    parser.add_argument("--restores", type=int, default=2, help="at the end of each history")
    parser.add_argument("--minutes", type=float, default=10**6, help="when to stop")
    parser.add_argument("--history", metavar="STEPS", help="play only this one")
    options = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())  # what is wrong is in the outcome
    happened: Counter[str] = Counter()
    failures = 0
    end = time.monotonic() + 60 * options.minutes
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source, target = Neo4jServer(root / "source"), Neo4jServer(root / "target", apoc=False)
        s3 = S3Server(root / "s3")
        stack.enter_context(running(source, target, s3))
        player = Player(Servers(source, target, s3), root / "histories")
        if options.history:
            sys.stdout.write(f"{dict(player.play(parsed(options.history), options.restores))}\n")
            return 0
        number = 0
        while number < options.histories and time.monotonic() < end:
            seed = options.seed + number
            number += 1
            try:
                happened += player.require_good(seed, options.steps, options.restores)
            except BrokenError as error:
                failures += 1
                sys.stdout.write(f"FAILED {error}\n")
            sys.stdout.write(f"seed {seed}: {failures} of {number} failed\n")
            sys.stdout.flush()
    for what, times in sorted(happened.items()):
        sys.stdout.write(f"{times:8,} {what}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
