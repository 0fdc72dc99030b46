"""The route: what makes two services different ones."""

from __future__ import annotations

import pytest

from neo4j_r2.config.route import Route, requested_route

VARIABLES = {"NEO4J_HOST": "graph", "R2_ACCOUNT_ID": "abc123", "R2_BUCKET_NAME": "backups"}
ROUTE = Route("graph:7687", "abc123.r2.cloudflarestorage.com:443", "backups", "neo4j-backup")


def route(**variables: str) -> Route:
    return requested_route({**VARIABLES, **variables}, {})


def test_a_route_needs_no_password() -> None:
    assert route() == ROUTE
    assert route().is_complete


@pytest.mark.parametrize(
    "variables",
    [
        {"NEO4J_URI": "bolt+s://graph"},
        {"NEO4J_URI": "neo4j://GRAPH:7687"},
        {"NEO4J_DATABASE": "other"},
        {"NEO4J_PASSWORD": "secret", "BACKUP_SCHEDULE": "wrong"},
        {"R2_ENDPOINT_URL": "https://abc123.r2.cloudflarestorage.com/"},
    ],
)
def test_what_does_not_change_where_backups_come_from_or_go_to_is_no_other_route(
    variables: dict[str, str],
) -> None:
    assert route(**variables) == ROUTE


@pytest.mark.parametrize(
    "variables",
    [
        {"NEO4J_HOST": "other"},
        {"NEO4J_BOLT_PORT": "7688"},
        {"R2_ACCOUNT_ID": "def456"},
        {"R2_BUCKET_NAME": "second"},
        {"BACKUP_PREFIX": "second"},
    ],
)
def test_another_server_bucket_or_prefix_is_another_route(variables: dict[str, str]) -> None:
    assert route(**variables) != ROUTE
    assert not route(**variables).may_be(ROUTE)


@pytest.mark.parametrize("name", ["R2_ACCOUNT_ID", "R2_BUCKET_NAME"])
def test_a_route_without_a_required_variable_is_not_complete(name: str) -> None:
    assert not route(**{name: ""}).is_complete
    assert route(**{name: ""}).may_be(ROUTE)


def test_a_route_holds_no_secret_of_a_wrong_url() -> None:
    wrong = route(NEO4J_URI="bolt://u:secret@graph", R2_ENDPOINT_URL="https://u:secret@s3/?secret")
    assert "secret" not in repr(wrong)
