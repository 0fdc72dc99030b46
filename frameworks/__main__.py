"""Tries the service with the graphs of libraries, and writes what came of it into the document.

    python -m frameworks [LIBRARY…]

With names, it tries only these, and prints the table. The exit code is 1 if a library failed.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType
from typing import Final

from frameworks.library import libraries
from frameworks.table import section
from frameworks.trial import tried
from testbed.document import Section
from testbed.jars import PROJECT_ROOT
from testbed.java import JavaError
from testbed.ports import PortTakenError
from testbed.process import ServerFailedError

log = logging.getLogger("frameworks")

DOCUMENT: Final = PROJECT_ROOT / "docs" / "frameworks.md"
DOCUMENT_SECTION: Final = Section("frameworks")
_FORESEEABLE: Final = (JavaError, PortTakenError, ServerFailedError, OSError, ValueError)


def main(names: Sequence[str]) -> int:
    """Try libraries, all if none is named, and return the exit code."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    known = libraries()
    if unknown := [name for name in names if name not in known]:
        log.error("No such library: %s. There are %s", ", ".join(unknown), ", ".join(known))
        return 2
    try:
        outcomes = [tried(known[name]) for name in names or known]
        text = section(outcomes, f"{datetime.now(UTC):%Y-%m-%d}")
        if names:
            print(text)
        else:
            DOCUMENT_SECTION.write(DOCUMENT, text)
    except _FORESEEABLE as error:
        log.error("The trial failed: %s", error)
        return 1
    return 0 if all(each.has_passed for each in outcomes) else 1


def _interrupt(number: int, _: FrameType | None) -> None:
    """Leave by the contexts that stop the servers."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
