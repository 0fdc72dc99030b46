"""Lists the backups in the bucket, newest first, and the foreign keys; asks only R2."""

from __future__ import annotations

import signal
import sys

from rich.text import Text

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.connect import QUICK_SECONDS
from neo4j_r2.bucket.listing import read_listing
from neo4j_r2.bucket.listing_text import document, sections
from neo4j_r2.bucket.safety_backups import safety_text
from neo4j_r2.commands.configure import configure
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import ListOptions
from neo4j_r2.core.errors import ConfigurationError, Side
from neo4j_r2.core.tables import show
from neo4j_r2.run.stall_watch import Watch


def run(invocation: Invocation[ListOptions]) -> int:
    """Print a table, or with `--json` a document, to standard output; return 2 without a backup."""
    config = configure(invocation, logs_in=False)
    watch = Watch(config.stall_seconds)
    with watch.running(), watch.waiting_for(Side.R2):
        # Somebody waits for the answer, so failures of R2 are retried only for a short time.
        bucket = Bucket(config.r2, min(QUICK_SECONDS, config.retry_seconds), watch.progress)
        bucket.preflight()
        listing = read_listing(bucket, config.r2.prefix, invocation.options.database)
    exit_code = 0 if listing.backups else ConfigurationError.exit_code
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `list | head` ends without a traceback
    if invocation.options.json:
        sys.stdout.write(document(listing))
        return exit_code
    zone = config.service.time_zone
    safety = [each.taken for each in listing.backups if each.export and each.before_restore]
    notes = filter(None, [safety_text(safety, config.prune.rules, zone)])
    show(*sections(listing, zone), *map(Text, notes))
    return exit_code
