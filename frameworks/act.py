"""Lets a library act on a server, in a process of the library's own environment.

    NEO4J_PASSWORD=… python -m frameworks.act LIBRARY write|search|go_on URI

`write` makes the library's schema and data. `search` asks it for what was written. `go_on` adds
something and asks for that. The last line of the output is what was found, as JSON.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, cast

Act = Literal["write", "search", "go_on"]

Answers = Mapping[str, Sequence[object]]
"""What a library found, by the name of the question. It has no ids, which a restore changes."""


@dataclass(frozen=True)
class Server:
    """The Neo4j that a library works on."""

    uri: str
    password: str
    user: str = "neo4j"


def answers(library: str, act: Act, server: Server) -> Answers:
    """Let a library act; when it writes, it has no answers."""
    found = getattr(import_module(f"frameworks.libraries.{library}"), act)(server)
    if inspect.iscoroutine(found):
        found = asyncio.run(found)
    return cast(Answers, found or {})


if __name__ == "__main__":
    _library, _act, _uri = sys.argv[1:]
    _server = Server(_uri, os.environ["NEO4J_PASSWORD"])
    print(json.dumps(answers(_library, cast(Act, _act), _server)))
