"""Archives of other programs: APOC's exports, and the backups of the original service."""

from __future__ import annotations

import gzip
from itertools import product
from pathlib import Path

import pytest

from testbed.cypher_shell import run_cypher_shell
from testbed.database import DEFAULT_LOOKUP_INDEXES
from testbed.fingerprint import Fingerprint
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration import everything
from tests.integration.outcome import assert_told
from tests.integration.restoring import contents, differences, unchanged
from tests.service import Service

KEY = "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher.gz"
FORMATS = [
    *product(("cypher-shell",), ("NONE", "UNWIND_BATCH", "UNWIND_BATCH_PARAMS"), ("create",)),
    *product(("plain", "neo4j-shell"), ("NONE", "UNWIND_BATCH"), ("create",)),
    *product(("cypher-shell",), ("NONE", "UNWIND_BATCH", "UNWIND_BATCH_PARAMS"), ("updateAll",)),
]
"""Format, useOptimizations and cypherFormat; APOC takes parameters for cypher-shell only."""
SCHEMA = (  # what APOC carries; it leaves most names out, so these are the server's own
    "CREATE CONSTRAINT persons FOR (n:Person) REQUIRE n.email IS UNIQUE",
    "CREATE CONSTRAINT acquaintances FOR ()-[r:KNOWS]-() REQUIRE r.key IS UNIQUE",
    "CREATE INDEX FOR (n:Person) ON (n.age, n.`with space`)",
    "CREATE INDEX FOR ()-[r:KNOWS]-() ON (r.since)",
    "CREATE TEXT INDEX FOR (n:Person) ON (n.name)",
    "CREATE POINT INDEX FOR (n:Place) ON (n.location)",
    "CREATE FULLTEXT INDEX texts FOR (n:Person|Place) ON EACH [n.name, n.text]",
)
SPECIFICATION = """// Neo4j Database Export
// Database: neo4j
// Exported: 2025-10-08T02:00:00

CREATE CONSTRAINT constraint_name FOR (n:Person) REQUIRE n.name IS UNIQUE;
CREATE INDEX index_name FOR (n:Person) ON (n.age);

CREATE (n:Person {name: 'Alice', age: 30});
CREATE (n:Person:Boss {name: "Bob; O\\'Neill", tags: ['a', 'b'], sizes: [1, 2.5], since: null});
CREATE (n:`Two words` {`a key`: true, ratio: 0.5});
MATCH (a:Person {name: 'Alice'}), (b:Person {name: "Bob; O\\'Neill"})
CREATE (a)-[:KNOWS {since: 2020}]->(b);
MATCH (a:Person {name: 'Alice'}), (b:`Two words` {`a key`: true}) CREATE (b)-[:OF]->(a);
"""
OLD_SCHEMA = (  # of the two texts below, as it is today
    "CREATE CONSTRAINT FOR (n:Member) REQUIRE n.no IS UNIQUE",
    "CREATE CONSTRAINT FOR (n:Team) REQUIRE (n.name, n.year) IS UNIQUE",
    "CREATE RANGE INDEX FOR (n:Member) ON (n.name)",
    "CREATE RANGE INDEX FOR (n:Member) ON (n.city, n.`full name`)",
    "CREATE FULLTEXT INDEX texts FOR (n:Member|`Sports Club`) ON EACH [n.name, n.`full name`]",
)
OLD_DATA = """
CREATE (a:Member {no: 1, name: 'Ann', born: date('1990-02-28'), sizes: [1.5, 2.0]}),
(b:Member:Coach {no: 2, `full name`: 'Bob "B" Bell', at: point({x: 1.5, y: 2.0})}),
(c:`Sports Club` {name: 'Club', budget: 1e22}), (t:Team {name: 'First', year: 2018}),
(a)-[:IN {since: 2016}]->(c), (b)-[:IN]->(c), (t)-[:OF]->(c), (b)-[:LEADS {note: 'x'}]->(t)
"""
APOC_3_5 = """:begin
CREATE INDEX ON :Member(name);
CREATE INDEX ON :Member(city,`full name`);
CREATE CONSTRAINT ON (node:Member) ASSERT (node.no) IS UNIQUE;
CREATE CONSTRAINT ON (node:Team) ASSERT (node.name, node.year) IS NODE KEY;
CALL db.index.fulltext.createNodeIndex('texts',['Member','`Sports Club`'],['name','`full name`']);
CREATE CONSTRAINT ON (node:`UNIQUE IMPORT LABEL`) ASSERT (node.`UNIQUE IMPORT ID`) IS UNIQUE;
:commit
CALL db.awaitIndexes(300);
:begin
UNWIND [{no:1, properties:{born:date('1990-02-28'), name:"Ann", sizes:[1.5, 2]}}] AS row
CREATE (n:Member{no: row.no}) SET n += row.properties;
UNWIND [{no:2, properties:{at:point({x: 1.5, y: 2.0, crs: 'cartesian'}), \
`full name`:"Bob \\"B\\" Bell"}}] AS row
CREATE (n:Member{no: row.no}) SET n += row.properties SET n:Coach;
UNWIND [{_id:2, properties:{name:"Club", budget:10000000000000000000000}}] AS row
CREATE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row._id}) SET n += row.properties \
SET n:`Sports Club`;
UNWIND [{name:"First", year:2018, properties:{}}] AS row
CREATE (n:Team{name: row.name, year: row.year}) SET n += row.properties;
:commit
:begin
UNWIND [{start: {no:1}, end: {_id:2}, properties:{since:2016}}, \
{start: {no:2}, end: {_id:2}, properties:{}}] AS row
MATCH (start:Member{no: row.start.no})
MATCH (end:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.end._id})
CREATE (start)-[r:IN]->(end) SET r += row.properties;
UNWIND [{start: {name:"First", year:2018}, end: {_id:2}, properties:{}}] AS row
MATCH (start:Team{name: row.start.name, year: row.start.year})
MATCH (end:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.end._id})
CREATE (start)-[r:OF]->(end) SET r += row.properties;
UNWIND [{start: {no:2}, end: {name:"First", year:2018}, properties:{note:"x"}}] AS row
MATCH (start:Member{no: row.start.no})
MATCH (end:Team{name: row.end.name, year: row.end.year})
CREATE (start)-[r:LEADS]->(end) SET r += row.properties;
:commit
:begin
MATCH (n:`UNIQUE IMPORT LABEL`)  WITH n LIMIT 20000 \
REMOVE n:`UNIQUE IMPORT LABEL` REMOVE n.`UNIQUE IMPORT ID`;
:commit
:begin
DROP CONSTRAINT ON (node:`UNIQUE IMPORT LABEL`) ASSERT (node.`UNIQUE IMPORT ID`) IS UNIQUE;
:commit
"""
APOC_4_4 = """BEGIN
CREATE (:Member {born:date('1990-02-28'), name:"Ann", no:1, sizes:[1.5, 2.0]});
CREATE (:Coach:Member {at:point({x: 1.5, y: 2.0, crs: 'cartesian'}), \
`full name`:"Bob \\"B\\" Bell", no:2});
CREATE (:`Sports Club`:`UNIQUE IMPORT LABEL` {budget:1.0E22, name:"Club", `UNIQUE IMPORT ID`:2});
CREATE (:Team {name:"First", year:2018});
COMMIT
BEGIN
CREATE BTREE INDEX IF NOT EXISTS FOR (node:Member) ON (node.name);
CREATE BTREE INDEX IF NOT EXISTS FOR (node:Member) ON (node.city, node.`full name`);
CREATE RANGE INDEX FOR (node:Member) ON (node.name);
CREATE FULLTEXT INDEX texts FOR (n:Member|`Sports Club`) ON EACH [n.name, n.`full name`];
CREATE CONSTRAINT IF NOT EXISTS ON (node:Member) ASSERT (node.no) IS UNIQUE;
CREATE CONSTRAINT IF NOT EXISTS ON (node:Team) ASSERT (node.name, node.year) IS UNIQUE;
CREATE CONSTRAINT IF NOT EXISTS ON (node:Member) ASSERT (node.no) IS NOT NULL;
CREATE LOOKUP INDEX node_label_lookup_index FOR (n) ON EACH labels(n) \
OPTIONS {indexConfig: {}, indexProvider: 'token-lookup-1.0'};
CREATE CONSTRAINT IF NOT EXISTS ON (node:`UNIQUE IMPORT LABEL`) \
ASSERT (node.`UNIQUE IMPORT ID`) IS UNIQUE;
COMMIT
SCHEMA AWAIT
BEGIN
MATCH (n1:Member{no:1}), (n2:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:2}) \
CREATE (n1)-[r:IN {since:2016}]->(n2);
MATCH (n1:Member{no:2}), (n2:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:2}) CREATE (n1)-[r:IN]->(n2);
MATCH (n1:Team{name:"First", year:2018}), (n2:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:2}) \
CREATE (n1)-[r:OF]->(n2);
MATCH (n1:Member{no:2}), (n2:Team{name:"First", year:2018}) CREATE (n1)-[r:LEADS {note:"x"}]->(n2);
COMMIT
BEGIN
MATCH (n:`UNIQUE IMPORT LABEL`)  WITH n LIMIT 20000 \
REMOVE n:`UNIQUE IMPORT LABEL` REMOVE n.`UNIQUE IMPORT ID`;
COMMIT
BEGIN
DROP CONSTRAINT ON (node:`UNIQUE IMPORT LABEL`) ASSERT (node.`UNIQUE IMPORT ID`) IS UNIQUE;
COMMIT
"""
OLD_LINES = {
    APOC_3_5: (
        "[INFO] Line 2: CREATE INDEX ON :Member(name) becomes "
        "CREATE RANGE INDEX FOR (e:`Member`) ON (e.`name`)\n",
        "[WARNING] Line 5: CREATE CONSTRAINT ON (node:Team) ASSERT (node.name, node.year) IS NODE "
        "KEY becomes CREATE CONSTRAINT FOR (e:`Team`) REQUIRE (e.`name`, e.`year`) IS UNIQUE: "
        "Neo4j Community cannot demand that the properties exist\n",
    ),
    APOC_4_4: (
        "[INFO] Line 8: CREATE BTREE INDEX IF NOT EXISTS FOR (node:Member) ON (node.name) becomes "
        "CREATE RANGE INDEX IF NOT EXISTS FOR (e:`Member`) ON (e.`name`)\n",
        "[WARNING] Line 14: CREATE CONSTRAINT IF NOT EXISTS ON (node:Member) ASSERT (node.no) IS "
        "NOT NULL is left out: Neo4j Community has no such constraint\n",
    ),
}
REFUSED = (
    "LOAD CSV FROM 'file:///x.csv' AS line CREATE (:A {a: line[0]});",
    "CALL apoc.load.json('http://127.0.0.1:1/');",
    "CREATE USER eve SET PASSWORD 'password' CHANGE NOT REQUIRED;",
    "DROP DATABASE neo4j;",
    "MATCH (n) DETACH DELETE n;",
    "CREATE (:A {a: 1}); MATCH (n) SET n.a = 1;",
    "CREATE INDEX i FOR (n:A) ON (n.a) CALL db.awaitIndexes();",
    "CREATE CONSTRAINT ON (n:A) ASSERT n.a > 1;",
    "DROP CONSTRAINT ON (n:A) ASSERT (n.a) IS UNIQUE;",
)


