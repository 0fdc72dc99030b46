"""Which servers are supported."""

from __future__ import annotations

import pytest

from neo4j_r2.graph.login import is_supported


@pytest.mark.parametrize("version", ["5.26.0", "5.26.19", "5.27-aura", "2025.01.0", "2026.02.1"])
def test_the_long_term_release_and_those_after_it_are_supported(version: str) -> None:
    assert is_supported(version)


@pytest.mark.parametrize("version", ["3.5.35", "4.4.40", "5.9.0", "5.25.1", "", "dev"])
def test_older_and_unknown_servers_are_not_supported(version: str) -> None:
    assert not is_supported(version)
