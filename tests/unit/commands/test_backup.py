"""A backup can lack a part of the schema, if the server does not say how to create it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neo4j_r2.commands.backup import require_whole_schema
from neo4j_r2.core.errors import GraphError
from tests.unit.archive.test_manifest import RECORD


def test_a_backup_without_a_part_of_the_schema_fails_and_names_it() -> None:
    summary = replace(RECORD.export, unstated_schema=["of tomorrow", "other"])
    with pytest.raises(GraphError, match=r"The backup is safe, but .* of tomorrow, other: keep"):
        require_whole_schema(replace(RECORD, export=summary))


def test_a_backup_with_the_whole_schema_does_not_fail() -> None:
    require_whole_schema(RECORD)
