"""Shows what differs between two backups: as lines and a table for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from neo4j_r2.archive.difference import WHATS, Difference, DifferenceCounts, Group
from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.archive.text.quoting import quote_name
from neo4j_r2.core.printable import printable
from neo4j_r2.core.tables import table

_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
_NUMBERS: Final = ("ADDED", "REMOVED", "CHANGED")


def entity_line(each: Difference) -> str:
    """Return the line of an entity: of one that changed, with the property keys that differ."""
    row, group = each.row, _pattern(Group(each.entity, each.row.group))
    if each.entity == "relationship":
        group = f"({row.names[0]})-{group}->({row.names[1]})"
    words = [f"{each.what:<7}", each.entity, str(each.id), group]
    if each.old and each.new:
        if each.old.group != row.group:
            words.append(f"before {_pattern(Group(each.entity, each.old.group))}")
        if each.old.names != row.names:
            words.append(f"before ({each.old.names[0]})-->({each.old.names[1]})")
        words += [
            f"{_SIGNS[what]}{_name(key)}" for what, keys in each.keys().items() for key in keys
        ]
    return " ".join(words) + "\n"


def sections(differences: DifferenceCounts) -> list[RenderableType]:
    """Return a table of all groups that differ, and the lines of the schema."""
    rows = [
        [f"{group.entity}s {_pattern(group)}", *(f"{counts[what]:,}" for what in WHATS)]
        for group, counts in sorted(differences.groups.items())
    ]
    schema = [
        *(f"- {_statement(text)}" for text in differences.schema_removed),
        *(f"+ {_statement(text)}" for text in differences.schema_added),
    ]
    shown: list[RenderableType] = []
    if rows:
        shown.append(table(["WHAT", *_NUMBERS], rows, right=_NUMBERS))
    if schema:
        shown.append(Text("\n".join(schema)))
    return shown or [Text("No difference")]


def _pattern(group: Group) -> str:
    """Return labels or a type as Cypher's patterns have them."""
    names = "".join(f":{_name(name)}" for name in group.names)
    return f"({names})" if group.entity == "node" else f"[{names}]"


def _name(name: str) -> str:
    """Return a name as Cypher has it, in ASCII, so that it cannot control a terminal."""
    return name if name.isascii() and name.isidentifier() else quote_name(name)


def _statement(text: str) -> str:
    return text if text.isascii() and text.isprintable() else printable(text)


def document(
    points: Iterable[Manifest], differences: DifferenceCounts, entities: Iterable[Difference] | None
) -> Iterator[str]:
    """Yield the JSON document in pieces: the entities first, because there can be very many.

    :param differences: are complete when the entities end.
    :param entities: None if nobody asked for them.
    """
    yield '{\n "entities": '
    yield from ["null"] if entities is None else _entity_list(entities)
    old, new = map(_point, points)
    rest = {
        "old": old,
        "new": new,
        "nodes": [
            {"labels": list(group.names), **{what: counts[what] for what in WHATS}}
            for group, counts in sorted(differences.groups.items())
            if group.entity == "node"
        ],
        "relationships": [
            {"type": group.names[0], **{what: counts[what] for what in WHATS}}
            for group, counts in sorted(differences.groups.items())
            if group.entity == "relationship"
        ],
        "schema": {"added": differences.schema_added, "removed": differences.schema_removed},
    }
    yield f",{json.dumps(rest, indent=1)[1:]}\n"


def _entity_list(entities: Iterable[Difference]) -> Iterator[str]:
    separator = "["
    for each in entities:
        yield f"{separator}\n  {json.dumps(_entity(each))}"
        separator = ","
    yield "[]" if separator == "[" else "\n ]"


def _entity(each: Difference) -> dict[str, Any]:
    entry: dict[str, Any] = {"entity": each.entity, "id": each.id, "what": each.what}
    before = each.old if each.new else None
    if each.entity == "node":
        entry["labels"] = list(each.row.group)
        entry["labels_before"] = list(before.group) if before else None
    else:
        entry["type"], (entry["start"], entry["end"]) = each.row.group[0], each.row.names
        entry["before"] = (
            {"type": before.group[0], "start": before.names[0], "end": before.names[1]}
            if before
            else None
        )
    return {**entry, "keys": each.keys()}


def _point(manifest: Manifest) -> dict[str, Any]:
    return {
        "key": manifest.archive_key,
        "database": manifest.database,
        "taken": manifest.started,
        "nodes": manifest.export.nodes,
        "relationships": manifest.export.relationships,
    }
