"""The page for people, made of states that are made up."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.monitoring.health_rules import Signs, diagnose
from neo4j_r2.monitoring.markup import element
from neo4j_r2.monitoring.page import page
from neo4j_r2.monitoring.page_style import POLICY, STYLE
from neo4j_r2.monitoring.page_view import View
from neo4j_r2.run.drill_state import DrillRun, DrillState
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.restore_points import KEPT_POINTS, RestorePoint
from neo4j_r2.run.start_problem import StartProblem
from neo4j_r2.run.state import RunState
from testbed.made_up_state import HOSTILE, VARIABLES, MadeUp, failed, fresh, hostile, lively
from tests.unit.monitoring.test_markup import Reader, read

NOW = datetime(2025, 10, 8, 11, 5, 10, tzinfo=UTC)
SETTINGS = read_service_settings(VARIABLES, {})
WITHOUT_DRILLS = read_service_settings({**VARIABLES, "DRILL_SCHEDULE": ""}, {})
PROCESS = ProcessId(1, 1)


def view(made: MadeUp | None, host: str = "graph/neo4j-backup") -> View:
    """Return what the page shows of a state, in the service's container."""
    signs = Signs(
        NOW,
        is_crond_running=True,
        is_run_alive=False,
        state=made.state if made else None,
        drills=made.drills if made else None,
    )
    points = made.points if made else None
    return View(signs, signs.state, points, SETTINGS, host, is_in_container=True)


def shown(view: View) -> Reader:
    return read(page(view).decode())


def names(reader: Reader) -> set[str]:
    return {name for name, _ in reader.elements}


def with_points(made: MadeUp, points: tuple[RestorePoint, ...], backups: int) -> MadeUp:
    assert made.points is not None
    known = replace(made.points.databases["neo4j"], points=points, backups=backups)
    return replace(made, points=replace(made.points, databases={"neo4j": known}))


def test_a_service_that_works_is_well_and_says_what_comes_next() -> None:
    text = shown(view(lively(NOW))).text
    assert "All is well · Neo4j backups of graph/neo4j-backup" in text
    assert "as of 2025-10-08 13:05:10 Europe/Berlin" in text
    assert "Next backup duein 4 h 54 min2025-10-08 18:00:00" in text
    assert "Next drill duein 14 h 54 min2025-10-09 04:00:00" in text
    assert "Last runsucceeded2025-10-08 12:00:01" in text
    assert "Last backup1 h 5 min ago2025-10-08 12:00:01" in text
    assert "In that backup1,284,310 nodes3,204,118 relationships" in text


def test_each_problem_of_the_health_probe_is_on_the_page_with_times_of_its_zone() -> None:
    made = view(failed(NOW))
    problems = diagnose(made.signs, SETTINGS)
    assert len(problems) > 1
    text = shown(made).text
    assert "Something is wrong" in text
    assert "All is well" not in text
    for problem in problems:
        before, _, after = re.sub(r"\d{4}-\S+", "|", problem).partition("|")
        assert before in text
        assert after.rpartition("|")[2] in text
    assert "the last run failed at 2025-10-08 12:00:" in text
    assert not re.search(r"\d{4}-\d\d-\d\dT\d\d", text)


def test_a_text_that_only_looks_like_a_time_stays() -> None:
    problem = StartProblem(NOW, 3, "at 2025-99-99T99:99:99+99:99 Neo4j was away")
    made = view(lively(NOW))
    text = shown(replace(made, signs=replace(made.signs, start_problem=problem))).text
    assert "since 2025-10-08 13:05:10 (exit 3): at 2025-99-99T99:99:99+99:99 Neo4j" in text


def test_a_service_that_has_just_started_says_when_its_first_backup_is_due() -> None:
    text = shown(view(fresh(NOW))).text
    assert "All is well" in text
    assert "No backup yet. The first is due at 2025-10-08 18:00:00." in text
    assert "No run is known." in text
    assert "restore points" not in text.replace("Restore points", "")
    assert "Next drill dueafter a backup0 4 * * *" in text


