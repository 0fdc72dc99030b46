"""Online backups of Neo4j Community, streamed to Cloudflare R2."""

__version__ = "0.1.0"
