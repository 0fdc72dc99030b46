"""The manifest's record of one block: where it lies in the archive, and what proves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

_COUNTS: Final = ("entities", "text_length", "offset", "length")
_IDS: Final = ("first", "last")
_TEXTS: Final = ("kind", "sha256")


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """One row of the manifest's table of blocks.

    The order of the fields is the order in the JSON. A large graph has over 100,000 blocks, so an
    entry has slots: a dict would take four times the memory.
    """

    kind: str
    """See `TextBlock.kind`."""
    first: int
    last: int
    """The range of internal ids that the block covers; both -1 if it covers none."""
    entities: int
    sha256: str
    """SHA-256 of the text, before compression."""
    text_length: int
    """Bytes of the text."""
    offset: int
    """Bytes before the block in the archive, before encryption."""
    length: int
    """Bytes of the block in the archive."""

    @classmethod
    def from_json(cls, content: object) -> BlockEntry:
        """Return the entry that a manifest's JSON holds. Fields of later versions are ignored.

        :raises ValueError: if it is damaged.
        """
        if not isinstance(content, dict) or not _is_sound(content):
            raise ValueError("not a block's entry")
        return cls(*(content[field.name] for field in fields(cls)))

    def to_json(self) -> dict[str, Any]:
        """Return the entry as the manifest's JSON holds it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def end(self) -> int:
        """The offset of the first byte after the block."""
        return self.offset + self.length


def _is_sound(content: Mapping[str, Any]) -> bool:
    # `type`, not `isinstance`: a bool is an int as well.
    return (
        all(type(content.get(name)) is str for name in _TEXTS)
        and all(type(content.get(name)) is int for name in (*_IDS, *_COUNTS))
        and all(content[name] >= 0 for name in _COUNTS)
    )