def test_without_a_state_the_page_says_what_the_probe_says() -> None:
    text = shown(view(None)).text
    assert "Something is wrong" in text
    assert "nothing is known of any run" in text
    assert "Database" not in text


def test_a_service_that_waits_for_neo4j_is_starting_and_not_wrong() -> None:
    made = view(None)
    signs = replace(made.signs, is_crond_running=False, is_starting=True)
    assert "The service is starting" in shown(replace(made, signs=signs)).text


@pytest.mark.parametrize(
    ("run", "is_alive", "words"),
    [
        (RunState(NOW, PROCESS), True, "Last rununder way2025-10-08 13:05:10"),
        (RunState(NOW, PROCESS), False, "Last runwas killed2025-10-08 13:05:10"),
        (RunState(NOW, PROCESS, NOW, 4, "x"), False, "Last runfailed (exit 4)2025-10-08 13:05:10"),
        (None, False, "Last runnone is known"),
    ],
)
def test_the_last_run_is_told_in_a_word(run: RunState | None, is_alive: bool, words: str) -> None:
    made = view(lively(NOW))
    state = replace(lively(NOW).state, last_run=run)
    signs = replace(made.signs, state=state, is_run_alive=is_alive)
    assert words in shown(replace(made, signs=signs, history=state)).text


def test_what_is_overdue_says_how_late_it_is() -> None:
    made = view(lively(NOW))
    later = replace(made, signs=replace(made.signs, now=NOW + timedelta(hours=7)))
    text = shown(later).text
    assert "Next backup due2 h 5 min late2025-10-08 18:00:00" in text
    assert "no backup since 2025-10-08 18:00:00, when one was due" in text


def test_a_proof_is_shown_with_its_day_its_backup_and_the_time_to_restore() -> None:
    text = shown(view(lively(NOW))).text
    assert "Last provedtoday 04:08the backup of 2025-10-08 00:00:01" in text
    assert re.search(r"Time to restore6 min 0 sas that drill measured it", text)


def test_without_drills_nothing_is_said_of_them() -> None:
    made = view(replace(lively(NOW), drills=None))
    text = shown(replace(made, settings=WITHOUT_DRILLS)).text
    assert "Last proved" not in text
    assert "Time to restore" not in text
    assert "Next drill" not in text


def test_a_host_whose_drills_never_succeeded_says_so() -> None:
    made = replace(lively(NOW), drills=DrillState(NOW))
    assert "Last provedby another drillthe backup of 2025-10-08 00:00:01" in shown(view(made)).text
    assert made.points is not None
    unproved = tuple(
        replace(each, is_proved=False) for each in made.points.databases["neo4j"].points
    )
    text = shown(view(with_points(made, unproved, 5))).text
    assert "Last provednever" in text
    assert "none proved" in text


def test_a_newer_backup_that_another_host_has_proved_is_the_last_one_that_is_proved() -> None:
    made = lively(NOW)
    assert made.points is not None
    known = made.points.databases["neo4j"]
    points = tuple(replace(each, is_proved=True) for each in known.points)
    text = shown(view(with_points(made, points, known.backups))).text
    assert "Last provedby another drillthe backup of 2025-10-08 12:00:01" in text
    assert "Last provedtoday" not in text


def test_a_drill_under_way_is_told_where_it_is() -> None:
    made = lively(NOW)
    for database, place in (("neo4j", "Database neo4j"), ("", "All is well")):
        assert made.drills is not None
        run = DrillRun(NOW, PROCESS, database=database, phase="compare")
        seen = view(replace(made, drills=replace(made.drills, run=run)))
        alive = replace(seen, signs=replace(seen.signs, is_drill_alive=True))
        text = shown(alive).text
        assert f"{place}A drill has been under way since 2025-10-08 13:05:10." in text
        assert "A drill is under way" not in shown(seen).text  # it was killed


def test_a_failed_drill_by_hand_is_told_although_it_is_no_problem() -> None:
    made = view(failed(NOW))
    sentence = "The last drill failed at 2025-10-08 04:08:"
    assert sentence in shown(replace(made, settings=WITHOUT_DRILLS)).text
    assert sentence not in shown(made).text  # a scheduled one is a problem, and told above


