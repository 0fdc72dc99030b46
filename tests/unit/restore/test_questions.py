"""Files of questions: what is read, and what is refused with its line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.restore.questions import LARGEST_FILE, Question, read_questions
from tests.unit.process import ROOT

HEAD = "// check: a\n// expect: 1\n"


def write(directory: Path, content: str | bytes) -> Path:
    path = directory / "checks.cypher"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(directory: Path, content: str | bytes) -> tuple[Question, ...]:
    return read_questions(write(directory, content))


def refusal(path: Path) -> str:
    """Return the message of a file that is refused, without its beginning."""
    with pytest.raises(ConfigurationError) as raised:
        read_questions(path)
    assert raised.value.exit_code == 2
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith("DRILL_CHECKS: ")
    return message.removeprefix("DRILL_CHECKS: ")


def test_a_question_has_a_name_an_expectation_a_query_and_a_limit(tmp_path: Path) -> None:
    first, second = read(
        tmp_path,
        """// Of our application.

// check: there are entities
// expect: count > 0
MATCH (n:Entity) RETURN count(n) AS count;

// check: every entity has a name: Zürich
// (ask Anna)
// expect: no rows
// seconds: 300
MATCH (n:Entity) // all of them
WHERE n.name = ';' /* or; */ OR n.name = '// check: b'
RETURN n.uuid
;
""",
    )
    assert (first.name, first.expectation.text, first.seconds) == (
        "there are entities",
        "count > 0",
        60,
    )
    assert first.query == "MATCH (n:Entity) RETURN count(n) AS count"
    assert (second.name, second.expectation.text, second.seconds) == (
        "every entity has a name: Zürich",
        "no rows",
        300,
    )
    assert second.query.split("\n") == [
        "MATCH (n:Entity) ",
        "WHERE n.name = ';'   OR n.name = '// check: b'",
        "RETURN n.uuid",
    ]


@pytest.mark.parametrize(
    "content",
    [
        f"{HEAD}RETURN 1;",
        f"{HEAD}RETURN 1;\n// the end",
        f"\ufeff{HEAD}RETURN 1;\n",
        f"{HEAD}RETURN 1;\n".replace("\n", "\r\n"),
        "//check:a\n  //  expect :  1  \n\tRETURN 1;",
        "// expect: 1\n// check: a\nRETURN 1;",
        "/* // check: b */\n// check: a\n// expect: 1\nRETURN 1;",
        "/*\n// check: b\n// expect: 2\nRETURN 2;\n*/\n// check: a\n// expect: 1\nRETURN 1;",
        "// check: a\n// expect: 1\n/* why */ RETURN 1; // yes",
    ],
    ids=[
        "no line end",
        "comment at the end",
        "byte order mark",
        "Windows",
        "blanks",
        "other order",
        "comment above",
        "commented out",
        "comments around",
    ],
)
def test_the_same_question_is_read_however_it_is_written(content: str, tmp_path: Path) -> None:
    (question,) = read(tmp_path, content)
    assert (question.name, question.query, question.expectation.text) == ("a", "RETURN 1", "1")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("RETURN 1;\n", 'line 1 of {path}: this statement has no expectation: "// expect: '),
        ("// expect: 1\nRETURN 1;", 'line 2 of {path}: this statement has no name: "// check: '),
        ("// chek: a\n// expect: 1\nRETURN 1;", "line 3 of {path}: this statement has no name: "),
        (
            f"{HEAD}\nRETURN 1;",
            'line 1 of {path}: "// check:" is not directly above a statement; line 2: "// expect:" '
            "is not directly above a statement; line 4: this statement has no expectation",
        ),
        (
            f"{HEAD}// RETURN 1;\n\n// check: b\n// expect: 2\nRETURN 2;",
            'line 1 of {path}: "// check:" is not directly above a statement; line 2: "// expect:"',
        ),
        (
            f"{HEAD}RETURN 1;\n/* not yet */ // expect: 2\n",
            'line 4 of {path}: "// expect:" is not directly above a statement',
        ),
        (
            f"{HEAD}RETURN 1;\n\n// seconds: 2\n",
            'line 5 of {path}: "// seconds:" is not directly above a statement',
        ),
        (f"{HEAD}RETURN 1; RETURN 2;", "line 3 of {path}: this statement has no expectation"),
        ("// check:\n// expect: 1\nRETURN 1;", "line 1 of {path}: a name has 1 to 100 characters"),
        (
            f"// check: {'a' * 101}\n// expect: 1\nRETURN 1;",
            "line 1 of {path}: a name has 1 to 100 characters",
        ),
        (
            f"{HEAD}RETURN 1;\n\n// check: a \n// expect: 2\nRETURN 2;",
            'line 5 of {path}: the name "a" is there twice',
        ),
        (
            "// check: b\n// check: a\n// expect: 1\nRETURN 1;",
            'line 2 of {path}: "// check:" is there twice above one statement',
        ),
        (
            "// check: a\n// expect: 1\n// expect: 2\nRETURN 1;",
            'line 3 of {path}: "// expect:" is there twice above one statement',
        ),
        (
            "// check: a\n// expect: count >\nRETURN 1;",
            'line 2 of {path}: "// expect: count >": accepted are "no rows", "rows > 0", "count '
            "> 0\", a number, true, false or a 'text'",
        ),
        (
            f"{HEAD}// seconds: 0\nRETURN 1;",
            'line 3 of {path}: "// seconds: 0": accepted are 1 to 3600',
        ),
        (f"{HEAD}// seconds: 3601\nRETURN 1;", 'line 3 of {path}: "// seconds: 3601": accepted '),
        (f"{HEAD}// seconds: 1.5\nRETURN 1;", 'line 3 of {path}: "// seconds: 1.5": accepted '),
        ("// check: a\u200b\n// expect: 1\nRETURN 1;", "line 1 of {path}: the character U+200B "),
        (f"{HEAD};", "line 3 of {path}: there is no statement before ;"),
        (f"{HEAD}:begin\n", 'line 3 of {path}: ":begin" is a command for a shell, no question'),
        (f"{HEAD}RETURN 1", "line 3 of {path}: the statement does not end with ;"),
        (f"{HEAD}RETURN '1;", "line 3 of {path}: the statement does not end with ;"),
        (
            f"{HEAD}RETURN 1\n\n// check: b\n// expect: 2\nRETURN 2;",
            "line 3 of {path}: the statement does not end with ;",
        ),
        (f"{HEAD}RETURN 1;\n/* the end", "line 4 of {path}: a comment does not end with */"),
        ("", "there is no question in {path}"),
        ("// a question of: a\n// RETURN 1;\n", "there is no question in {path}"),
        (
            f"{HEAD}// RETURN 1;\n",
            'line 1 of {path}: "// check:" is not directly above a statement',
        ),
        (b"// check: \xff", "{path} is no UTF-8 text"),
        ("RETURN 1;\n".encode("utf-16"), "{path} is no UTF-8 text"),
        (b"/" * (LARGEST_FILE + 1), "{path} is larger than 256 KiB"),
        (
            "".join(f"// check: {i}\n// expect: 1\nRETURN 1;\n" for i in range(101)),
            "{path} has 101 questions; accepted are up to 100",
        ),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_the_line(
    content: str | bytes, complaint: str, tmp_path: Path
) -> None:
    path = write(tmp_path, content)
    assert refusal(path).startswith(complaint.format(path=path))


def test_a_question_in_a_block_comment_is_left_out_on_purpose(tmp_path: Path) -> None:
    left_out = "/*\n// check: b\n// expect: 2\nRETURN 2;\n*/\n"
    (question,) = read(tmp_path, f"{left_out}{HEAD}RETURN 1;\n{left_out}")
    assert question.name == "a"


def test_all_problems_of_a_file_are_in_one_message_in_the_order_of_their_lines(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path,
        "// check: a\n// expect: >\n// seconds: x\nRETURN 1;\n"
        "// expect: 1\nRETURN 1;\n"
        f"{HEAD}RETURN 1;\n"
        "RETURN",
    )
    accepted = (
        """accepted are "no rows", "rows > 0", "count > 0", a number, true, false or a 'text'"""
    )
    assert refusal(path) == (
        f'line 2 of {path}: "// expect: >": {accepted}; '
        'line 3: "// seconds: x": accepted are 1 to 3600; '
        'line 6: this statement has no name: "// check: NAME" directly before it; '
        'line 7: the name "a" is there twice; '
        "line 10: the statement does not end with ;"
    )


def test_the_problems_of_a_file_that_is_something_else_do_not_fill_the_log(tmp_path: Path) -> None:
    path = write(tmp_path, "CREATE ();\n" * 5000)
    message = refusal(path)
    assert message.endswith("; and 9,980 more problems")
    assert len(message) < 5000


@pytest.mark.parametrize(
    ("name", "reason"), [("gone", "cannot be read: No such file or directory")]
)
def test_a_file_that_is_not_there_is_named(name: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / name
    assert refusal(path) == f"{path} {reason}"


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refusal(pipe) == f"{pipe} is no regular file"
    assert refusal(tmp_path) == f"{tmp_path} is no regular file"


def test_the_example_for_graphiti_is_a_file_of_questions() -> None:
    questions = read_questions(ROOT / "docs" / "examples" / "graphiti-checks.cypher")
    assert len(questions) > 10
