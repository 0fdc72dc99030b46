"""The names by which a restore of an archive's text finds the endpoints of relationships."""

from __future__ import annotations

from dataclasses import dataclass

from neo4j_r2.archive.text.quoting import quote_name


@dataclass(frozen=True)
class RestoreKey:
    """The names by which a restore finds a relationship's endpoints; it removes them at its end.

    No node of the graph has this label or property, and nothing in its schema has this name.
    """

    label: str
    key: str
    constraint: str

    @staticmethod
    def numbered(number: int) -> RestoreKey:
        """Return the usual names (0), or others with a number at their end."""
        suffix = str(number) if number else ""
        return RestoreKey(
            f"_BackupNode{suffix}", f"_backup_id{suffix}", f"_backup_identity{suffix}"
        )


def endpoints(restore_key: RestoreKey) -> str:
    """Return the clauses that find the endpoints ``a`` and ``b`` of the row ``r``."""
    label, key = quote_name(restore_key.label), quote_name(restore_key.key)
    return "".join(
        f"MATCH ({name}:{label} {{{key}: toInteger(r[{index}])}}) "
        f"USING INDEX {name}:{label}({key}) "
        for index, name in enumerate("ab")
    )
