"""One call of the program: the options that were given, and the variables that it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from neo4j_r2.commands.options import Options

Options_co = TypeVar("Options_co", bound=Options, covariant=True)


@dataclass(frozen=True)
class Invocation(Generic[Options_co]):
    """One call of the program."""

    options: Options_co
    """The record of the command that is called."""
    environment: Mapping[str, str]
    dotenv: Mapping[str, str]
    """The variables that a file `.env` in the working directory sets."""
