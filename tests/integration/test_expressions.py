"""What the server makes of the parameters that a restore sends."""

from __future__ import annotations

from neo4j import Query

from neo4j_r2.archive.cells.decode import expression
from neo4j_r2.archive.cells.kinds import KINDS
from testbed.neo4j_server import Neo4jServer


def test_a_missing_value_stays_missing_whatever_its_kind(target: Neo4jServer) -> None:
    columns = ", ".join(
        f"{expression(kind, 'r[0]')} AS `{number}`" for number, kind in enumerate(sorted(KINDS))
    )
    query = Query(f"CYPHER 5 UNWIND $rows AS r RETURN {columns}")
    with target.driver() as driver, driver.session() as session:
        record = session.run(query, rows=[[None]]).single(strict=True)
    assert dict(zip(sorted(KINDS), record.values(), strict=True)) == dict.fromkeys(KINDS)
