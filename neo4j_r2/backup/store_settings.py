"""The settings that say how a backup is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from neo4j_r2.config.settings import Config


@dataclass(frozen=True)
class StoreSettings:
    """The part of the configuration that storing a backup needs."""

    endpoint_url: str
    prefix: str
    compression_level: int | None
    """1 to 9; None stores the plain text."""
    recipients: tuple[str, ...]
    """The public keys that the backup is encrypted to; empty stores it in the clear."""
    part_size: int | None
    """Bytes of an upload's part; None derives it from the archive's estimated size."""
    upload_concurrency: int
    verify_after: bool
    """Whether the archive is read back before the manifest is written."""

    @classmethod
    def of(cls, config: Config) -> Self:
        """Return the settings of a configuration."""
        return cls(
            endpoint_url=config.r2.endpoint_url,
            prefix=config.r2.prefix,
            compression_level=config.compression_level if config.compression else None,
            recipients=config.recipients,
            part_size=config.part_size,
            upload_concurrency=config.upload_concurrency,
            verify_after=config.verify_after,
        )

    @property
    def is_compressed(self) -> bool:
        """Whether archives are compressed."""
        return self.compression_level is not None

    @property
    def is_encrypted(self) -> bool:
        """Whether backups are encrypted."""
        return bool(self.recipients)
