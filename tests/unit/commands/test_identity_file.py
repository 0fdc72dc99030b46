"""Files of private keys: those of age-keygen, and others that a user may give."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest

from neo4j_r2.commands.identity_file import read_private_keys
from neo4j_r2.core.errors import ConfigurationError
from tests.keys import KeyPair
from tests.unit.archive.storage.test_encryption import BOTH, FIRST, OTHER, PLUGIN_KEY, SECOND
from tests.unit.process import run_program, start


def write(directory: Path, content: str | bytes) -> str:
    path = directory / "key.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize(
    "content",
    [FIRST.file, FIRST.private, FIRST.file.replace("\n", "\r\n"), f"\n {FIRST.private} "],
    ids=["file", "key", "file of Windows", "key among blanks"],
)
def test_a_key_file_is_read_as_age_reads_it(content: str, tmp_path: Path) -> None:
    keys = read_private_keys(write(tmp_path, content))
    assert [secret.reveal() for secret in keys.secrets] == [FIRST.private]
    assert b"".join(keys.decrypt(BOTH.encrypt([b"text"]))) == b"text"


def test_a_file_may_hold_several_keys(tmp_path: Path) -> None:
    keys = read_private_keys(write(tmp_path, OTHER.file + SECOND.file))
    assert [secret.reveal() for secret in keys.secrets] == [OTHER.private, SECOND.private]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "there is no private key in {path}"),
        ("# public key: age1...\n\n", "there is no private key in {path}"),
        (FIRST.public, "line 1 of {path} is a public key"),
        (FIRST.file + PLUGIN_KEY, "line 4 of {path} is no private key as age-keygen prints it"),
        (FIRST.file + "AGE-SECRET-KEY-1XYZ", "line 4 of {path} is no private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r", "line 1 of {path} is no private key"),
        ("\xff\x00" * 50, "line 1 of {path} is no private key"),
        (None, "{path} is itself encrypted: decrypt it with age -d"),
        (BOTH.encrypt_text(b"text"), "{path} is itself encrypted"),
    ],
    ids=["empty", "comments", "public", "plugin", "mistyped", "ssh", "bytes", "protected", "text"],
)
def test_the_error_about_a_key_file_shows_none_of_its_lines(
    content: str | bytes | None, complaint: str, tmp_path: Path
) -> None:
    if content is None:  # made here, as a pass phrase costs a second
        content = pyrage.passphrase.encrypt(FIRST.file.encode(), "a pass phrase")
    path = write(tmp_path, content)
    with pytest.raises(ConfigurationError) as raised:
        read_private_keys(path)
    assert complaint.format(path=path) in str(raised.value)
    assert "\n" not in str(raised.value)
    shown = str(raised.value).replace("AGE-SECRET-KEY-1...", "")
    assert not any(line in shown for line in str(content).split() if line.startswith("AGE-"))


@pytest.mark.parametrize(("name", "reason"), [("gone", "No such file"), (".", "Is a directory")])
def test_a_key_file_that_cannot_be_read_is_an_error(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"--identity: .* cannot be read: {reason}"):
        read_private_keys(str(tmp_path / name))


STANDARD_INPUT = """
from neo4j_r2.commands.identity_file import read_private_keys
print(len(read_private_keys("-").secrets))
"""


def test_keys_come_from_standard_input_too() -> None:
    with start(STANDARD_INPUT) as process:
        output, errors = process.communicate(FIRST.file + SECOND.file, timeout=60)
    assert (output, errors) == ("2\n", "")


@pytest.mark.parametrize("command", ["restore", "verify"])
def test_a_command_reads_its_keys_before_it_asks_any_server(command: str, tmp_path: Path) -> None:
    pair = KeyPair.new()
    variables = {
        "NEO4J_PASSWORD": "password",
        "R2_ENDPOINT_URL": "http://127.0.0.1:1",
        "R2_ACCESS_KEY_ID": "access-key",
        "R2_SECRET_ACCESS_KEY": "secret-key",
        "R2_BUCKET_NAME": "bucket",
        "BACKUP_STATE_DIR": str(tmp_path / "state"),
    }
    wrong = write(tmp_path, pair.private[:-1])
    process = run_program(tmp_path, command, "--identity", wrong, **variables)
    assert process.returncode == 2
    unchanged = "; nothing was changed" if command == "restore" else ""
    assert process.stderr == (
        f"[ERROR] --identity: line 1 of {wrong} is no private key as age-keygen prints it "
        f"(AGE-SECRET-KEY-1...){unchanged}\n"
    )
    assert not (tmp_path / "state").exists()
