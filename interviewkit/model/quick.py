"""Making many objects of a frozen class quickly: an open twin is filled, then becomes one of the class."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import attrs

T = TypeVar("T")
_new = object.__new__


def opened(cls: Any) -> Any:
    """An empty object with the fields of a frozen attrs class, to be filled with all of them and then `closed`.

    attrs fills a frozen object through `object.__setattr__`, field by field, from keywords that are sorted first: that
    takes four times as long as plain assignments. It is for rows of lists: there are no defaults, and neither
    converters nor validators run.
    """
    return _new(_twin(cls))


def closed(made: Any, cls: type[T]) -> T:
    """What `opened(cls)` gave, filled, as an ordinary object of the class."""
    try:
        made.__class__ = cls
    except TypeError:  # CPython 3.11 lets no class with a weak reference slot take another's place
        return cls(**{field.name: getattr(made, field.name) for field in attrs.fields(cls)})  # type: ignore[arg-type]
    return made  # type: ignore[no-any-return]


@functools.cache
def _twin(cls: Any) -> type[Any]:
    return type(f"Open{cls.__name__}", (), {"__slots__": cls.__slots__})
