"""APOC's export as a stream through `gzip` into a file here, and its upload.

    python -m bench.peers.apoc_stream BATCH

BATCH entities are one row of the stream, and one string in the memory of server and client.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, LiteralString

from bench.connections import open_driver
from bench.peers.upload import upload

_NAME: Final = "export.cypher.gz"
_EXPORT: Final[LiteralString] = """CALL apoc.export.cypher.all(null, {
  stream: true, batchSize: $batch, timeoutSeconds: 86400, format: 'cypher-shell',
  useOptimizations: {type: 'UNWIND_BATCH', unwindBatchSize: 20}})
YIELD cypherStatements RETURN cypherStatements AS text"""


def main(batch: int) -> None:
    """Make a backup."""
    archive = Path(_NAME)
    with (
        archive.open("wb") as file,
        subprocess.Popen(["gzip", "-6"], stdin=subprocess.PIPE, stdout=file) as gzip,
    ):
        _write(_texts(batch), gzip.stdin)
    if gzip.returncode != 0:
        raise RuntimeError(f"gzip ended with exit code {gzip.returncode}")
    upload(archive)


def _texts(batch: int) -> Iterator[str]:
    with open_driver() as driver, driver.session(fetch_size=1) as session:
        for record in session.run(_EXPORT, batch=batch):
            yield record["text"]


def _write(texts: Iterator[str], sink: IO[bytes] | None) -> None:
    assert sink is not None, "it was asked for"
    for text in texts:
        sink.write(text.encode())


if __name__ == "__main__":
    main(int(sys.argv[1]))
