"""Encryption to public keys, and decryption: with the right key, a wrong key, or damage."""

from __future__ import annotations

import random
from collections.abc import Callable

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.storage.encryption import (
    HEADER_BYTES,
    PrivateKeys,
    Recipients,
    has_header,
    is_encrypted,
    is_recipient,
    looks_private,
)
from neo4j_r2.core.errors import CorruptError, NoKeyError
from neo4j_r2.core.secret import Secret
from tests.keys import KeyPair
from tests.unit.process import run

FIRST, SECOND, OTHER = KeyPair.new(), KeyPair.new(), KeyPair.new()
BOTH = Recipients([FIRST.public, SECOND.public])
CHUNK = 64 * 1024
TEXT = random.Random(7).randbytes(5 * CHUNK + 100)
ENCRYPTED = b"".join(BOTH.encrypt([TEXT]))
HEADER_LENGTH = ENCRYPTED.index(b"\n", ENCRYPTED.index(b"\n--- ") + 1) + 1
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
PLUGIN_KEY = "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"


def decrypted(data: bytes, keys: PrivateKeys) -> bytes:
    """Decrypt a file in pieces."""
    pieces = (data[start : start + 5000] for start in range(0, len(data), 5000))
    return b"".join(keys.decrypt(pieces))


@given(st.lists(st.binary()))
def test_each_of_the_private_keys_decrypts(chunks: list[bytes]) -> None:
    data = b"".join(BOTH.encrypt(chunks))
    assert is_encrypted(data)
    assert has_header(data)
    for pair in (FIRST, SECOND):
        assert decrypted(data, pair.keys) == b"".join(chunks)


def test_one_fitting_key_among_others_decrypts() -> None:
    keys = PrivateKeys([Secret(pair.private) for pair in (OTHER, SECOND)])
    assert decrypted(ENCRYPTED, keys) == TEXT


def test_private_keys_know_their_public_keys_each_once() -> None:
    first, second = KeyPair.new(), KeyPair.new()
    keys = PrivateKeys([Secret(pair.private) for pair in (first, second, first)])
    assert keys.public_keys == (first.public, second.public)


def test_a_key_of_another_recipient_does_not_decrypt() -> None:
    with pytest.raises(NoKeyError, match="none of the given private keys opens it"):
        decrypted(ENCRYPTED, OTHER.keys)


def test_no_key_decrypts_a_file_with_a_passphrase() -> None:
    data = pyrage.passphrase.encrypt(b"text", "a pass phrase")
    with pytest.raises(NoKeyError):
        decrypted(data, FIRST.keys)


def test_an_armored_file_is_lines_of_ascii_and_decrypts() -> None:
    text = BOTH.encrypt_text(TEXT)
    assert text.isascii()
    assert max(len(line) for line in text.splitlines()) <= 64
    assert is_encrypted(text.encode())
    assert SECOND.keys.decrypt_text(text) == TEXT


def flip(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut in the header": lambda data: data[: HEADER_LENGTH // 2],
    "cut after the header": lambda data: data[:HEADER_LENGTH],
    "cut in a chunk": lambda data: data[: HEADER_LENGTH + 3 * CHUNK],
    "cut between chunks": lambda data: data[: HEADER_LENGTH + 16 + 3 * (CHUNK + 16)],
    "cut by a byte": lambda data: data[:-1],
    "longer by a byte": lambda data: data + b"x",
    "another version": lambda data: data.replace(b"/v1", b"/v2", 1),
    "another mac": flip(HEADER_LENGTH - 10),
    "another nonce": flip(HEADER_LENGTH + 3),
    "a flip in the first chunk": flip(HEADER_LENGTH + 100),
    "a flip in the last chunk": flip(len(ENCRYPTED) - 50),
    "chunks in another order": lambda data: swapped(data, HEADER_LENGTH + 16, CHUNK + 16),
}


def swapped(data: bytes, start: int, length: int) -> bytes:
    middle, end = start + length, start + 2 * length
    return data[:start] + data[middle:end] + data[start:middle] + data[end:]


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_before_any_damaged_byte_is_yielded(name: str) -> None:
    passed: list[bytes] = []
    with pytest.raises(CorruptError, match=r"it is damaged or cut off \(age: "):
        passed.extend(FIRST.keys.decrypt([DAMAGES[name](ENCRYPTED)]))
    assert TEXT.startswith(b"".join(passed))


@pytest.mark.parametrize("seed", range(100))
def test_a_flipped_bit_is_found_anywhere(seed: int) -> None:
    chosen = random.Random(seed)
    small = b"".join(BOTH.encrypt([TEXT[:200]]))
    damaged = flip(chosen.randrange(len(small)))(small)
    with pytest.raises((CorruptError, NoKeyError)):
        decrypted(damaged, FIRST.keys)


@pytest.mark.parametrize("start", [b"", b"age-encryption.org", b"\x1f\x8b", b"// Neo4j", TEXT])
def test_other_data_is_not_taken_for_an_age_file(start: bytes) -> None:
    assert not is_encrypted(start)
    assert not has_header(start)


def test_a_header_with_2000_recipients_is_recognised() -> None:
    many = Recipients([KeyPair.new().public for _ in range(2_000)])
    data = b"".join(many.encrypt([b"text"]))
    assert has_header(data[:HEADER_BYTES])


@pytest.mark.parametrize(
    "length", [30, HEADER_LENGTH // 2, HEADER_LENGTH - 1], ids=["start", "half", "all but one"]
)
def test_an_incomplete_header_is_no_header(length: int) -> None:
    assert is_encrypted(ENCRYPTED[:length])
    assert not has_header(ENCRYPTED[:length])


@pytest.mark.parametrize(
    "text",
    ["", "age1", FIRST.public[:-1], FIRST.private, SSH_KEY, PLUGIN_KEY, "age1 age1"],
    ids=["nothing", "prefix", "cut off", "private", "SSH", "plugin", "two prefixes"],
)
def test_only_public_keys_of_age_itself_are_recipients(text: str) -> None:
    assert is_recipient(FIRST.public)
    assert not is_recipient(text)


def test_a_mistyped_private_key_still_looks_private() -> None:
    for text in (FIRST.private, FIRST.private.lower(), FIRST.private[:-5], "AGE-PLUGIN-YUBIKEY-1"):
        assert looks_private(text)
    assert not looks_private(FIRST.public)


def test_an_error_never_shows_a_private_key(capsys: pytest.CaptureFixture[str]) -> None:
    mistyped = FIRST.private[:-1]
    with pytest.raises(ValueError, match="not a private key") as raised:
        PrivateKeys([Secret(mistyped)])
    assert mistyped not in repr(raised.value.__cause__)
    assert mistyped not in "".join(capsys.readouterr())


FLAT = """
import resource, sys
from collections import deque
from neo4j_r2.archive.storage.encryption import PrivateKeys, Recipients
from tests.keys import KeyPair
pair, block = KeyPair.new(), bytes(1024 * 1024)

def peak(mebibytes):
    stream = Recipients([pair.public]).encrypt(block for _ in range(mebibytes))
    size = sum(map(len, pair.keys.decrypt(stream)))
    assert size == mebibytes * len(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

print(peak(20), peak(500))
"""


def test_memory_does_not_grow_with_the_size_of_the_data() -> None:
    process = run(FLAT)
    assert process.returncode == 0, process.stderr
    small, large = map(int, process.stdout.split())
    assert large - small < 16 * 1024
