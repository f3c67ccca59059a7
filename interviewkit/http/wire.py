"""One vendor call as values: what is sent, how its answer is read, and a page of rows. Nothing here awaits."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import attrs

from interviewkit.errors import InvalidArgumentError, MalformedResponseError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

# --- paths and queries -----------------------------------------------------------------------------------------------


@attrs.frozen
class Path:
    """A path with its ids quoted (`text`) and the route it belongs to (`template`), which is safe to show."""

    template: str
    text: str = attrs.field(repr=False)


def path(template: str, **ids: str | int) -> Path:
    """Fill ids into a route such as `/api/pads/{pad_id}`, each as one quoted segment.

    Raises `InvalidArgumentError` for an id that is empty, `.`, `..`, or holds a slash, a backslash or a control
    character: no id may lead to another route.
    """
    text = template
    for name, value in ids.items():
        text = text.replace("{" + name + "}", _segment(name, value))
    if "{" in text:
        raise InvalidArgumentError(f"an id of the route {template} is missing")
    return Path(template, text)


def _segment(name: str, value: str | int) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InvalidArgumentError(f"{name} is a text or an integer, not {type(value).__name__}")
    text = str(value)
    if text.isascii() and text.isalnum():
        return text
    if not text.strip():
        raise InvalidArgumentError(f"{name} is empty")
    if text in {".", ".."} or _NO_ID.search(text):
        raise InvalidArgumentError(f"{name} holds letters that no id has (a slash, a backslash or a control character)")
    return _quote(name, text, safe="~")


_NO_ID = re.compile(r"[\x00-\x1f\x7f/\\]")


_PLAIN = {safe: re.compile(rf"[{safe}\w.~-]*", re.ASCII) for safe in ("", "~", ",:")}
"""Texts that are the same when they are quoted, by what is safe beside letters, digits and `_.-~`."""


def _quote(name: str, text: str, *, safe: str) -> str:
    if _PLAIN[safe].fullmatch(text):
        return text
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise InvalidArgumentError(f"{name} holds letters that have no UTF-8 form") from None


Fields = tuple[tuple[str, str], ...]


def fields(pairs: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> Fields:
    """Query or form fields as text, those that are `None` left out; booleans are `true` and `false`."""
    listed = pairs.items() if isinstance(pairs, Mapping) else pairs
    return tuple((name, _text(value)) for name, value in listed if value is not None)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


# --- requests --------------------------------------------------------------------------------------------------------


@attrs.frozen
class Form:
    """A body of `application/x-www-form-urlencoded` fields."""

    fields: Fields = attrs.field(repr=lambda value: str([name for name, _ in value]))

    content_type = "application/x-www-form-urlencoded"

    def encode(self) -> bytes:
        """The bytes that are sent."""
        return "&".join(
            f"{_quote(name, name, safe='')}={_quote(name, value, safe='')}" for name, value in self.fields
        ).encode()


@attrs.frozen
class Json:
    """A body of JSON."""

    value: Any = attrs.field(repr=lambda value: str(sorted(value)) if isinstance(value, dict) else "…", hash=False)

    content_type = "application/json"

    def encode(self) -> bytes:
        """The bytes that are sent."""
        try:
            return json.dumps(self.value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError):
            raise InvalidArgumentError("the body cannot be written as JSON") from None


@attrs.frozen
class FilePart:
    """A file within a multipart body."""

    name: str
    filename: str
    content: bytes = attrs.field(repr=lambda value: f"<{len(value)} bytes>")
    content_type: str = attrs.field()

    @content_type.validator
    def _one_line(self, _attribute: Any, value: str) -> None:
        if not value.isascii() or not value.isprintable():
            raise InvalidArgumentError("a file's content_type is one line of ASCII")


@attrs.frozen
class Multipart:
    """A body of `multipart/form-data`: text fields, then files. The boundary follows from the content."""

    fields: Fields = attrs.field(repr=lambda value: str([name for name, _ in value]))
    files: tuple[FilePart, ...]

    @property
    def boundary(self) -> str:
        """Text that separates the parts."""
        digest = hashlib.sha256(repr(self.fields).encode(errors="backslashreplace"))
        for part in self.files:
            digest.update(part.content)
        return f"interviewkit-{digest.hexdigest()[:32]}"

    @property
    def content_type(self) -> str:
        """The header's value, with the boundary."""
        return f"multipart/form-data; boundary={self.boundary}"

    def encode(self) -> bytes:
        """The bytes that are sent (RFC 7578)."""
        try:
            return self._encode()
        except UnicodeEncodeError:
            raise InvalidArgumentError("the body holds letters that have no UTF-8 form") from None

    def _encode(self) -> bytes:
        mark = f"--{self.boundary}\r\n".encode()
        pieces = [
            mark + f'Content-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'.encode()
            for name, value in self.fields
        ]
        pieces += [
            mark
            + (
                f'Content-Disposition: form-data; name="{_quoted(part.name)}"; filename="{_quoted(part.filename)}"\r\n'
                f"Content-Type: {part.content_type}\r\n\r\n"
            ).encode()
            + part.content
            + b"\r\n"
            for part in self.files
        ]
        return b"".join(pieces) + f"--{self.boundary}--\r\n".encode()


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


