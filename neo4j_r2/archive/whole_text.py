"""The text of one archive that restores a backup by itself, checked while it is made.

The last block comes only when all is checked. So a text that is wrong lacks its end.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator

from neo4j_r2.archive.audit import Decryption, audited_items
from neo4j_r2.archive.audit_chain import AuditedChain
from neo4j_r2.archive.chain import PointBlock
from neo4j_r2.archive.contents import Contents, rows_in
from neo4j_r2.archive.manifest import Manifest, read_timestamp
from neo4j_r2.archive.script import frame_block, rows_block, with_clearings
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.name_lists import name_statement
from neo4j_r2.core.database import Database


def own_text(
    chunks: Iterable[bytes], manifest: Manifest, decrypt: Decryption
) -> Iterator[TextBlock]:
    """Yield the text of a backup whose own archive holds the whole graph.

    :param chunks: the bytes that are stored.
    :raises CorruptError: if it is not what the manifest describes.
    """
    contents, texts, entities = Contents(), deque[bytes](), 0
    for item in audited_items(chunks, manifest, decrypt, texts.append):
        contents.add(item)
        entities += rows_in(item)
        while len(texts) > 1:
            yield TextBlock("text", -1, -1, entities, texts.popleft())
            entities = 0
    contents.compare(manifest.export)
    for text in texts:
        yield TextBlock("text", -1, -1, entities, text)
        entities = 0


def merged_text(audited: AuditedChain, manifest: Manifest) -> Iterator[TextBlock]:
    """Yield the text that a full backup would have had in the place of an incremental one.

    :raises CorruptError: if its archives together are not what the manifest describes.
    """
    yield from with_clearings(_merged(audited, manifest))


def _merged(audited: AuditedChain, manifest: Manifest) -> Iterator[TextBlock]:
    chain, contents = audited.chain, Contents()
    yield frame_block("prologue", _prologue(audited, manifest))
    for block in chain.blocks():
        _count(contents, block)
        yield rows_block(_kind(block), block.rows, chain.restore_key)
    contents.schema = [statement.text for statement in chain.schema]
    audited.finish()
    contents.compare(manifest.export)
    text = frame.restore_key_removal(chain.restore_key, chain.removal_rows)
    text += "".join(f"{statement};\n" for statement in contents.schema)
    yield frame_block("epilogue", text + frame.end(contents.nodes, contents.relationships))


def _prologue(audited: AuditedChain, manifest: Manifest) -> str:
    database = Database(
        manifest.database, manifest.database_id, manifest.server_version, manifest.server_edition
    )
    header = frame.header(database, read_timestamp(manifest.started), manifest.export.method)
    names = "".join(f"{name_statement(each.kind, each.names)};\n" for each in audited.chain.names)
    return header + names + frame.restore_key_creation(audited.chain.restore_key)


def _count(contents: Contents, block: PointBlock) -> None:
    """Count rows. The sums of rows, which are compared too, prove their ids and endpoints."""
    for rows in block.rows.rows:
        if block.entity == "node":
            contents.labels[json.dumps(rows.shape.group)] += len(rows)
        else:
            contents.types[rows.shape.group[0]] += len(rows)


def _kind(block: PointBlock) -> str:
    if block.entity == "relationship":
        return "relationships"
    return "late nodes" if block.is_late else "nodes"
