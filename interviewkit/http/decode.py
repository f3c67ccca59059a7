"""Strict reading of JSON into attrs classes: null stays null, a word stays a word, and an error names its path only.

msgspec reads the bytes; `structure` offers the same rules through cattrs for a dict that is already decoded.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs
import msgspec

from interviewkit.errors import MalformedResponseError
from interviewkit.http.wire import Page, Problem, Response
from interviewkit.model import RawJSON, LazySlot, keep_raw

if TYPE_CHECKING:
    import cattrs

T = TypeVar("T")

_NO_SLOTS: dict[str, Any] = {}
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@functools.cache
def _decoder(shape: Any) -> Any:
    if isinstance(shape, type) and "raw" in getattr(shape, "__slots__", ()):
        keep_raw(shape)
    return msgspec.json.Decoder(shape)


def read_json(response: Response, shape: type[T]) -> T:
    """Decode a whole answer as `shape`, keeping its bytes as the shape's `raw` where it has one.

    Raises `MalformedResponseError` with the JSON path.
    """
    return read_bytes(response.body, shape)


def read_bytes(data: bytes, shape: type[T], *, at: str = "$") -> T:
    """Decode JSON text as `shape`; `at` is the path of this text within the whole answer."""
    try:
        value = _decoder(cast("Any", shape)).decode(data)
    except _UNREADABLE as error:
        raise _malformed(error, data, at) from None
    slot = getattr(shape, "__dict__", _NO_SLOTS).get("raw")
    if slot.__class__ is LazySlot:
        slot.put(value, RawJSON(data))
    return cast("T", value)


def read_rows(rows: list[msgspec.Raw], shape: type[T], *, at: str) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
    """Decode each row of a list by itself, so that one bad row does not lose the page."""
    decode = _decoder(cast("Any", shape)).decode
    slot = shape.__dict__.get("raw")
    put = slot.put if slot.__class__ is LazySlot else None
    items: list[T] = []
    problems: list[Problem] = []
    for index, row in enumerate(rows):
        data = bytes(row)
        try:
            value = decode(data)
        except _UNREADABLE as error:
            problem = _malformed(error, data, f"{at}[{index}]")
            problems.append(Problem(problem.raw, problem))
            continue
        if put is not None:
            put(value, RawJSON(data))
        items.append(value)
    return tuple(items), tuple(problems)


def plain(data: bytes) -> Any:
    """Decode JSON text to dicts and lists. Raises `MalformedResponseError`."""
    return read_bytes(data, object)


def _malformed(error: Exception, data: bytes, at: str) -> MalformedResponseError:
    where, what = at, "not JSON"
    if isinstance(error, msgspec.ValidationError):
        text, _, tail = str(error).partition(" - at `")
        where, what = at + tail.rstrip("`").removeprefix("$"), text
    elif isinstance(error, RecursionError):
        what = "nested too deeply"
    elif not data:
        what = "an empty answer where JSON was expected"
    elif data.lstrip()[:1] == b"<":
        what = "HTML where JSON was expected"
    try:
        raw: Any = msgspec.json.decode(data)
    except _UNREADABLE:
        raw = data
    return MalformedResponseError(
        f"the answer is not what the vendor documents: {what} at {where}",
        paths=(where,),
        raw=raw,
        hint="the whole answer is in the error's .raw",
    )


@functools.cache
def converter() -> cattrs.Converter:
    """The cattrs converter of vendor shapes: strict (no `null` into `"None"`, no `1.9` into `1`), unknown keys kept."""
    import cattrs

    strict = cattrs.Converter()
    strict.register_structure_hook_func(attrs.has, lambda value, shape: msgspec.convert(value, shape))
    return strict


def structure(raw: dict[str, Any], shape: type[T]) -> T:
    """Read a decoded JSON object (`session.raw`) as one of a vendor's shapes. Raises `MalformedResponseError`."""
    _decoder(cast("Any", shape))
    try:
        value = converter().structure(raw, shape)
    except msgspec.ValidationError as error:
        raise _malformed(error, b"", "$") from None
    slot = shape.__dict__.get("raw")
    if isinstance(slot, LazySlot):
        slot.put(value, raw)
    return value


# --- readers: what a `Call` does with its answer; they compare and pickle -------------------------------------------


@attrs.frozen
class One(Generic[T]):
    """Reads an answer that is one object."""

    shape: type[T]

    def __call__(self, response: Response) -> T:
        return read_json(response, self.shape)


@attrs.frozen
class Rows(Generic[T]):
    """Reads an answer that is a bare array: one page, row by row."""

    shape: type[T]

    def __call__(self, response: Response) -> Page[T]:
        rows = cast("list[msgspec.Raw]", read_bytes(response.body, cast("Any", list[msgspec.Raw])))
        items, problems = read_rows(rows, self.shape, at="$")
        return Page(items, problems, None, len(rows))


def content(response: Response) -> bytes:
    """Reads an answer that is a file."""
    return response.body