def test_a_pause_of_pruning_is_told() -> None:
    assert "Pruning is paused: the newest backup has 120 entities" in shown(view(failed(NOW))).text


def test_runs_and_restore_points_are_pictures_with_names_and_tables() -> None:
    reader = shown(view(failed(NOW)))
    pictures = [attributes for name, attributes in reader.elements if name == "svg"]
    named = [each for each in pictures if each.get("role") == "img"]
    ids = {attributes.get("id") for _, attributes in reader.elements}
    assert len(named) == 3
    for each in named:
        assert set((each["aria-labelledby"] or "").split()) <= ids
    assert all(each in named or "aria-hidden" in each or "x" in each for each in pictures)
    assert "30 runs, 3 failed; the longest took 2 min " in reader.text
    assert "30 runs as a table" in reader.text
    assert re.search(r"58 restore points: \d full, \d\d incremental; \d\d proved\.", reader.text)
    assert "failed (exit 4): R2 connection failed" in reader.text


def test_only_the_newest_restore_points_are_shown_and_the_page_says_so() -> None:
    made = lively(NOW)
    assert made.points is not None
    one = made.points.databases["neo4j"].points[0]
    points = tuple(
        replace(one, taken=NOW - timedelta(hours=each)) for each in range(KEPT_POINTS, 0, -1)
    )
    text = shown(view(with_points(made, points, 8_760))).text
    assert "The newest 200 of 8,760 backups: " in text


def test_of_more_than_five_databases_the_newest_fifty_restore_points_are_shown_each() -> None:
    for number, expected in ((5, "60 restore points: "), (6, "The newest 50 of 60 backups: ")):
        made = lively(NOW, [f"graph{each}" for each in range(number)])
        assert made.points is not None
        sixty = tuple(60 * made.points.databases["graph0"].points[:1])
        known = {
            name: replace(each, points=sixty, backups=60)
            for name, each in made.points.databases.items()
        }
        text = shown(view(replace(made, points=replace(made.points, databases=known)))).text
        assert text.count(expected) == 2 * number  # the picture is described in the same words


def test_kinds_that_are_not_known_and_backups_before_restores_have_marks_of_their_own() -> None:
    made = lively(NOW)
    assert made.points is not None
    points = made.points.databases["neo4j"].points[:4]
    unknown = (replace(points[0], kind=""), *points[1:])
    text = shown(view(with_points(made, unknown, 4))).text
    assert "4 restore points: 3 incremental, 1 of unknown kind; 4 proved." in text
    assert "made before a restore" not in text
    safety = tuple(replace(each, is_before_restore=True) for each in points)
    assert "made before a restore" in shown(view(with_points(made, safety, 4))).text


def test_the_command_restores_the_newest_restore_point_of_a_run() -> None:
    made = lively(NOW)
    stem = "neo4j_2025-10-08_10-00-01"
    prefix = "docker-compose exec neo4j-backup python3 /app/backup.py restore"
    assert f"{prefix} {stem}If" in shown(view(made)).text
    elsewhere = replace(view(made), is_in_container=False)
    assert f"backup.py restore {stem}If" in shown(elsewhere).text
    assert made.points is not None
    points = made.points.databases["neo4j"].points
    safety = replace(points[-1], taken=NOW, key=points[0].key, is_before_restore=True)
    assert f"{prefix} {stem}If" in shown(view(with_points(made, (*points, safety), 9))).text
    newer = replace(safety, is_before_restore=False)  # by another host
    text = shown(view(with_points(made, (*points, newer), 9))).text
    assert f"{prefix} neo4j_2025-09-02_22-00-01If" in text


def test_the_command_for_an_encrypted_backup_reads_the_key_from_outside() -> None:
    made = view(lively(NOW, suffix=".age"))
    stem = "neo4j_2025-10-08_10-00-01"
    program = "docker-compose exec -T neo4j-backup python3 /app/backup.py"
    assert f"{program} restore {stem} --identity - < key.txt" in shown(made).text
    elsewhere = shown(replace(made, is_in_container=False)).text
    assert f"backup.py restore {stem} --identity key.txt" in elsewhere


