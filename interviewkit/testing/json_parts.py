"""Finding and changing parts of a JSON value by their path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Where = tuple[str | int, ...]
"""Keys and indexes that lead to a part."""


class _Gone:
    """Stands for a key that is left out."""


GONE = _Gone()


def parse(body: bytes) -> Any:
    """The JSON value of a body, or `None` where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def parts(value: Any, at: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Every part of a value that has a key or an index, from the outside in."""
    pairs: Iterator[tuple[str | int, Any]]
    if isinstance(value, dict):
        pairs = iter(value.items())
    elif isinstance(value, list):
        pairs = iter(enumerate(value))
    else:
        return
    for key, part in pairs:
        yield (*at, key), part
        yield from parts(part, (*at, key))


def fields(value: Any) -> Iterator[tuple[Where, Any]]:
    """Every key of every object; of a list only its first object stands for all."""
    for where, part in parts(value):
        if isinstance(where[-1], str) and all(not isinstance(key, int) or key == 0 for key in where):
            yield where, part


def replaced(value: Any, where: Where, new: Any) -> Any:
    """A copy of a value with one part replaced, or left out if `new` is `GONE`."""
    if not where:
        return new
    key, rest = where[0], where[1:]
    if isinstance(value, dict):
        changed = {name: replaced(part, rest, new) if name == key else part for name, part in value.items()}
        return {name: part for name, part in changed.items() if part is not GONE}
    return [replaced(part, rest, new) if place == key else part for place, part in enumerate(value)]


def rows_within(value: Any, rows: list[Any]) -> list[Where]:
    """Where in a value the rows of a list stand, as they came."""
    numbered = [(where, part) for where, part in parts(value) if isinstance(where[-1], int)]
    return [where for where, part in numbered if isinstance(part, dict) and part in rows]


def shown_in(where: Where) -> str:
    """A path as text, for messages."""
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in where)
