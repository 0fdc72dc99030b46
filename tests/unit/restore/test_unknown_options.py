"""Options of an index that a server does not know. The refusals are those of real servers."""

from __future__ import annotations

from neo4j_r2.restore.unknown_options import without_unknown_option

STATEMENT = (
    "CREATE VECTOR INDEX `v` FOR (n:`Doc`) ON (n.`e`) OPTIONS {indexConfig: "
    "{`vector.default_search_expansion_factor`: 3.0,`vector.dimensions`: 4,"
    "`vector.quantization.type`: 'BINARY',`vector.similarity_function`: 'COSINE'}}"
)
SUPPORTED = (
    "Supported: [vector.dimensions, vector.hnsw.ef_construction, vector.hnsw.m, "
    "vector.quantization.enabled, vector.similarity_function]; check Neo4j's logs"
)


def refusal(option: str) -> str:
    return (
        "Neo4j failed: Neo.ClientError.General.InvalidArguments: Could not create vector index "
        "with specified index config '{vector.default_search_expansion_factor: 3.0, "
        'vector.dimensions: 4, vector.quantization.type: "BINARY", '
        f"vector.similarity_function: \"COSINE\"}}'. '{option}' is an unrecognized setting. "
        f"{SUPPORTED}"
    )


def reduced(statement: str, refused: str) -> str:
    found = without_unknown_option(statement, refused)
    assert found is not None
    assert f"'{found[1]}'" in refused
    return found[0]


def test_only_the_option_that_the_server_names_is_left_out() -> None:
    assert reduced(STATEMENT, refusal("vector.default_search_expansion_factor")) == (
        "CREATE VECTOR INDEX `v` FOR (n:`Doc`) ON (n.`e`) OPTIONS {`indexConfig`: "
        "{`vector.dimensions`: 4, `vector.quantization.type`: 'BINARY', "
        "`vector.similarity_function`: 'COSINE'}}"
    )


def test_a_type_of_quantization_becomes_the_older_option() -> None:
    refused = refusal("vector.quantization.type")
    for kind, enabled in (("BINARY", "true"), ("SCALAR", "true"), ("NONE", "false")):
        statement = reduced(STATEMENT.replace("BINARY", kind), refused)
        assert f"`vector.quantization.enabled`: {enabled}" in statement
        assert "quantization.type" not in statement


def test_a_statement_whose_last_option_is_unknown_has_no_options() -> None:
    statement = (
        "CREATE FULLTEXT INDEX `f` FOR (n:`A`) ON EACH [n.`b`] "
        "OPTIONS {indexConfig: {`fulltext.of_tomorrow`: true}}"
    )
    refused = (
        "Neo4j failed: Neo.DatabaseError.Statement.ExecutionFailed: Invalid index config key "
        "'fulltext.of_tomorrow', it was not recognized as an index setting.; check Neo4j's logs"
    )
    assert reduced(statement, refused) == "CREATE FULLTEXT INDEX `f` FOR (n:`A`) ON EACH [n.`b`]"


def test_what_is_refused_for_another_reason_stays_refused() -> None:
    for refused in (
        "'vector.dimensions' must be between 1 and 4096 inclusively",
        "There already exists an index (:Doc {e}).",
        refusal("vector.of_nobody"),
        "25 is not a valid option for cypher version. Valid options are: 5",
    ):
        assert without_unknown_option(STATEMENT, refused) is None
    named = refusal("vector.dimensions")
    assert without_unknown_option("CREATE HOLOGRAM INDEX `h` FOR (n:`A`) ON (n.`b`)", named) is None