def test_a_key_that_this_service_does_not_give_stands_in_no_command() -> None:
    made = lively(NOW)
    known = made.state.of("neo4j")
    assert known.last_backup is not None
    for key in ("x/$(reboot)", "neo4j_2025-10-08_10-00-01;reboot", "", "a/b\nreboot"):
        last = replace(known.last_backup, archive_key=key)
        state = made.state.with_database("neo4j", replace(known, last_backup=last))
        seen = replace(view(replace(made, state=state, points=None)))
        reader = shown(seen)
        assert "reboot" not in reader.text
        assert "pre" not in names(reader)


def test_what_is_stored_has_its_cost_and_says_when_the_bucket_was_looked_at() -> None:
    text = shown(view(lively(NOW, ["movies", "people"]))).text
    assert "DatabaseBackupsSizeA month" in text
    assert "In s3://company-backups/neo4j-backup/, as the bucket was at 2025-10-08 12:00:" in text
    assert "At R2's $0.015 per GB and month; the account's first 10 GB are free." in text


def test_each_of_several_databases_can_be_reached_from_a_table() -> None:
    reader = shown(view(lively(NOW, ["movies", "people"])))
    ids = {attributes.get("id") for _, attributes in reader.elements}
    links = [attributes["href"] for name, attributes in reader.elements if name == "a"]
    inner = [str(each).removeprefix("#") for each in links if str(each).startswith("#")]
    assert inner == ["main", "database-1", "database-2"]
    assert set(inner) <= ids
    assert "href" in str(shown(view(lively(NOW))).elements)


def test_a_page_of_very_many_databases_is_cut_off_and_says_so() -> None:
    databases = [f"graph{number}" for number in range(62)]
    text = shown(view(lively(NOW, databases))).text
    assert text.count("Restore points on a time line") == 50
    assert "And 12 more databases; backup.py status shows all." in text


def test_hostile_texts_are_texts() -> None:
    good, bad = shown(view(lively(NOW, ["a", "b"]))), shown(view(hostile(NOW), HOSTILE[1]))
    allowed = names(good) | names(shown(view(failed(NOW))))
    assert names(bad) <= allowed
    assert "script" not in names(bad)
    assert "img" not in names(bad)
    assert HOSTILE[0] in bad.text
    assert HOSTILE[4] in bad.text
    allowed_attributes = {
        (name, attribute) for name, each in good.elements for attribute in each
    } | {
        (name, each)
        for name, attributes in shown(view(failed(NOW))).elements
        for each in attributes
    }
    used = {(name, attribute) for name, each in bad.elements for attribute in each}
    assert used <= allowed_attributes


def test_no_element_has_a_style_or_a_script_or_an_address_of_another_place() -> None:
    for made in (lively(NOW, ["a", "b"]), failed(NOW), hostile(NOW), fresh(NOW)):
        for name, attributes in shown(view(made)).elements:
            assert not {each for each in attributes if each == "style" or each.startswith("on")}
            assert "src" not in attributes
            assert name not in {"script", "img", "iframe", "link", "form", "base"}
            assert re.match(r"[/#]", attributes.get("href") or "#")


def test_the_policy_allows_the_page_s_own_style_and_nothing_else() -> None:
    text = page(view(fresh(NOW))).decode()
    (style,) = re.findall("<style>(.*?)</style>", text)
    assert style == STYLE == element("style", STYLE)[len("<style>") : -len("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert "http" not in STYLE
    assert "url" not in STYLE


def test_headings_have_no_gap_and_ids_are_given_once() -> None:
    for made in (lively(NOW, ["a", "b"]), failed(NOW), fresh(NOW)):
        reader = shown(view(made))
        levels = [int(name[1]) for name, _ in reader.elements if re.fullmatch("h[1-6]", name)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
        ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
