"""Reads row groups of Parquet files as blocks of text values; nested columns give their values too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from haipkit.adapters.corpus_blocks import Block
from haipkit.adapters.corpus_files import CorpusFile, open_file, why
from haipkit.adapters.corpus_table import TableBlock, leaf_rows
from haipkit.adapters.unpack import Hashed

if TYPE_CHECKING:
    from haipkit.adapters.read_corpus import Part, PartReport

PIECE = 4 << 20
"""Bytes of text in a block, about."""


def row_group_sizes(file: CorpusFile) -> list[int]:
    """Unpacked bytes of each row group. An unreadable file counts as one: reading it says what is wrong."""
    import pyarrow.parquet as pq

    try:
        with open_file(file.path) as stream, pq.ParquetFile(stream) as table:
            facts = table.metadata
            return [facts.row_group(number).total_byte_size for number in range(facts.num_row_groups)] or [0]
    except (OSError, ValueError):
        return [0]


def read_groups(part: "Part", start: int, stop: int | None, report: "PartReport") -> Iterator[Block]:
    """Row groups [start, stop) as blocks of about PIECE bytes. Faults go to the part."""
    import pyarrow.parquet as pq

    if not start:
        with open_file(part.file.path) as whole:
            report.sha256 = Hashed(whole).finish()
    done = 0
    try:
        with open_file(part.file.path) as stream, pq.ParquetFile(stream) as table:
            groups = range(start, table.num_row_groups if stop is None else stop)
            facts = [table.metadata.row_group(group) for group in groups]
            before = [table.metadata.row_group(group).num_rows for group in range(start)]
            rows, size = sum(one.num_rows for one in facts), sum(one.total_byte_size for one in facts)
            done = sum(before)
            if not rows:
                return
            several = max(1, min(65_536, PIECE * rows // max(size, 1)))
            for batch in table.iter_batches(batch_size=several, row_groups=list(groups)):
                block = _table_block(batch, done)
                part.seen(batch.nbytes)
                done += batch.num_rows
                yield block
    except (OSError, ValueError, NotImplementedError, MemoryError) as fault:
        if isinstance(fault, OSError) and fault.errno:
            part.fault(why(fault), done, lost=True, unit="row")
        else:
            said = str(fault).split(". ")[0].split("\n")[0][:160]
            part.fault(f"not Parquet, cut off or damaged ({said})", done, lost=True, unit="row")


def _table_block(batch: Any, first: int) -> Block:
    import pyarrow as pa

    column, owners, codes, names, _ = leaf_rows(batch)
    made = pa.record_batch({"document": pa.array(owners + first, pa.int64()), "text": column})
    return TableBlock(made, batch, names, codes, owners)
