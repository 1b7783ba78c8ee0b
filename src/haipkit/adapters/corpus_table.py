"""Blocks of tables: batches of Parquet, or of JSON lines that form a table, nested columns included."""

from collections.abc import Collection, Sequence
from typing import Any

from haipkit.adapters.corpus_blocks import Block, Edits, safe_name


class TableBlock(Block):
    """A batch of a table, column after column. `leaves` are its columns of text, nested ones included."""

    def __init__(self, batch: Any, table: Any, names: Sequence[str], codes: Any, owners: Any) -> None:
        super().__init__(batch, (), names, codes)
        self._table = table
        self._owners = owners

    @property
    def documents(self) -> int:
        return int(self._table.num_rows)

    def owner(self, row: int) -> int:
        return int(self._owners[row])

    def owners(self) -> Any:
        return self._owners

    def written(self, edits: Edits, without: Collection[int]) -> Any:
        return self.as_table(edits, without)

    def as_table(self, edits: Edits, without: Collection[int], schema: Any = None) -> Any:
        """The batch with edits done and without some rows (by number)."""
        import numpy as np
        import pyarrow as pa

        table = self._table
        if edits:
            sizes = [len(leaf) for _, leaf, _ in table_leaves(table)]
            table = _rebuilt(table, self.spliced(edits)[0], sizes)
        if without:
            kept = np.ones(table.num_rows, dtype=bool)
            kept[list(without)] = False
            table = table.filter(pa.array(kept))
        return table


Leaf = tuple[str, Any, Any]
"""A field's name, its values as large_utf8 (null where there is none), and the row that each belongs to."""


def table_leaves(table: Any) -> list[Leaf]:
    import numpy as np

    rows = np.arange(table.num_rows)
    found: list[Leaf] = []
    for field, column in zip(table.schema, table.columns, strict=True):
        _leaves(column, safe_name(field.name), rows, found)
    return found


def _leaves(array: Any, name: str, rows: Any, found: list[Leaf]) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        _leaves(array.storage, name, rows, found)
    elif pa.types.is_dictionary(kind):
        if is_text(kind.value_type):
            _leaves(array.dictionary_decode(), name, rows, found)
    elif is_text(kind):
        found.append((name, array.cast(pa.large_string()), rows))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        _leaves(array.flatten(), name + "[]", rows[pc.list_parent_indices(array).to_numpy()], found)
    elif pa.types.is_struct(kind):
        for field, inner in zip(kind, array.flatten(), strict=True):
            _leaves(inner, f"{name}.{safe_name(field.name)}", rows, found)


def is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _rebuilt(table: Any, fresh: Any, sizes: Sequence[int]) -> Any:
    import pyarrow as pa

    leaves, place = [], 0
    for size in sizes:
        leaves.append(fresh.slice(place, size))
        place += size
    waiting = iter(leaves)
    columns = [_refilled(column, waiting) for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


def _refilled(array: Any, leaves: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return pa.ExtensionArray.from_storage(kind, _refilled(array.storage, leaves))
    if pa.types.is_dictionary(kind):
        if not is_text(kind.value_type):
            return array
        return pc.if_else(array.dictionary_decode().is_null(), None, next(leaves)).dictionary_encode().cast(kind)
    if is_text(kind):
        fresh = next(leaves)
        return (pc.if_else(array.is_null(), None, fresh) if array.null_count else fresh).cast(kind)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = _refilled(array.flatten(), leaves)
        lengths = pc.fill_null(pc.list_value_length(array), 0)
        ends = pc.cumulative_sum(lengths.cast(pa.int64()))
        width = pa.int64() if pa.types.is_large_list(kind) else pa.int32()
        offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends]).cast(width)
        if pa.types.is_fixed_size_list(kind):
            plain = pa.ListArray.from_arrays(offsets, inner, mask=array.is_null())
            return pa.array(plain.to_pylist(), type=kind)
        make = pa.LargeListArray if pa.types.is_large_list(kind) else pa.ListArray
        return make.from_arrays(offsets, inner, type=kind, mask=array.is_null())
    if pa.types.is_struct(kind):
        children = [_refilled(inner, leaves) for inner in array.flatten()]
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=array.is_null())
    return array


def leaf_rows(table: Any) -> tuple[Any, Any, Any, tuple[str, ...], Any]:
    """All values of text as (large_utf8 array, row of the table, code of the field, names of fields, not null?)."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    leaves = table_leaves(table)
    names = tuple(name for name, _, _ in leaves)
    if not leaves:
        none = np.empty(0, np.int64)
        return pa.array([], pa.large_string()), none, none, names, np.empty(0, bool)
    column = leaves[0][1] if len(leaves) == 1 else pa.concat_arrays([values for _, values, _ in leaves])
    owners = np.concatenate([rows for _, _, rows in leaves])
    codes = np.repeat(np.arange(len(leaves)), [len(values) for _, values, _ in leaves])
    valid = np.asarray(column.is_valid())
    return (pc.fill_null(column, "") if column.null_count else column), owners, codes, names, valid
