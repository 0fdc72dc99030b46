"""Debian's Chromium without a window, driven by its own driver."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

_BROWSERS: Final = ("chromium", "google-chrome")
_DRIVER: Final = "chromedriver"


def missing_program() -> str:
    """Return the name of a program that is not installed; empty if a browser can be opened."""
    if not any(map(shutil.which, _BROWSERS)):
        return _BROWSERS[0]
    return "" if shutil.which(_DRIVER) else _DRIVER


@contextmanager
def opened(*, width: int, height: int = 900, is_dark: bool = False) -> Iterator[Chrome]:
    """Open a browser whose page is so wide, in CSS pixels, while the context lasts."""
    options = ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, _BROWSERS)), "")
    for each in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # With a path of a driver, selenium looks for none and downloads none.
    browser = Chrome(options, ChromeService(shutil.which(_DRIVER)))
    try:
        resize(browser, width, height)
        use_scheme(browser, "dark" if is_dark else "light")
        yield browser
    finally:
        browser.quit()


def resize(browser: Chrome, width: int, height: int = 900) -> None:
    """Make the page so large, however small a window may be."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def use_scheme(browser: Chrome, scheme: str) -> None:
    """Let the page find that its reader wants light or dark colours."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