Body = Form | Json | Multipart


@attrs.frozen
class Request:
    """What is sent, without host and credentials. `endpoint` names which of the provider's hosts takes it."""

    method: str
    path: Path
    query: Fields = attrs.field(default=(), repr=lambda value: str([name for name, _ in value]))
    body: Body | None = None
    endpoint: str = "api"
    accept: str = "application/json"

    @property
    def target(self) -> str:
        """Path and query as they are sent (commas and colons stand plain, as in the vendors' examples)."""
        if not self.query:
            return self.path.text
        pairs = [f"{_quote(name, name, safe='')}={_quote(name, value, safe=',:')}" for name, value in self.query]
        return f"{self.path.text}?{'&'.join(pairs)}"


@attrs.frozen(eq=False)
class Response:
    """A whole answer: status, headers (names in lower case) and decompressed body."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=lambda value: f"<{len(value)} bytes>")


@attrs.frozen(repr=False)
class Call(Generic[T_co]):
    """One operation of a vendor's API: send it with `provider.send(call)`.

    A call compares and pickles. Its `repr` masks personal data; `describe()` shows all of it. `repeatable` calls are
    reads, which may be sent again when an answer was lost; `subject` says what a 404 means, such as `pad id`.
    """

    provider: str
    operation: str
    request: Request
    read: Callable[[Response], T_co]
    repeatable: bool = False
    subject: str | None = None

    def __repr__(self) -> str:
        request = self.request
        names = f" query: {', '.join(name for name, _ in request.query)}" if request.query else ""
        body = "" if request.body is None else f" body: {request.body!r}"
        return f"<Call {self.provider}.{self.operation} {request.method} {request.path.template}{names}{body}>"

    def reading(self, read: Callable[[Response], U]) -> Call[U]:
        """The same request, its answer read otherwise."""
        return Call(self.provider, self.operation, self.request, read, self.repeatable, self.subject)

    def describe(self) -> str:
        """The whole request as text: method, path, query and body. It may hold personal data."""
        request = self.request
        lines = [f"{request.method} {request.target}", f"Accept: {request.accept}"]
        if request.body is not None:
            lines += [f"Content-Type: {request.body.content_type}", "", request.body.encode().decode(errors="replace")]
        return "\n".join(lines)


# --- pages -----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Problem:
    """A row that could not be read: as it came, and why."""

    raw: Any = attrs.field(repr=False)
    error: MalformedResponseError


@attrs.frozen
class Page(Generic[T]):
    """Some rows of a list. `cursor` is opaque text that leads to the next page (`None`: the last page)."""

    items: tuple[T, ...]
    problems: tuple[Problem, ...] = ()
    cursor: str | None = None
    total: int | None = None

    def map(self, translate: Callable[[T], U]) -> Page[U]:
        """The same page with each row translated; a row that `translate` cannot read becomes a problem."""
        items: list[U] = []
        problems = list(self.problems)
        for row in self.items:
            try:
                items.append(translate(row))
            except MalformedResponseError as error:
                problems.append(Problem(getattr(row, "raw", None), error))
        return Page(tuple(items), tuple(problems), self.cursor, self.total)
