"""How CoderPad's answers are read: objects with a `status` beside their fields, pages of rows, acknowledgements.

Every reader refuses an HTTP 200 that says `"status": "ERROR"`, and every reader compares and pickles.
"""

from __future__ import annotations

import functools
from typing import Any, Generic, TypeVar, cast

import attrs
import msgspec

from interviewkit.errors import MalformedResponseError
from interviewkit.http.decode import Rows, read_json, read_rows
from interviewkit.http.wire import Page, Response
from interviewkit.providers.coderpad.problems import Envelope, check, check_head, cursor_of
from interviewkit.providers.coderpad.shapes import Ack

T = TypeVar("T")


@attrs.frozen
class Answer(Generic[T]):
    """Reads one object, whose fields stand beside `"status": "OK"`."""

    shape: type[T]

    def __call__(self, response: Response) -> T:
        check(response)
        found = read_json(response, self.shape)
        if found == _blank(cast("Any", self.shape)):
            raise MalformedResponseError(
                "the answer is not what the vendor documents: none of its fields at $", paths=("$",), raw=response.body
            )
        return found


@functools.cache
def _blank(shape: type[Any]) -> Any:
    """What an object without any known field is read as; `None` where a field, such as an id, is required."""
    required = not attrs.has(shape) or any(field.default is attrs.NOTHING for field in attrs.fields(shape))
    return None if required else shape()


@attrs.frozen
class Listing(Generic[T]):
    """Reads a page of rows under `key`, each by itself; a `bare` list has no pages, and may come as a mere array."""

    shape: type[T]
    key: str
    bare: bool = False

    def __call__(self, response: Response) -> Page[T]:
        if self.bare and response.body.lstrip()[:1] == b"[":
            return Rows(self.shape)(response)
        envelope = read_json(response, Envelope)
        check_head(envelope, response)
        rows: list[msgspec.Raw] | None = getattr(envelope, self.key)
        if rows is None:
            path = f"$.{self.key}"
            raise MalformedResponseError(
                f"the answer is not what the vendor documents: no rows at {path}", paths=(path,), raw=response.body
            )
        items, problems = read_rows(rows, self.shape, at=f"$.{self.key}")
        told = len(rows) if self.bare else envelope.total
        total = told if type(told) is int else None
        return Page(items, problems, cursor_of(envelope.next_page), total)


def acknowledged(response: Response) -> Ack:
    """Reads `{"status": "OK"}`, or nothing at all with HTTP 204."""
    if response.status == 204 and not response.body:
        return Ack()
    check(response)
    return granted(response)


def granted(response: Response) -> Ack:
    """Reads `{"status": "OK"}`. Raises `MalformedResponseError` without it: nothing says that it is done."""
    found = read_json(response, Ack)
    if found.status is None:
        raise MalformedResponseError(
            "the answer is not what the vendor documents: no word at $.status", paths=("$.status",), raw=found.raw
        )
    return found