@pytest.fixture(scope="module")
def original(servers: tuple[Neo4jServer, Neo4jServer]) -> tuple[Neo4jServer, Fingerprint]:
    """Return the server that APOC exports, and the fingerprint of its graph."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        for statement in SCHEMA:
            driver.execute_query(statement)
        everything.fill_faithful_data(driver)
    return source, contents(source)


@pytest.fixture
def service(
    servers: tuple[Neo4jServer, Neo4jServer], s3: S3Server, bucket: str, tmp_path: Path
) -> Service:
    """The service, configured for the server that archives are restored into."""
    _, target = servers
    return Service.configured(target, s3, bucket, tmp_path)


def exported(server: Neo4jServer, file: str | None, **options: object) -> str:
    """Return what APOC writes, to a file in the server's directory or as a stream."""
    query = (
        "CALL apoc.export.cypher.all($file, $options) YIELD cypherStatements AS text RETURN text"
    )
    options |= {"stream": file is None, "batchSize": 37}
    with server.driver() as driver:
        records = driver.execute_query(query, file=file, options=options).records
    if file is not None:
        return (server.import_directory / file).read_text(encoding="utf-8")
    assert len(records) > 1
    return "".join(record["text"] for record in records)


def written(service: Service, text: str) -> str:
    """Write a file and return its path."""
    path = service.directory / "export.cypher"
    path.write_bytes(text.encode())
    return str(path)


