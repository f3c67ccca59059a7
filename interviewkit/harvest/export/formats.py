"""How a table is written to a file: Parquet, CSV, JSON Lines. Rows come in batches, and nothing keeps them.

- **Parquet**: times are UTC in microseconds, numbers float64, integers int64, flags booleans, all else text; JSON is
  text. The columns are the same for no rows at all. zstd; a row group is a batch.
- **CSV** (RFC 4180 with LF at a line's end; UTF-8, a header): nothing is an empty cell, an empty text is `""`. Texts
  are quoted, numbers and times (`2026-11-02 09:30:00.000000Z`) are not. Free text that could be taken for a formula
  begins with an apostrophe (`formulas.guard`), ids do not.
- **JSON Lines**: times are ISO 8601 with `Z`, JSON stands there as the value that it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from interviewkit.errors import ConfigurationError, InvalidArgumentError
from interviewkit.harvest.export.formulas import guard
from interviewkit.harvest.export.tables import Column, Kind, Row, TableShape
from interviewkit.serialize import dumps


class TableWriter(Protocol):
    """Writes one table to one file."""

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows."""

    def close(self) -> None:
        """Finish the file and see it on the disk."""


class _JSONLines:
    def __init__(self, path: Path, shape: TableShape) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")
        self._names = [column.name for column in shape.columns]

    def write(self, rows: Sequence[Row]) -> None:
        self._file.writelines(f"{_line(dict(zip(self._names, row, strict=True)))}\n" for row in rows)

    def close(self) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


class _Arrow:
    """Writes batches of Arrow columns through a writer of pyarrow."""

    guarded = False

    def __init__(self, path: Path, shape: TableShape) -> None:
        import pyarrow as pa  # type: ignore[import-untyped]

        types = {
            Kind.TEXT: pa.string(),
            Kind.NUMBER: pa.float64(),
            Kind.INTEGER: pa.int64(),
            Kind.FLAG: pa.bool_(),
            Kind.MOMENT: pa.timestamp("us", tz="UTC"),
            Kind.JSON: pa.string(),
        }
        self._columns = shape.columns
        self._schema = pa.schema([(column.name, types[column.kind]) for column in shape.columns])
        self._file = path.open("wb")
        try:
            self._writer = self._open(shape)
        except BaseException:
            self._file.close()
            raise

    def _open(self, shape: TableShape) -> Any:
        raise NotImplementedError

    def write(self, rows: Sequence[Row]) -> None:
        import pyarrow as pa

        batch = pa.RecordBatch.from_arrays(
            [
                pa.array(self._values(column, values), field.type)
                for column, field, values in zip(self._columns, self._schema, zip(*rows, strict=True), strict=True)
            ],
            schema=self._schema,
        )
        self._writer.write_batch(batch)

    def _values(self, column: Column, values: Iterable[Any]) -> Iterable[Any]:
        if column.kind is Kind.JSON:
            return [None if value is None else _json(value) for value in values]
        if column.kind is Kind.TEXT:
            guarded = self.guarded and column.free_text
            return [value and _whole(guard(value) if guarded else value) for value in values]
        return values

    def close(self) -> None:
        try:
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


class _Parquet(_Arrow):
    _LARGE = frozenset({"raw", "files", "description_html", "output", "expected_output"})

    def _open(self, shape: TableShape) -> Any:
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        words = [column.name for column in shape.columns if column.kind is Kind.TEXT and column.name not in self._LARGE]
        return pq.ParquetWriter(self._file, self._schema, compression="zstd", use_dictionary=words)


class _CSV(_Arrow):
    guarded = True

    def _open(self, shape: TableShape) -> Any:
        import pyarrow.csv as pc  # type: ignore[import-untyped]

        return pc.CSVWriter(self._file, self._schema, write_options=pc.WriteOptions(quoting_style="needed"))


def _json(value: Any) -> str:
    """JSON text, by the quickest way that can write it."""
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, msgspec.MsgspecError, OverflowError):  # half a surrogate pair, a number beyond 64 bits
        return dumps(value)


def _line(value: dict[str, Any]) -> str:
    """JSON text without letters that break lines, which `dumps` looks for with more care than most rows need."""
    text = _json(value)
    return text if text.isascii() and "\x7f" not in text else dumps(value)


def _whole(text: str) -> str:
    """The text with what has no form in UTF-8, halves of surrogate pairs, replaced."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


FORMATS: Mapping[str, Callable[[Path, TableShape], TableWriter]] = {
    "parquet": _Parquet,
    "csv": _CSV,
    "jsonl": _JSONLines,
}


def check_format(name: str) -> None:
    """See that a format is known and can be written here, before anything is.

    Raises `InvalidArgumentError`, and `ConfigurationError` where pyarrow is missing.
    """
    if name not in FORMATS:
        raise InvalidArgumentError(f"no export format {name!r}", hint=f"known are {', '.join(FORMATS)}")
    if name != "jsonl":
        try:
            import pyarrow as pa  # noqa: F401
        except ImportError:
            missing = ConfigurationError(
                f"an export to {name} needs pyarrow", hint="pip install 'interviewkit[harvest]'"
            )
        else:
            return
        raise missing
