"""Writes a backup into one file that restores it by itself, whatever archives it consists of."""

from __future__ import annotations

import logging
from typing import Final

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.commands.configure import configure
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.open_source import find_stored, tell_choice
from neo4j_r2.commands.options import FetchOptions
from neo4j_r2.commands.output_file import STANDARD_OUTPUT, output_file, refuse_output
from neo4j_r2.commands.read_time import read_time
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import Side
from neo4j_r2.core.figures import graph_size, megabytes
from neo4j_r2.restore.check_archive import warn_of_unstated
from neo4j_r2.restore.source import Source, manifest_of
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.restore.whole_archive import whole_archive
from neo4j_r2.run.progress import Countdown
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)

_AGE_SUFFIX: Final = ".age"
_GZIP_SUFFIX: Final = ".gz"


def run(invocation: Invocation[FetchOptions]) -> int:
    """Fetch a backup, and return 0 if the file is complete."""
    options = invocation.options
    config = configure(invocation, logs_in=False, identity=options.identity)
    if options.output:
        refuse_output(options.output)
    watch = Watch(config.stall_seconds)
    with watch.running(), watch.waiting_for(Side.R2):
        bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
        bucket.preflight()
        fetch(bucket, config, options, watch)
    return 0


def fetch(bucket: Bucket, config: Config, options: FetchOptions, watch: Watch) -> None:
    """Fetch the backup that the command line names."""
    source = find_source(bucket, config, options)
    export = manifest_of(source).export
    name = options.output or file_name(source)
    shown = "standard output" if name in STANDARD_OUTPUT else name
    log.info("Fetching %s into %s", source.label, shown)
    size = write_file(source, name, config.compression_level, watch)
    warn_of_unstated(source)
    written = graph_size(export.nodes, export.relationships)
    log.info("Complete: %s, %s (%s)", shown, written, megabytes(size))


def find_source(bucket: Bucket, config: Config, options: FetchOptions) -> Source:
    """Return the backup that the command line names, or the latest one."""
    at = read_time(options.at, config.service.time_zone, now()) if options.at else None
    stored = find_stored(options, config, bucket, at)
    tell_choice(stored, config, at)
    return unlock(stored, config.private_keys)


def file_name(source: Source) -> str:
    """Return the name of the file that a backup gets by default: always gzip, never encrypted."""
    key = manifest_of(source).archive_key
    name = key.rpartition("/")[2].removesuffix(_AGE_SUFFIX)
    return f"{name.removesuffix(_GZIP_SUFFIX)}{_GZIP_SUFFIX}"


def write_file(source: Source, name: str, compression_level: int, watch: Watch) -> int:
    """Write the file, and return its size. It is complete, or not there."""
    expected = manifest_of(source).export.entities
    size = 0
    with (
        output_file(name) as write,
        Countdown("Fetched", expected, watch.progress) as countdown,
    ):
        for data in whole_archive(source, compression_level, countdown.add):
            write(data)
            size += len(data)
    return size
