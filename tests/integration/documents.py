"""Graphs of few entities with much random text, so that their archives have several parts."""

from __future__ import annotations

import random

from neo4j import Driver

BATCH_CHARACTERS = 4_000_000


def fill(driver: Driver, *, documents: int, characters: int) -> None:
    """Create documents with so many characters each, every one with a relationship to a page."""
    generator = random.Random(documents)
    batch = max(1, BATCH_CHARACTERS // characters)
    for first in range(0, documents, batch):
        texts = [
            generator.randbytes(characters // 2).hex()
            for _ in range(first, min(first + batch, documents))
        ]
        driver.execute_query(
            "UNWIND $texts AS text CREATE (:Document {text: text})-[:HAS {position: 1}]->(:Page)",
            texts=texts,
        )
