"""What every library writes: a few facts, and what it is asked afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Thing:
    """A person or a thing that facts are about."""

    name: str
    kind: str


@dataclass(frozen=True)
class Fact:
    """A relation between two things, and the sentence that tells of it."""

    source: Thing
    relation: str
    target: Thing
    text: str


_ADA: Final = Thing("Ada Lovelace", "Person")
_BABBAGE: Final = Thing("Charles Babbage", "Person")
_MENABREA: Final = Thing("Luigi Menabrea", "Person")
_ENGINE: Final = Thing("Analytical Engine", "Machine")
_LOOM: Final = Thing("Jacquard's loom", "Machine")
_NOTIONS: Final = Thing("Notions sur la machine analytique", "Article")
_GENEVA: Final = Thing("Genève 日内瓦", "City")
_LONDON: Final = Thing("London", "City")

FACTS: Final = (
    Fact(_BABBAGE, "DESIGNED", _ENGINE, "Charles Babbage designed the Analytical Engine."),
    Fact(_MENABREA, "WROTE", _NOTIONS, "Luigi Menabrea wrote «Notions sur la machine analytique»."),
    Fact(_NOTIONS, "PUBLISHED_IN", _GENEVA, "The article came out in Genève (日内瓦), in 1842."),
    Fact(
        _NOTIONS, "DESCRIBES", _ENGINE, 'The article "describes" the Analytical Engine\n\t\\o/ 🙂'
    ),
    Fact(
        _ADA, "TRANSLATED", _NOTIONS, "Ada Lovelace translated the article; her notes are longer."
    ),
    Fact(_ADA, "WORKED_WITH", _BABBAGE, "Ada Lovelace worked with Charles Babbage."),
    Fact(_ADA, "LIVED_IN", _LONDON, "Ada Lovelace lived in London."),
    Fact(_BABBAGE, "LIVED_IN", _LONDON, "Charles Babbage lived in London's Dorset Street."),
    Fact(_ENGINE, "READS_CARDS_OF", _LOOM, "The Analytical Engine reads cards of Jacquard's loom."),
)
THINGS: Final = tuple(dict.fromkeys(end for each in FACTS for end in (each.source, each.target)))
QUESTION: Final = "Who designed the Analytical Engine?"

NEW_FACT: Final = Fact(
    Thing("Grace Hopper", "Person"), "READ_ABOUT", _ENGINE, "Grace Hopper read about the machine."
)
"""What a library adds when it goes on; one end of it is there already."""
NEW_QUESTION: Final = "Who read about the machine?"
