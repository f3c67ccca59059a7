"""Walking through the objects of the shared model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs


def objects(value: Any) -> Iterator[Any]:
    """Every attrs object within a result, the result first; `raw` is left alone."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from objects(one)
    elif attrs.has(type(value)):
        yield value
        for field in attrs.fields(type(value)):
            if field.name != "raw":
                yield from objects(getattr(value, field.name))


def leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Every field of every object within a result, with the name `Class.field`."""
    for found in objects(value):
        for field in attrs.fields(type(found)):
            if field.name != "raw":
                yield f"{type(found).__name__}.{field.name}", getattr(found, field.name)