def stored(service: Service, text: str) -> str:
    """Put an archive as the original service does, and return its key."""
    body = gzip.compress(text.encode())
    service.s3.client().put_object(Bucket=service.bucket, Key=KEY, Body=body)
    return KEY


@pytest.mark.parametrize("options", FORMATS, ids="-".join)
def test_every_format_of_apoc_comes_back_exactly(
    service: Service,
    original: tuple[Neo4jServer, Fingerprint],
    target: Neo4jServer,
    options: tuple[str, str, str],
) -> None:
    server, fingerprint = original
    form, optimization, cypher_format = options
    text = exported(
        server,
        "export.cypher" if form == "plain" else None,
        format=form,
        cypherFormat=cypher_format,
        useOptimizations={"type": optimization, "unwindBatchSize": 7},
    )

    if form == "neo4j-shell":
        run = service.run("restore", stored(service, text))
    else:
        run = service.run("restore", "--from-file", written(service, text))

    assert run.exit_code == 0, run.log
    assert differences(fingerprint, target) == ""


@pytest.mark.parametrize("is_stored", [True, False], ids=["object", "file"])
def test_backups_of_the_original_service_come_back(
    service: Service, target: Neo4jServer, is_stored: bool
) -> None:
    text = SPECIFICATION
    arguments = [stored(service, text)] if is_stored else ["--from-file", written(service, text)]
    run = service.run("restore", *arguments)
    assert run.exit_code == 0, run.log
    assert (
        "[WARNING] It has no manifest, so nobody can tell whether anything is missing: if there is "
        "a complete backup (`list`), it is safer\n" in run.log
    )
    restored = contents(target)
    target.reset()
    run_cypher_shell(target, text.encode())
    assert restored.relationships == 2
    assert differences(restored, target) == ""


