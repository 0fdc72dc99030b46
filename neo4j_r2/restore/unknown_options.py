"""Leaves out of an index's statement an option that the server does not know: a pure decision."""

from __future__ import annotations

import re
from typing import Final

from neo4j_r2.archive.schema_description import (
    QUANTIZATION_ENABLED,
    QUANTIZATION_TYPE,
    SchemaDescription,
    is_quantized,
)

_UNKNOWN: Final = re.compile(
    r"'([^']+)'(?: is an unrecognized setting|, it was not recognized as an index setting)"
)
"""How a server names an option: the first way of a vector index, the second of all others."""


def without_unknown_option(statement: str, refusal: str) -> tuple[str, str] | None:
    """Return the statement without an option, and the option's name.

    The older name takes the place of the newer one where both mean the same.

    :param refusal: what the server said to the statement. It names one unknown option at a time.
    :return: None if it was refused for another reason.
    """
    unknown = _UNKNOWN.search(refusal)
    description = SchemaDescription.of(statement)
    if unknown is None or description is None:
        return None
    path = ("indexConfig", unknown[1])
    literals = dict(description.literals)
    if literals.pop(path, None) is None:
        return None
    if path == QUANTIZATION_TYPE:
        enabled = "true" if is_quantized(description.options) else "false"
        literals.setdefault(QUANTIZATION_ENABLED, enabled)
    return description.statement(literals), unknown[1]
