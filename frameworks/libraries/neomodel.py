# /// script
# requires-python = ">=3.11"
# dependencies = ["neomodel==7.0.0"]
# ///
"""Models with inheritance, unique and plain indexes, a full-text and a vector index. Queries.

The vectors are made without a model.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from neomodel import (
    ArrayProperty,
    BooleanProperty,
    DateProperty,
    DateTimeNeo4jFormatProperty,
    DateTimeProperty,
    FloatProperty,
    FulltextIndex,
    IntegerProperty,
    JSONProperty,
    RelationshipFrom,
    RelationshipTo,
    StringProperty,
    StructuredNode,
    StructuredRel,
    UniqueIdProperty,
    VectorIndex,
    db,
)
from neomodel.semantic_filters import FulltextFilter, VectorFilter

from frameworks.act import Answers, Server
from frameworks.embedding import DIMENSIONS, embedding
from frameworks.facts import FACTS, NEW_FACT, NEW_QUESTION, QUESTION, THINGS, Fact, Thing


class _Relation(StructuredRel):
    name = StringProperty(index=True)
    text = StringProperty()
    since = DateTimeProperty(index=True)
    certainty = FloatProperty(default=0.1)


class Item(StructuredNode):
    """Whatever facts are about."""

    uid = UniqueIdProperty()
    name = StringProperty(unique_index=True, required=True)
    size = IntegerProperty(index=True)
    is_known = BooleanProperty(default=True)
    words = ArrayProperty(StringProperty())
    details = JSONProperty()
    added = DateTimeNeo4jFormatProperty()
    born = DateProperty()
    about = StringProperty(fulltext_index=FulltextIndex(analyzer="english"))
    vector = ArrayProperty(FloatProperty(), vector_index=VectorIndex(dimensions=DIMENSIONS))
    facts = RelationshipTo("Item", "FACT", model=_Relation)
    told_by = RelationshipFrom("Item", "FACT", model=_Relation)


class Person(Item):
    """An item with a second label."""


def write(server: Server) -> None:
    """Install the labels, and save items and their facts."""
    _connect(server)
    db.install_all_labels()
    items = {thing: _save(thing) for thing in THINGS}
    for fact in FACTS:
        _relate(fact, items)


def search(server: Server) -> Answers:
    """Ask by filters, by traversal, by text and by vector."""
    _connect(server)
    ada = Person.nodes.get(name="Ada Lovelace")
    facts = [(each, ada.facts.relationship(each)) for each in ada.facts.order_by("name")]
    return {
        "items": [
            [each.name, each.labels(), each.uid, each.size, each.is_known, each.words, each.details]
            for each in Item.nodes.order_by("name")
        ],
        "times": [[str(each.added), str(each.born)] for each in Item.nodes],
        "facts": [
            [each.name, fact.name, fact.text, str(fact.since), fact.certainty]
            for each, fact in facts
        ],
        "long names": [each.name for each in Person.nodes.filter(size__gt=12).order_by("name")],
        **_find(QUESTION),
    }


def go_on(server: Server) -> Answers:
    """Install the labels again, and save a new item with a fact of one that is there."""
    _connect(server)
    db.install_all_labels()
    known = Item.nodes.get(name=NEW_FACT.target.name)
    _relate(NEW_FACT, {NEW_FACT.source: _save(NEW_FACT.source), NEW_FACT.target: known})
    return {"told by": sorted(each.name for each in known.told_by), **_find(NEW_QUESTION)}


def _connect(server: Server) -> None:
    address = server.uri.removeprefix("bolt://")
    db.set_connection(url=f"bolt://{server.user}:{server.password}@{address}")


def _save(thing: Thing) -> Item:
    model = Person if thing.kind == "Person" else Item
    item: Item = model(
        name=thing.name,
        size=len(thing.name),
        words=thing.name.split(),
        details={"kind": thing.kind, "sizes": [1, 2.5, None]},
        added=datetime(2026, 10, 25, 2, 30, tzinfo=UTC),
        born=date(1815, 12, 10),
        about=f"{thing.kind}: {thing.name}",
        vector=embedding(thing.name),
    ).save()
    return item


def _relate(fact: Fact, items: dict[Thing, Item]) -> None:
    properties = {
        "name": fact.relation,
        "text": fact.text,
        "since": datetime(1843, 9, 1, 12, 30, 0, 123456, tzinfo=UTC),
    }
    items[fact.source].facts.connect(items[fact.target], properties)


def _find(question: str) -> Answers:
    by_text = FulltextFilter(question.rstrip("?"), "about", topk=3)
    by_vector = VectorFilter(3, "vector", embedding(question))
    return {
        "by text": [item.name for item, _ in Item.nodes.filter(fulltext_filter=by_text).all()],
        "by vector": [item.name for item, _ in Item.nodes.filter(vector_filter=by_vector).all()],
    }
