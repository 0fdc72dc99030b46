"""The page for people in a real browser: what it loads, how it looks, and who can use it."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys

from testbed.browser import missing_program, opened, resize, use_scheme
from testbed.made_up_state import HOSTILE, VARIABLES, MadeUp, failed, fresh, hostile, lively
from testbed.ports import LOOPBACK, free_port, is_listening
from testbed.waiting import wait_until
from tests.service import BACKUP

State = Callable[[datetime], MadeUp]
Show = Callable[[State], Chrome]

SECONDS = 10.0
WIDTHS = (320, 768, 1280)
TEXT_CONTRAST = 4.5
MARK_CONTRAST = 3.0
"""What WCAG asks for texts, and for the parts of a picture."""


def many(now: datetime) -> MadeUp:
    """Return the state of a service with several databases."""
    return lively(now, ("movies", "people", "places"))


STATES: Final = (fresh, lively, failed, many, hostile)
each_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)

CONTRASTS = """
const channel = value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = ([r, g, b]) =>
  0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
const parts = text => text.match(/[\\d.]+/g).map(Number);
const behind = node => {
  for (let each = node; each; each = each.parentElement) {
    const colour = parts(getComputedStyle(each).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const ratio = (one, two) => {
  const [dark, light] = [luminance(one), luminance(two)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const found = [];
for (const node of document.querySelectorAll("body *:not(svg *):not(svg)")) {
  if (![...node.childNodes].some(each => each.nodeType === 3 && each.data.trim())) continue;
  const colour = parts(getComputedStyle(node).color);
  found.push(["text", node.tagName + "." + node.className, ratio(colour, behind(node))]);
}
for (const node of document.querySelectorAll("svg rect, svg line, svg path, svg circle")) {
  const style = getComputedStyle(node);
  const paint = style.stroke === "none" ? style.fill : style.stroke;
  if (node.closest(".verdict") && node.tagName === "path") continue;
  if (node.matches(".axis, .bars > line")) continue;
  found.push(["mark", node.getAttribute("class"), ratio(parts(paint), behind(node))]);
}
return found;
"""
"""Lists the contrast of each text and of each mark with what is behind it. Lines that only divide
are left out."""
FOCUSED = """
const node = document.activeElement;
return node === document.body ? null : node.tagName + " " + node.textContent.slice(0, 40);
"""
FOCUSABLE = """
return [...document.querySelectorAll("a, summary, [tabindex='0']")]
  .filter(node => node.checkVisibility()).map(
    node => node.tagName + " " + node.textContent.slice(0, 40));
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    """A browser without a window."""
    if missing := missing_program():
        pytest.skip(f"no {missing}, of Debian's packages chromium and chromium-driver")
    with opened(width=1280) as browser:
        yield browser


@contextmanager
def served(directory: Path, state: State) -> Iterator[str]:
    """Serve the page of a state while the context is open, and return its address."""
    state(datetime.now(UTC)).write(directory / "state")
    port = free_port()
    host = HOSTILE[1] if state is hostile else VARIABLES["BACKUP_HOST_NAME"]
    with subprocess.Popen(
        [sys.executable, str(BACKUP), "metrics"],
        cwd=directory,
        env={
            **VARIABLES,
            "BACKUP_HOST_NAME": host,
            "BACKUP_STATE_DIR": str(directory / "state"),
            "METRICS_PORT": str(port),
        },
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_until(lambda: is_listening(port), seconds=SECONDS, what="the page")
            yield f"http://{LOOPBACK}:{port}/"
        finally:
            process.kill()


@pytest.fixture
def show(browser: Chrome, tmp_path: Path) -> Iterator[Show]:
    """Return a function that opens the page of a state, wide and light."""
    with ExitStack() as stack:

        def open_page(state: State) -> Chrome:
            resize(browser, 1280)
            use_scheme(browser, "light")
            browser.get(stack.enter_context(served(tmp_path, state)))
            return browser

        yield open_page


def requests(browser: Chrome) -> list[str]:
    """Return the addresses of all that the browser has asked for since the last call."""
    messages = [json.loads(each["message"])["message"] for each in browser.get_log("performance")]  # type: ignore[no-untyped-call]
    return [
        each["params"]["request"]["url"]
        for each in messages
        if each["method"] == "Network.requestWillBeSent"
    ]


def accessible(browser: Chrome) -> list[dict[str, Any]]:
    """Return what a screen reader is told, in its order."""
    tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})
    return [each for each in tree["nodes"] if not each["ignored"]]


def role(node: dict[str, Any]) -> str:
    return str(node["role"]["value"])


def name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", ""))


@each_state
def test_the_page_loads_nothing_else_and_the_browser_has_no_complaint(
    show: Show, state: State
) -> None:
    browser = show(state)
    assert "Neo4j backups of" in browser.title
    assert set(requests(browser)) - {f"{browser.current_url}favicon.ico"} == {browser.current_url}
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_hostile_texts_are_shown_and_do_nothing(
    show: Show,
) -> None:
    browser = show(hostile)
    assert HOSTILE[0] in browser.find_element("tag name", "body").text
    assert browser.title.endswith("Neo4j backups of \"'><img src=x onerror=alert(1)>")
    assert browser.find_elements("css selector", "script, img, iframe, b") == []


@each_state
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_marks_have_enough_contrast(show: Show, state: State, scheme: str) -> None:
    browser = show(state)
    use_scheme(browser, scheme)
    found = browser.execute_script(CONTRASTS)
    least = {"text": TEXT_CONTRAST, "mark": MARK_CONTRAST}
    assert len(found) > 10
    assert [each for each in found if each[2] < least[each[0]]] == []


def test_the_page_is_light_or_dark_as_its_reader_wants(
    show: Show,
) -> None:
    browser = show(lively)
    script = "return getComputedStyle(document.body).backgroundColor"
    colours = set()
    for scheme in ("light", "dark"):
        use_scheme(browser, scheme)
        colours.add(browser.execute_script(script))
    assert len(colours) == 2


@each_state
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_needs_no_scrolling_to_the_side(show: Show, state: State, width: int) -> None:
    browser = show(state)
    resize(browser, width)
    for node in browser.find_elements("tag name", "details"):
        browser.execute_script("arguments[0].open = true", node)
    script = "return [document.documentElement.scrollWidth, innerWidth]"
    assert browser.execute_script(script) == [width, width]


def test_the_keyboard_reaches_everything_in_its_order(
    show: Show,
) -> None:
    browser = show(many)
    expected = browser.execute_script(FOCUSABLE)
    reached = []
    for _ in expected:
        ActionChains(browser).send_keys(Keys.TAB).perform()
        reached.append(browser.execute_script(FOCUSED))
    assert reached == expected
    assert reached[0] == "A To the content"
    tags = [each.split()[0] for each in reached if each]
    assert tags.count("SUMMARY") == 2 * 3
    assert tags.count("PRE") == 3


def test_the_first_link_goes_to_the_content(
    show: Show,
) -> None:
    browser = show(lively)
    ActionChains(browser).send_keys(Keys.TAB, Keys.ENTER, Keys.TAB).perform()
    assert str(browser.execute_script(FOCUSED)).startswith("SUMMARY ")


def test_the_enter_key_opens_a_table(show: Show) -> None:
    browser = show(failed)
    summary = browser.find_element("css selector", "summary")
    table = browser.find_element("css selector", "details table")
    assert not table.is_displayed()
    summary.send_keys(Keys.ENTER)
    assert table.is_displayed()
    assert len(table.find_elements("css selector", "tbody tr")) == 30
    assert "failed (exit 4): R2 connection failed" in table.text


@each_state
def test_a_screen_reader_is_told_what_there_is(show: Show, state: State) -> None:
    nodes = accessible(show(state))
    assert [role(each) for each in nodes].count("main") == 1
    levels = [
        next(each["value"]["value"] for each in node["properties"] if each["name"] == "level")
        for node in nodes
        if role(node) == "heading"
    ]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    pictures = [each for each in nodes if role(each) in {"image", "img", "graphics-document"}]
    pictures_of: dict[State, int] = {fresh: 0, lively: 3, failed: 3, many: 9, hostile: 15}
    assert len(pictures) == pictures_of[state]
    for node in nodes:
        if role(node) in {"image", "img", "region", "link", "table", "heading"}:
            assert name(node) or role(node) == "table", node


def test_a_picture_is_told_in_words(show: Show) -> None:
    names = [name(each) for each in accessible(show(failed)) if role(each) in {"image", "img"}]
    assert names[0].startswith("Duration of the last runs 30 runs, 3 failed; the longest took")
    assert names[2].startswith("Restore points on a time line 58 restore points: ")


def test_the_command_is_chosen_whole_by_a_click(
    show: Show,
) -> None:
    browser = show(lively)
    command = browser.find_element("tag name", "pre")
    command.click()
    chosen = browser.execute_script("return getSelection().toString()")
    assert chosen.strip() == command.text
    assert chosen.startswith("backup.py restore neo4j_")
