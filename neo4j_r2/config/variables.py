"""Reads the variables of the environment and of `.env`, and collects what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from io import StringIO
from pathlib import Path
from typing import Final, TypeVar

from dotenv import dotenv_values

from neo4j_r2.config.quotes import quotes_hint
from neo4j_r2.config.unknown_names import CONTAINER_MARK, find_unknown
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.secret import MASK, Secret, without_secrets

Value = TypeVar("Value")

_NO_DOTENV: Final = (
    "No variable comes from a file .env: there is none in the working directory, or it is empty"
)

_SECRET_ACCESS_KEY: Final = re.compile(r"\b[0-9a-f]{64}\b")
"""The secret of an R2 API token, which somebody may have put into another variable."""


class Variables:
    """The merged variables. It collects all problems instead of raising at the first one."""

    def __init__(self, environment: Mapping[str, str], dotenv: Mapping[str, str]) -> None:
        self._layers = (environment, dotenv)
        self._problems: list[str] = []
        self._is_something_missing = False
        self.warnings: list[str] = []
        """What looks wrong, though the configuration can be used."""
        self.asked: set[str] = set()
        """The names that were asked for, whether they are set or not."""
        self._secrets: set[str] = set()
        self._secret_texts: dict[str, str] = {}

    def problem(self, name: str, reason: str, *, shown: str = "") -> None:
        """Collect a problem. If the value is in quotes, the message says that too.

        :param name: the variable.
        :param reason: what is wrong with its value, or what is accepted.
        :param shown: the value, if the message may show it.
        """
        value = self.get(name) or self._secret_texts.get(name, "")
        named = f"{name}={shown}" if shown else name
        hint = quotes_hint({name: value})
        self._problems.append(f"{named}: {reason}{hint and '; '}{hint}")

    def look_for_unknown(self, known: Collection[str]) -> None:
        """Collect the set variables that are probably misspelt: as problems, or as warnings.

        :param known: all names that this service reads.
        """
        found = find_unknown(*self._layers, known)
        for name, nearest in found.refused.items():
            self._problems.append(f"{name}: {_unknown(nearest)}")
        for name, nearest in found.doubtful.items():
            self.warnings.append(f"{name} is ignored: {_unknown(nearest)}")

    def raise_problems(self) -> None:
        """Raise all collected problems at once, if there are any.

        :raises ConfigurationError: with a line for each problem, without secrets. The warnings are
            there too: a variable that is ignored may be the one that is missing.
        """
        if self._problems:
            lines = (*self._problems, *self.warnings)
            listed = "\n".join(f"  - {self._masked(line)}" for line in lines)
            hint = f"\n{_NO_DOTENV}" if self._needs_dotenv() else ""
            raise ConfigurationError(f"Invalid configuration:\n{listed}{hint}")

    def _needs_dotenv(self) -> bool:
        """Whether a required variable is missing, and a `.env` that could have it is too."""
        environment, dotenv = self._layers
        return self._is_something_missing and not dotenv and CONTAINER_MARK not in environment

    def _masked(self, problem: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            problem = problem.replace(secret, MASK)
        return _SECRET_ACCESS_KEY.sub(MASK, without_secrets(problem))

    def get(self, name: str) -> str | None:
        """Return a variable's value, or None if it is unset or empty."""
        self.asked.add(name)
        return next((layer[name] for layer in self._layers if layer.get(name)), None)

    def read(self, name: str, parse: Callable[[str], Value], default: str) -> Value:
        """Parse a variable. If that fails, collect the problem and return the default."""
        value = self.get(name)
        if value is None:
            return parse(default)
        try:
            return parse(value)
        except ValueError as error:
            self.problem(name, str(error), shown=repr(value))
            return parse(default)

    def required(self, name: str, parse: Callable[[str], str], what: str) -> str:
        """Parse a variable that has no default; `what` says what its value is."""
        if self.get(name) is None:
            self.miss(f"{name} is required: {what}")
            return ""
        return self.read(name, lambda value: parse(value) if value else "", "")

    def miss(self, problem: str) -> None:
        """Collect a problem that is no wrong value, but a missing one."""
        self._is_something_missing = True
        self._problems.append(problem)

    def secret(self, name: str, what: str) -> Secret:
        """Read a required secret, from its variable or from the file that NAME_FILE names."""
        value = self.secret_text(name)
        if value is None:
            self.miss(f"{name} (or {name}_FILE) is required: {what}")
            return Secret("")
        return self._checked(name, value)

    def optional_secret(self, name: str) -> Secret:
        """Read a secret in the same way; it is empty if it is not set."""
        return self._checked(name, self.secret_text(name) or "")

    def secret_text(self, name: str) -> str | None:
        """Return a secret from its variable or its file, unchecked; None if it is not set."""
        text = self._read_secret(name)
        if text is not None:
            self._secret_texts[name] = text
        return text

    def _read_secret(self, name: str) -> str | None:
        self.asked |= {name, f"{name}_FILE"}
        for layer in self._layers:
            value, path = layer.get(name), layer.get(f"{name}_FILE")
            if value and path:
                self._problems.append(f"{name} and {name}_FILE are both set: set one")
            if value:
                return value
            if path:
                return self._read_secret_file(name, Path(path))
        return None

    def _checked(self, name: str, secret: str) -> Secret:
        if secret:
            self._secrets.add(secret)
        if not all(character.isprintable() for character in secret):
            self.problem(name, "accepted is UTF-8 text without line breaks and the like")
        return Secret(secret)

    def _read_secret_file(self, name: str, path: Path) -> str:
        try:
            value = path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            # The path is not shown: somebody may have put the secret itself into this variable.
            self.problem(f"{name}_FILE", f"the file that it names cannot be read: {reason}")
            return ""
        if not value:
            self.problem(f"{name}_FILE", "the file that it names is empty")
        return value


def _unknown(nearest: str) -> str:
    return f"this service has no such variable{nearest and f'; did you mean {nearest}?'}"


def replaced_by_dotenv(environment: Mapping[str, str], dotenv: Mapping[str, str]) -> list[str]:
    """Return the variables that are set to nothing in the environment, and have a value in `.env`.

    Nothing counts as unset, because Compose may pass it on for an unset variable. But somebody may
    also have meant to set them, for example from a variable of the shell that is not set.
    """
    return sorted(name for name, value in dotenv.items() if value and environment.get(name) == "")


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file; none if there is no such file.

    :raises ConfigurationError: if it cannot be read.
    """
    try:
        if not path.is_file():
            return {}
        text = path.read_text(encoding="utf-8-sig")
        if "\0" in text:
            raise _not_utf8(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def _not_utf8(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} cannot be read: it is not UTF-8 text. Editors and PowerShell on Windows may save "
        "UTF-16: save it as UTF-8"
    )