@pytest.mark.parametrize("arguments", [(), ("--skip-verify",)], ids=["checked", "unchecked"])
@pytest.mark.parametrize("text", [APOC_3_5, APOC_4_4], ids=["3.5", "4.4"])
def test_a_file_of_an_old_neo4j_comes_back_with_its_schema(
    service: Service, target: Neo4jServer, text: str, arguments: tuple[str, ...]
) -> None:
    run_cypher_shell(target, ";\n".join([*OLD_SCHEMA, OLD_DATA, ""]).encode())
    expected = contents(target)
    target.reset()

    run = service.run("restore", "--from-file", written(service, text), *arguments)

    assert run.exit_code == 0, run.log
    assert differences(expected, target) == ""
    for line in OLD_LINES[text]:
        assert run.log.count(line) == 1, run.log


def test_relationships_of_update_structure_need_their_nodes(
    service: Service, target: Neo4jServer
) -> None:
    nodes = (
        "BEGIN\nMERGE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:0}) ON CREATE SET n.a=1, n:A;\n"
        "MERGE (n:B{b:1}) ON CREATE SET n.c=2;\nCOMMIT\nBEGIN\nCOMMIT\nSCHEMA AWAIT\n"
    )
    relationships = (
        "BEGIN\nMATCH (n1:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:0}), (n2:B{b:1}) "
        "MERGE (n1)-[r:R]->(n2) ON CREATE SET r.d=3;\nCOMMIT\n"
    )
    path = written(service, relationships)
    with unchanged(target):
        run = service.run("restore", "--from-file", path)
    assert_told(service, run, 5, "a relationship's node ('UNIQUE IMPORT LABEL', 0) is not there")

    run = service.run("restore", "--from-file", written(service, nodes + relationships))
    assert run.exit_code == 0, run.log
    restored = contents(target)
    target.reset()
    run_cypher_shell(target, b"CREATE (:A {a: 1})-[:R {d: 3}]->(:B {b: 1, c: 2});")
    assert differences(restored, target) == ""


@pytest.mark.parametrize("text", [APOC_3_5, APOC_4_4], ids=["3.5", "4.4"])
def test_a_refused_file_of_an_old_neo4j_leaves_nothing_behind(
    service: Service, target: Neo4jServer, text: str
) -> None:
    place = text.index("MATCH (n:`UNIQUE")
    path = written(service, f"{text[:place]}MATCH (n) DETACH DELETE n;\n{text[place:]}")
    with unchanged(target):
        run = service.run("restore", "--from-file", path)
    assert_told(service, run, 5, f"line {text.count(chr(10), 0, place) + 1}: ")


@pytest.mark.parametrize("statement", REFUSED)
def test_an_unknown_statement_is_refused_with_its_line(
    service: Service, target: Neo4jServer, statement: str
) -> None:
    lines = SPECIFICATION.splitlines()
    number = lines.index("") + 4
    lines.insert(number - 1, statement)
    path = written(service, "\n".join(lines) + "\n")
    with unchanged(target):
        run = service.run("restore", "--from-file", path)
    assert_told(service, run, 5, f"{path}: line {number}: ")


