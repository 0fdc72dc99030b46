"""What differs between two restore points: one entity, and the counts of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from neo4j_r2.archive.items import SchemaStatement
from neo4j_r2.archive.text.rows import EntityKind, RowShape

What = Literal["added", "removed", "changed"]
WHATS: Final[tuple[What, ...]] = ("added", "removed", "changed")


class Row(NamedTuple):
    """An entity, by its row."""

    shape: RowShape
    names: tuple[int, ...]
    """See `Rows`."""
    cells: tuple[str, ...]

    @property
    def group(self) -> tuple[str, ...]:
        """A node's labels, or a relationship's type."""
        return self.shape.group


@dataclass(frozen=True)
class Difference:
    """An entity that is not the same in both points."""

    entity: EntityKind
    id: int
    old: Row | None
    """None if the first point does not have it."""
    new: Row | None

    @property
    def what(self) -> What:
        """What happened to the entity."""
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"

    @property
    def row(self) -> Row:
        """The entity as it is, or as it was before it was removed."""
        row = self.new or self.old
        if row is None:
            raise AssertionError("an entity that neither point has is no difference")
        return row

    def keys(self) -> dict[What, list[str]]:
        """Return the property keys that differ, in ascending order."""
        old, new = _properties(self.old), _properties(self.new)
        both = old.keys() & new.keys()
        return {
            "added": sorted(new.keys() - both),
            "removed": sorted(old.keys() - both),
            "changed": sorted(key for key in both if old[key] != new[key]),
        }


def _properties(row: Row | None) -> dict[str, tuple[str, str]]:
    """Return the kind and the cell of each property."""
    if row is None:
        return {}
    columns = zip(row.shape.columns, row.cells, strict=True)
    return {column.key: (column.kind, cell) for column, cell in columns}


class Group(NamedTuple):
    """Nodes with the same labels, or relationships of one type."""

    entity: EntityKind
    names: tuple[str, ...]


@dataclass
class DifferenceCounts:
    """How many entities differ, and which statements of the schema.

    An entity that has other labels than before counts as changed, under its new ones.
    """

    groups: dict[Group, Counter[What]] = field(default_factory=dict)
    schema_added: list[str] = field(default_factory=list)
    schema_removed: list[str] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        """Count an entity."""
        group = Group(difference.entity, difference.row.group)
        self.groups.setdefault(group, Counter())[difference.what] += 1

    def compare_schema(
        self, old: Sequence[SchemaStatement], new: Sequence[SchemaStatement]
    ) -> None:
        """Take the statements that only one of the points has, each in its order."""
        before, after = ([statement.text for statement in each] for each in (old, new))
        of_old, of_new = set(before), set(after)
        self.schema_added = [text for text in after if text not in of_old]
        self.schema_removed = [text for text in before if text not in of_new]
