"""Which versions of Neo4j are supported."""

from __future__ import annotations

import pytest

from neo4j_r2.graph.login import is_supported


@pytest.mark.parametrize("version", ["5.26.0", "5.26.19", "5.27-aura", "2025.01.0", "2026.02.1"])
def test_neo4j_5_26_and_later_versions_are_supported(version: str) -> None:
    assert is_supported(version)


@pytest.mark.parametrize("version", ["3.5.35", "4.4.40", "5.9.0", "5.25.1", "", "dev"])
def test_older_and_unknown_versions_are_not_supported(version: str) -> None:
    assert not is_supported(version)
