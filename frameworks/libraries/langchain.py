# /// script
# requires-python = ">=3.11"
# dependencies = ["langchain-neo4j==0.11.0"]
# ///
"""Graph documents, a vector store, a chat history and LangGraph's checkpoints. Hybrid search.

The embedder is a fake, and the agent answers without an LLM.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage, HumanMessage
from langchain_neo4j import Neo4jChatMessageHistory, Neo4jGraph, Neo4jSaver, Neo4jVector
from langchain_neo4j.graphs.graph_document import GraphDocument, Node, Relationship
from langgraph.graph import START, MessagesState, StateGraph

from frameworks.act import Answers, Server
from frameworks.embedding import embedding
from frameworks.facts import FACTS, NEW_FACT, NEW_QUESTION, QUESTION, Fact
from frameworks.schema_text import schema_lines

_SESSION = "a talk"
_THREAD = {"configurable": {"thread_id": _SESSION}}
_INDEX = {
    "index_name": "chunks",
    "keyword_index_name": "words",
    "node_label": "Chunk",
    "search_type": "hybrid",
}
_OF_ADA = """
MATCH (:Person {id: 'Ada Lovelace'})-[fact]->(thing)<-[:MENTIONS]-(source)
RETURN type(fact) AS fact, properties(fact) AS properties, labels(thing) AS labels,
  thing.id AS thing, source.text AS source ORDER BY fact, source"""


class _Embedder(Embeddings):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [embedding(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return embedding(text)


def write(server: Server) -> None:
    """Write the facts as a graph and as texts with vectors, and talk of them."""
    Neo4jVector.from_texts(
        [fact.text for fact in FACTS], _Embedder(), [_metadata(fact) for fact in FACTS],
        **_INDEX, **_login(server),
    )  # fmt: skip
    with _agent(server) as (agent, saver):
        saver.setup()
        agent.invoke({"messages": [HumanMessage(QUESTION)]}, _THREAD)
    with Neo4jGraph(**_login(server)) as graph:
        graph.add_graph_documents(
            [_document(fact) for fact in FACTS], include_source=True, baseEntityLabel=True
        )
        history = Neo4jChatMessageHistory(_SESSION, graph=graph)
        history.add_messages([HumanMessage(QUESTION), AIMessage(FACTS[0].text)])


def search(server: Server) -> Answers:
    """Ask the graph, the vector store, the talk and the agent."""
    return _find(server, QUESTION)


def go_on(server: Server) -> Answers:
    """Add one more fact and its text, and talk on."""
    _vector_store(server).add_texts([NEW_FACT.text], [_metadata(NEW_FACT)])
    with _agent(server) as (agent, _):
        agent.invoke({"messages": [HumanMessage(NEW_QUESTION)]}, _THREAD)
    with Neo4jGraph(**_login(server)) as graph:
        graph.add_graph_documents([_document(NEW_FACT)], include_source=True, baseEntityLabel=True)
        history = Neo4jChatMessageHistory(_SESSION, graph=graph)
        history.add_messages([HumanMessage(NEW_QUESTION), AIMessage(NEW_FACT.text)])
    return _find(server, NEW_QUESTION)


def _find(server: Server, question: str) -> Answers:
    found = _vector_store(server).similarity_search(question, k=3)
    with _agent(server) as (agent, _):
        states = [state.values for state in agent.get_state_history(_THREAD)]
    with Neo4jGraph(**_login(server)) as graph:
        history = Neo4jChatMessageHistory(_SESSION, graph=graph)
        graph.refresh_schema()  # To open a history writes the time.
        return {
            "schema": schema_lines(graph.get_schema),
            "facts": graph.query(_OF_ADA),
            "texts": [[each.page_content, each.metadata] for each in found],
            "talk": [each.content for each in history.messages],
            "agent": [[each.content for each in state.get("messages", [])] for state in states],
        }


def _login(server: Server) -> dict[str, str]:
    return {"url": server.uri, "username": server.user, "password": server.password}


def _vector_store(server: Server) -> Neo4jVector:
    return Neo4jVector.from_existing_index(_Embedder(), **_INDEX, **_login(server))


@contextmanager
def _agent(server: Server) -> Iterator[tuple[Any, Neo4jSaver]]:
    builder = StateGraph(MessagesState)
    builder.add_node("answer", lambda _: {"messages": [AIMessage(FACTS[0].text)]})
    builder.add_edge(START, "answer")
    with Neo4jSaver.from_conn_string(server.uri, server.user, server.password) as saver:
        yield builder.compile(checkpointer=saver), saver


def _metadata(fact: Fact) -> dict[str, object]:
    return {"relation": fact.relation, "certainty": 0.1}


def _document(fact: Fact) -> GraphDocument:
    source, target = (
        Node(id=thing.name, type=thing.kind, properties={"length": len(thing.name)})
        for thing in (fact.source, fact.target)
    )
    relationship = Relationship(
        source=source, target=target, type=fact.relation, properties={"text": fact.text}
    )
    return GraphDocument(
        nodes=[source, target],
        relationships=[relationship],
        source=Document(page_content=fact.text, metadata={"certainty": 0.1}),
    )