@pytest.mark.parametrize(
    ("value", "exit_code", "told"),
    [
        ("date('2024-0Q-01')", 5, "'2024-0Q-01' of 'a' is no date"),
        ("datetime('2024-02-30T00:00:00Z')", 5, "is no zoned datetime"),
        ("datetime('2024-02-29T00:00:00[Europe/Parjs]')", 3, "times in Europe/Parjs, and"),
        ("point({x: 1.0, y: 91.0, crs: 'wgs-84'})", 5, "is no point"),
    ],
)
def test_a_value_that_the_server_refuses_is_found_before_anything_changes(
    service: Service, target: Neo4jServer, value: str, exit_code: int, told: str
) -> None:
    path = written(service, f"{SPECIFICATION}CREATE (:Person {{a: {value}}});\n")
    with unchanged(target):
        run = service.run("restore", "--from-file", path)
    assert_told(service, run, exit_code, told)


def test_the_log_counts_relationships_whose_endpoints_match_no_node_or_several(
    service: Service, target: Neo4jServer
) -> None:
    text = (
        "CREATE (:A {a: 1});\nCREATE (:A {a: 2});\nCREATE (:A {a: 2});\n"
        "MATCH (x:A {a: 1}), (y:A {a: 3}) CREATE (x)-[:R]->(y);\n"
        "MATCH (x:A {a: 1}), (y:A {a: 2}) CREATE (x)-[:R]->(y);\n"
        "MATCH (x:A {a: 1}), (y:A {a: 1}) CREATE (x)-[:R]->(y);\n"
    )
    run = service.run("restore", "--from-file", written(service, text))
    assert_told(service, run, 5, "3 nodes, 3 relationships), but not all is as the archive says")
    assert "[WARNING] 1 relationship has no nodes to be between" in run.log
    assert "[WARNING] 1 relationship is between several pairs of nodes" in run.log
    restored = contents(target)
    target.reset()
    run_cypher_shell(target, text.encode())
    assert differences(restored, target) == ""


def test_an_object_of_any_name_restores_by_its_key(service: Service, target: Neo4jServer) -> None:
    key = "elsewhere/all.cypher"
    service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=SPECIFICATION.encode())
    run = service.run("restore", key)
    assert run.exit_code == 0, run.log
    assert contents(target).relationships == 2


def test_unknown_statements_run_if_allowed(service: Service, target: Neo4jServer) -> None:
    text = f"{SPECIFICATION}MATCH (n:Person) SET n.`is seen` = true RETURN n;\n"
    path = written(service, text)
    with unchanged(target):
        run = service.run("restore", "--from-file", path)
        assert_told(service, run, 5, f"line {text.count(chr(10))}: ")
    run = service.run("restore", "--from-file", path, "--allow-any-statement")
    assert run.exit_code == 0, run.log
    restored = contents(target)
    target.reset()
    run_cypher_shell(target, text.encode())
    assert differences(restored, target) == ""


def test_a_script_that_is_trusted_can_have_lookup_indexes_of_its_own(
    service: Service, target: Neo4jServer
) -> None:
    by_label, _ = DEFAULT_LOOKUP_INDEXES
    text = f"DROP INDEX {by_label};\nCREATE LOOKUP INDEX own FOR (n) ON EACH labels(n);\n"
    path = written(service, f"{text}CREATE (:A {{i: 1}});\n")
    run = service.run("restore", "--from-file", path, "--allow-any-statement")
    assert run.exit_code == 0, run.log
    restored = contents(target)
    target.reset()
    run_cypher_shell(target, Path(path).read_bytes())
    assert differences(restored, target) == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        SPECIFICATION[:60].encode(),
        SPECIFICATION[:-20].encode(),
        SPECIFICATION.encode().replace(b"Alice", b"Al\xffce"),
        gzip.compress(SPECIFICATION.encode())[:-9],
        gzip.compress(b""),
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"PK\x03\x04",
        b'{"type": "node", "id": "0"}\n',
    ],
    ids=[
        "empty",
        "blank",
        "header",
        "cut",
        "bytes",
        "gzip cut",
        "gzip of nothing",
        "image",
        "zip",
        "JSON",
    ],
)
def test_a_damaged_or_foreign_file_changes_nothing(
    service: Service, target: Neo4jServer, data: bytes
) -> None:
    path = service.directory / "export.cypher.gz"
    path.write_bytes(data)
    with unchanged(target):
        assert_told(service, service.run("restore", "--from-file", str(path)), 5, f"{path}: ")
