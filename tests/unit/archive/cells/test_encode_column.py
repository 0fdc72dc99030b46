"""A column of values has the cells that its values have one by one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.archive.cells.encode import encode
from neo4j_r2.archive.cells.encode_column import encode_column

TEMPORALS = st.sampled_from(["DATE", "ZONED DATETIME"]).flatmap(
    lambda name: st.sampled_from(
        [
            {"type": f"{name} NOT NULL", "text": text}
            for text in ("2024-01-01T00:00Z", "1850-01-01T00:00+00:09:21[Europe/Paris]")
        ]
    )
)
FLOATS = st.floats() | st.floats(-1e-3, 1e-3) | st.floats(1e15, 1e17)
KINDS = (st.booleans(), st.integers(), FLOATS, st.text(max_size=3), TEMPORALS)


@given(
    st.sampled_from(KINDS).flatmap(lambda kind: st.lists(kind, min_size=1))
    | st.lists(st.one_of(*KINDS), min_size=1)
)
@example([0.0001, 0.00001234, 1e15, 1e16, 1e-5])
def test_a_column_has_the_cells_of_its_values(values: list[object]) -> None:
    kinds, cells = encode_column(values)
    each = [kinds] * len(values) if isinstance(kinds, str) else kinds
    assert list(zip(each, cells, strict=True)) == list(map(encode, values))
