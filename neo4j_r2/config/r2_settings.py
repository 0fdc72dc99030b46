"""The settings of R2: the endpoint, the keys of the API token, and the bucket."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neo4j_r2.config import parsers
from neo4j_r2.config.quotes import quotes_hint
from neo4j_r2.config.variables import Variables
from neo4j_r2.core.secret import Secret

_DOMAIN: Final = "r2.cloudflarestorage.com"
_ENDPOINT: Final = re.compile(
    rf"(?:https://)?([a-z0-9]+(?:\.[a-z]+)?\.{re.escape(_DOMAIN)})/?", re.IGNORECASE
)
"""The endpoint of an account, perhaps in a jurisdiction, with or without the scheme."""
_OF_ACCOUNT: Final = re.compile(rf"https://[^./]+\.{re.escape(_DOMAIN)}", re.IGNORECASE)
"""The endpoint of an account that is in no jurisdiction."""


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
    upload_limit: int | None = None
    """How many bytes of archives may go out in a second; None sets no limit."""

    @property
    def other_endpoint(self) -> str:
        """The endpoint, if it is not that of an account: of a jurisdiction, or another store."""
        return "" if _OF_ACCOUNT.fullmatch(self.endpoint_url) else self.endpoint_url

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
        upload_limit=variables.read("BACKUP_UPLOAD_LIMIT", parsers.rate, "none"),
    )


def _endpoint_url(variables: Variables) -> str:
    account = _without_bucket(variables, "R2_ACCOUNT_ID")
    if given := _without_bucket(variables, "R2_ENDPOINT_URL"):
        if problem := parsers.endpoint_problem(given):
            variables.problem("R2_ENDPOINT_URL", problem)
        elif account and account not in given:
            variables.warnings.append("R2_ACCOUNT_ID is not used: R2_ENDPOINT_URL says where R2 is")
        return given.rstrip("/")
    if match := _ENDPOINT.fullmatch(account):  # the dashboard shows it beside the account id
        return f"https://{match[1].lower()}"
    what = "the Cloudflare account's id (or set R2_ENDPOINT_URL)"
    parsed = variables.required("R2_ACCOUNT_ID", parsers.account, what)
    return f"https://{parsed}.{_DOMAIN}"


def _without_bucket(variables: Variables, name: str) -> str:
    """Return a variable's value; a bucket's page in the dashboard shows the bucket behind it."""
    value, bucket = variables.get(name) or "", variables.get("R2_BUCKET_NAME")
    address = value.rstrip("/")
    is_behind = bucket and address.endswith(f"/{bucket}") and not address.endswith(f"//{bucket}")
    return address.removesuffix(f"/{bucket}") if is_behind else value
