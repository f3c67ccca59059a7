"""Making many objects of a frozen class quickly: an open twin is filled, then becomes one of the class.

`quick(cls)` is called as the class is. For rows of lists, of which there may be a million, finding each keyword's place
takes as long as all the rest: those fill what `opened(cls)` gives, field by field.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar

import attrs

P = ParamSpec("P")
T = TypeVar("T")


class _Quick(Protocol):
    """Gives a function that makes objects as the class does, from the same keywords, in a third of the time.

    It is for attrs classes that take keywords only. Neither converters nor checks of the class run.
    """

    def __call__(self, cls: Callable[P, T], /) -> Callable[P, T]: ...


def opened(cls: Any) -> Any:
    """An empty object with the fields of a frozen attrs class: all of them are to be set, and then it is `closed`."""
    return _new(_twin(cls))


def closed(made: Any, cls: type[T]) -> T:
    """What `opened(cls)` gave, filled, as an ordinary object of the class."""
    try:
        made.__class__ = cls
    except TypeError:  # as in `_maker`
        return cls(**{field.name: getattr(made, field.name) for field in attrs.fields(cls)})  # type: ignore[arg-type]
    return made  # type: ignore[no-any-return]


_new = object.__new__


@functools.cache
def _twin(cls: Any) -> type[Any]:
    return type(f"Open{cls.__name__}", (), {"__slots__": cls.__slots__})


def _maker(cls: Any) -> Any:
    """attrs fills a frozen object through `object.__setattr__`; the function that is written here merely assigns."""
    twin: Any = _twin(cls)
    try:
        _new(twin).__class__ = cls
    except TypeError:  # CPython 3.11 lets no class with a weak reference slot take another's place
        return cls
    known: dict[str, Any] = {"new": _new, "twin": twin, "cls": cls}
    keywords, lines = [], ["made = new(twin)"]
    for field in attrs.fields(cls):
        name, default = field.name, field.default
        known[f"default_{name}"] = default
        keywords.append(name if default is attrs.NOTHING else f"{name}=default_{name}")
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            lines.append(f"if {name} is default_{name}: {name} = default_{name}.factory()")
        lines.append(f"made.{name} = {name}")
    body = "\n    ".join([*lines, "made.__class__ = cls", "return made"])
    exec(f"def make(*, {', '.join(keywords)}):\n    {body}", known)  # noqa: S102 - as attrs does, of fields' names
    return known["make"]


quick: _Quick = functools.cache(_maker)
