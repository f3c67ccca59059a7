"""Strict reading of JSON into attrs classes: null stays null, a word stays a word, and an error names its path only.

msgspec reads the bytes; `structure` offers the same rules through cattrs for a dict that is already decoded.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs
import msgspec

from interviewkit.errors import MalformedResponseError
from interviewkit.http.wire import Page, Problem, Response
from interviewkit.model import LazySlot, keep_raw

if TYPE_CHECKING:
    import cattrs

T = TypeVar("T")

_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, TypeError, OverflowError)


class _Reader:
    """Decodes JSON text as `shape`, and fills `raw` where the shape (or a base class) has it."""

    def __init__(self, shape: Any) -> None:
        slots = [keep_raw(owner).__dict__.get("raw") for owner in getattr(shape, "__mro__", ())]
        self.put: Callable[[Any, Any], None] | None = next((it.put for it in slots if isinstance(it, LazySlot)), None)
        self.becomes = shape if self.put is not None and attrs.has(shape) else None
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(_rawless(shape) if self.becomes else shape).decode


_reader = functools.cache(_Reader)


def _rawless(shape: Any) -> Any:
    """A subclass of an attrs class that msgspec fills in its place: the same object, without the field `raw`.

    msgspec would look for `raw`, get an `AttributeError`, and make a dict that the text soon replaces: a fifth of the
    time that reading a row takes.
    """
    fields = tuple(field for field in attrs.fields(shape) if field.name != "raw")
    return type(
        shape.__name__, (shape,), {"__slots__": (), "__attrs_attrs__": fields, "__setattr__": object.__setattr__}
    )


def read_json(response: Response, shape: type[T]) -> T:
    """Decode a whole answer as `shape`, keeping its bytes as the shape's `raw` where it has one.

    Raises `MalformedResponseError` with the JSON path.
    """
    return read_bytes(response.body, shape)


def read_bytes(data: bytes, shape: type[T], *, at: str = "$") -> T:
    """Decode JSON text as `shape`; `at` is the path of this text within the whole answer.

    Raises `MalformedResponseError` with the JSON path.
    """
    reader = _reader(cast("Any", shape))
    try:
        value, text = _decode(reader.decode, data)
    except _UNREADABLE as error:
        failure = _malformed(error, data, at)
    else:
        if reader.put is not None:
            reader.put(value, text)
        if reader.becomes is not None:
            value.__class__ = reader.becomes
        return cast("T", value)
    raise failure


def read_rows(rows: list[msgspec.Raw], shape: type[T], *, at: str) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
    """Decode each row of a list by itself, so that one bad row does not lose the page."""
    reader = _reader(cast("Any", shape))
    decode, put, becomes = reader.decode, reader.put, reader.becomes
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
            put(value, data)
        if becomes is not None:
            value.__class__ = becomes
        items.append(value)
    return tuple(items), tuple(problems)


def plain(data: bytes) -> Any:
    """Decode JSON text to dicts and lists. Raises `MalformedResponseError`."""
    return read_bytes(data, object)


# --- odd texts -------------------------------------------------------------------------------------------------------

_ESCAPES = rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)"
_LONE = len(rb"\ud83d")


def _decode(decode: Callable[[bytes], Any], data: bytes) -> tuple[Any, bytes]:
    """The value, and the text that it was read from.

    JavaScript writes one half of a surrogate pair as an escape (`"\\ud83d"`), which has no UTF-8 form: read as U+FFFD.
    What the shape skips is checked to be UTF-8 too, so that `raw` can be decoded later.
    """
    if not data.isascii():
        str(data, "utf-8")
    try:
        return decode(data), data
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        text = re.sub(_ESCAPES, lambda match: rb"\ufffd" if len(match[0]) == _LONE else match[0], data)
        if text == data:
            raise
        return decode(text), text


_VALUE = r"(?s) (?:['\d-].*)"
"""Where a message begins to quote what it read: `Invalid enum value 'x'`."""


def _malformed(error: Exception, data: Any, at: str) -> MalformedResponseError:
    where, what = at, "not JSON"
    if isinstance(error, msgspec.ValidationError):
        what, _, tail = str(error).partition(" - at `")
        what = re.sub(_VALUE, "", what)
        where = at + tail.rpartition("` in `")[2].rstrip("`").removeprefix("$")
    elif isinstance(error, RecursionError):
        what = "nested too deeply"
    elif isinstance(error, UnicodeError):
        what = "not UTF-8"
    elif not data:
        what = "an empty answer where JSON was expected"
    elif data.lstrip()[:1] == b"<":
        what = "HTML where JSON was expected"
    return MalformedResponseError(
        f"the answer is not what the vendor documents: {what} at {where}", paths=(where,), raw=_as_it_came(data)
    )


def _as_it_came(data: Any) -> Any:
    try:
        return msgspec.json.decode(data) if isinstance(data, bytes) else data
    except _UNREADABLE:
        return data


# --- dicts that are already decoded ----------------------------------------------------------------------------------


@functools.cache
def converter() -> cattrs.Converter:
    """The cattrs converter of vendor shapes: strict (no `null` into `"None"`, no `1.9` into `1`), unknown keys kept."""
    import cattrs

    strict = cattrs.Converter()
    strict.register_structure_hook_func(lambda _shape: True, _convert)
    return strict


def _convert(value: Any, shape: Any) -> Any:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:  # a page keeps its rows as text, which only the decoder of text makes
        return msgspec.json.decode(msgspec.json.encode(value), type=shape)


def structure(raw: dict[str, Any], shape: type[T]) -> T:
    """Read a decoded JSON object (`session.raw`) as one of a vendor's shapes. Raises `MalformedResponseError`."""
    put = _reader(cast("Any", shape)).put
    try:
        value = converter().structure(raw, shape)
    except _UNREADABLE as error:
        failure = _malformed(error, raw, "$")
    else:
        if put is not None:
            put(value, raw)
        return value
    raise failure


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
