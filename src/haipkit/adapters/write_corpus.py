"""Writes one shard of a copy: under its final name when it is whole, and never before."""

import bz2
import gzip
import os
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from haipkit.kernel.errors import CannotWrite

_GROUP = 32 << 20
"""Bytes of a row group in memory, about."""
UNFINISHED = ".part"


class Shard:
    """A file that appears whole or not at all. Pieces are bytes, or record batches for Parquet.

    Raises CannotWrite (disk full, no permission); nothing half-written stays.
    """

    def __init__(self, target: Path, form: str, packing: str) -> None:
        self.target = target
        self._form = form
        self._packing = packing
        # On a cluster two machines may do one unit at a time, with equal process numbers.
        self._temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}{UNFINISHED}")
        self._stream: Any = None
        self._table: Any = None
        self._raw: Any = None
        self._discarded = False
        self._held: list[Any] = []
        self._held_size = 0

    def discard(self) -> None:
        """Leave no file: what was written so far must not be kept."""
        self._discarded = True

    def __enter__(self) -> Self:
        with self._named():
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._raw = self._temporary.open("wb")
            self._stream = self._packed()
        return self

    def _packed(self) -> Any:
        if self._form == "parquet":
            return None
        if self._packing == "gz":
            return gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, compresslevel=6, mtime=0)
        if self._packing == "bz2":
            return bz2.BZ2File(self._raw, "wb")
        if self._packing == "zst":
            import zstandard

            return zstandard.ZstdCompressor(level=3).stream_writer(self._raw, closefd=False)
        return self._raw

    def write(self, piece: Any) -> None:
        with self._named():
            if self._form != "parquet":
                self._stream.write(piece)
                return
            self._held.append(piece)
            self._held_size += piece.nbytes
            if self._held_size >= _GROUP:
                self._write_group()

    def _write_group(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_batches(self._held)
        if self._table is None:
            self._table = pq.ParquetWriter(self._raw, table.schema, compression="zstd")
        self._table.write_table(table)
        self._held, self._held_size = [], 0

    def throw_away(self) -> None:
        """Leave no file, although it was not finished."""
        self._discarded = True
        self.__exit__(CannotWrite, None, None)

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with self._named():
                    self._finish()
        finally:
            with suppress(OSError, ValueError):
                self._raw.close()
            with suppress(OSError):
                self._temporary.unlink()

    def _finish(self) -> None:
        if self._held and not self._discarded:
            self._write_group()
        if self._discarded or (self._form == "parquet" and self._table is None):
            return
        for writer in (self._table, self._stream if self._stream is not self._raw else None):
            if writer is not None:
                writer.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self._temporary.replace(self.target)

    def _named(self) -> "_Named":
        return _Named(self.target)


class _Named:
    """Turns what the file system says into CannotWrite."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(fault, OSError):
            raise CannotWrite(
                f"cannot be written: {fault.strerror or fault}",
                where=str(self._target),
                advice="What was finished is kept. Make room, then run the same command again: it goes on from there.",
            ) from fault
