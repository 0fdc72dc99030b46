"""Makes the pictures of the service's page in docs/, from a state that is made up.

`python -m testbed.page_screenshots` needs Debian's chromium and chromium-driver.
"""

from __future__ import annotations

import base64
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from selenium.webdriver import Chrome

from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.monitoring.health_rules import Signs
from neo4j_r2.monitoring.page import page
from neo4j_r2.monitoring.page_view import View
from testbed.browser import opened
from testbed.made_up_state import VARIABLES, MadeUp, failed, lively

_DOCS: Final = Path(__file__).parent.parent / "docs"
_NOW: Final = datetime(2025, 10, 8, 11, 5, 10, tzinfo=UTC)


def main() -> None:
    """Make both pictures."""
    take("page.png", lively(_NOW), width=1280, is_dark=False)
    take("page-phone.png", failed(_NOW), width=390, is_dark=True)


def take(name: str, made: MadeUp, *, width: int, is_dark: bool) -> None:
    """Make a picture of the whole page, however high it is."""
    with tempfile.NamedTemporaryFile(suffix=".html") as file:
        file.write(page(view(made)))
        file.flush()
        with opened(width=width, is_dark=is_dark) as browser:
            browser.get(Path(file.name).as_uri())
            (_DOCS / name).write_bytes(picture(browser, width))


def view(made: MadeUp) -> View:
    """Return what the page shows of a made-up state, in the service's container."""
    signs = Signs(
        _NOW, is_crond_running=True, is_run_alive=False, state=made.state, drills=made.drills
    )
    return View(
        signs=signs,
        history=made.state,
        points=made.points,
        settings=read_service_settings(VARIABLES, {}),
        host=VARIABLES["BACKUP_HOST_NAME"],
        is_in_container=True,
    )


def picture(browser: Chrome, width: int) -> bytes:
    """Return the whole page as a PNG."""
    height = browser.execute_script("return document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    options = {"format": "png", "captureBeyondViewport": True, "clip": clip}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", options)
    return base64.b64decode(taken["data"])


if __name__ == "__main__":
    main()
