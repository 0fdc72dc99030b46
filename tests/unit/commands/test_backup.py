"""A backup that lacks a part of the schema, because the server does not say how to create it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from neo4j_r2.commands.backup import require_whole_schema
from neo4j_r2.core.errors import GraphError
from tests.unit.archive.test_manifest import RECORD


def test_the_run_fails_and_names_what_is_missing() -> None:
    summary = replace(RECORD.export, unstated_schema=["of tomorrow", "other"])
    with pytest.raises(GraphError, match=r"The backup is safe, but .* of tomorrow, other: keep"):
        require_whole_schema(replace(RECORD, export=summary))


def test_a_whole_schema_is_no_failure() -> None:
    require_whole_schema(RECORD)
