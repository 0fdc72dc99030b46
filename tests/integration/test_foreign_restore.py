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
CREATE (n:Person:Boss {name: "Bob; O\\'Neill", tags: ['a', 'b'], ratio: 0.5, since: null});
CREATE (n:`Two words` {`a key`: true});
MATCH (a:Person {name: 'Alice'}), (b:Person {name: "Bob; O\\'Neill"})
CREATE (a)-[:KNOWS {since: 2020}]->(b);
MATCH (a:Person {name: 'Alice'}), (b:`Two words` {`a key`: true}) CREATE (b)-[:OF]->(a);
"""
REFUSED = (
    "LOAD CSV FROM 'file:///x.csv' AS line CREATE (:A {a: line[0]});",
    "CALL apoc.load.json('http://127.0.0.1:1/');",
    "CREATE USER eve SET PASSWORD 'password' CHANGE NOT REQUIRED;",
    "DROP DATABASE neo4j;",
    "MATCH (n) DETACH DELETE n;",
    "CREATE (:A {a: 1}); MATCH (n) SET n.a = 1;",
    "CREATE INDEX i FOR (n:A) ON (n.a) CALL db.awaitIndexes();",
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
        "[WARNING] It has no manifest, so nobody can tell whether anything is missing\n" in run.log
    )
    restored = contents(target)
    target.reset()
    run_cypher_shell(target, text.encode())
    assert restored.relationships == 2
    assert differences(restored, target) == ""


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
    assert "[WARNING] 1 relationships have no nodes to be between" in run.log
    assert "[WARNING] 1 relationships are between several pairs of nodes" in run.log
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
