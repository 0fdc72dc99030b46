"""The benchmark: measures, prints the tables, or writes them and the plot into a document.

python -m bench [--social N,…] [--graphiti N,…] [--write] …
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from bench import session
from bench.comparison import comparisons
from bench.options import Options, parse_arguments
from bench.plot import draw
from bench.records import Journal, Record, read_records
from bench.stage import ContenderError
from bench.tables import goals, results
from testbed.document import Section
from testbed.java import JavaError
from testbed.ports import PortTakenError
from testbed.process import ServerFailedError

log = logging.getLogger("bench")

RESULTS: Final = Section("bench")
"""The part of the document that the benchmark writes."""
GOALS: Final = Section("goals")
"""The same of the document for developers, which lies beside the other one."""
_FORESEEABLE: Final = (
    ContenderError,
    JavaError,
    PortTakenError,
    ServerFailedError,
    OSError,
    ValueError,
)


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; the exit code is 1 if it could not be brought to its end."""
    options = parse_arguments(arguments)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        publish(measured(options), options)
    except _FORESEEABLE as error:
        log.error("The benchmark failed: %s", error)
        return 1
    return 0


def measured(options: Options) -> Sequence[Record]:
    """Return the records of a new run, or of an earlier one."""
    if options.from_json is not None:
        with options.from_json.open(encoding="utf-8") as lines:
            return read_records(lines)
    journal = Journal(options.json)
    session.run(options, journal)
    return journal.records


def publish(records: Sequence[Record], options: Options) -> None:
    """Write or print what records say."""
    document = options.document
    if document is None:
        print(f"{results(records, plot=None)}\n{goals(records)}")
        return
    plot = document.with_suffix(".svg")
    RESULTS.write(document, results(records, plot=plot.name))
    GOALS.write(goals_beside(document), goals(records))
    plot.write_text(draw(comparisons(records)), encoding="utf-8")


def goals_beside(document: Path) -> Path:
    """Return the document for developers that lies beside the one for users."""
    return document.with_name(f"{document.stem}-goals.md")


def _interrupt(number: int, _: FrameType | None) -> None:
    """Leave by the contexts that stop servers and contenders."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
