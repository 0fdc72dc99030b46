"""The benchmark: measures, prints the tables, or writes them and the plot into a document.

python -m bench [--social N,…] [--graphiti N,…] [--write] …
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final

from bench import session
from bench.comparison import comparisons
from bench.options import Options, parse_arguments
from bench.plot import draw
from bench.records import Journal, Record, read_records
from bench.stage import ContenderError
from bench.tables import section
from testbed.document import Section
from testbed.java import JavaError
from testbed.ports import PortTakenError
from testbed.process import ServerFailedError

log = logging.getLogger("bench")

DOCUMENT_SECTION: Final = Section("bench")
"""The part of the document that the benchmark writes."""
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
    if options.document is None:
        print(section(records, plot=None))
        return
    plot = options.document.with_suffix(".svg")
    DOCUMENT_SECTION.write(options.document, section(records, plot=plot.name))
    plot.write_text(draw(comparisons(records)), encoding="utf-8")


def _interrupt(number: int, _: FrameType | None) -> None:
    """Leave by the contexts that stop servers and contenders."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
