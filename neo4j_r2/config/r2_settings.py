"""The settings of R2: the endpoint, the keys of the API token, and the bucket."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neo4j_r2.config import parsers
from neo4j_r2.config.quotes import quotes_hint
from neo4j_r2.config.variables import Variables
from neo4j_r2.core.secret import Secret


@dataclass(frozen=True)
class R2Settings:
    """The place that backups go to, and the API token that may write there."""

    endpoint_url: str
    access_key_id: Secret
    secret_access_key: Secret
    bucket: str
    prefix: str
    """The start of every key, without a slash at its end."""
    ca_bundle: Path | None
    """The certificates to trust; None means those of the public authorities."""

    @property
    def credentials_hint(self) -> str:
        """What looks wrong about the credentials; empty if nothing does."""
        return quotes_hint(
            {
                "R2_ACCESS_KEY_ID": self.access_key_id.reveal(),
                "R2_SECRET_ACCESS_KEY": self.secret_access_key.reveal(),
            }
        )


def read_r2(variables: Variables, *, is_used: bool) -> R2Settings:
    """Read the settings; they are empty for a command that does not use R2."""
    if not is_used:
        return R2Settings("", Secret(""), Secret(""), "", "", None)
    return R2Settings(
        endpoint_url=_endpoint_url(variables),
        access_key_id=variables.secret("R2_ACCESS_KEY_ID", "an R2 API token's access key id"),
        secret_access_key=variables.secret("R2_SECRET_ACCESS_KEY", "that token's secret"),
        bucket=variables.required(
            "R2_BUCKET_NAME", parsers.bucket, "the bucket that backups go to"
        ),
        prefix=variables.read("BACKUP_PREFIX", parsers.prefix, "neo4j-backup"),
        ca_bundle=variables.read("AWS_CA_BUNDLE", parsers.readable_file, ""),
    )


def _endpoint_url(variables: Variables) -> str:
    if given := variables.get("R2_ENDPOINT_URL"):
        if problem := parsers.endpoint_problem(given):
            variables.problem("R2_ENDPOINT_URL", problem)
        return given.rstrip("/")
    what = "the Cloudflare account's id (or set R2_ENDPOINT_URL)"
    account = variables.required("R2_ACCOUNT_ID", parsers.account, what)
    return f"https://{account}.r2.cloudflarestorage.com"
