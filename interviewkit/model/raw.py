"""The vendor's own JSON, kept as the bytes that came and decoded when it is first read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from interviewkit.errors import MalformedResponseError

C = TypeVar("C", bound=type)


class RawJSON:
    """A vendor's JSON, kept as the bytes that came and decoded once, at first use.

    `source` is JSON text, or a dict or list whose values may themselves be `RawJSON` (a report of several answers).
    """

    __slots__ = ("source",)

    def __init__(self, source: bytes | memoryview | dict[str, Any] | list[Any]) -> None:
        self.source = source

    def decode(self) -> Any:
        """Return the decoded JSON value."""
        return _decode(self.source)


def _decode(source: Any) -> Any:
    if isinstance(source, RawJSON):
        return source.decode()
    if isinstance(source, dict):
        return {key: _decode(value) for key, value in source.items()}
    if isinstance(source, list):
        return [_decode(value) for value in source]
    if isinstance(source, bytes | memoryview):
        import msgspec

        try:
            return msgspec.json.decode(source)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            failure = MalformedResponseError("the answer is not JSON as a whole", paths=("$",), raw=bytes(source))
        raise failure
    return source


_KEPT = (bytes, RawJSON)


class LazySlot:
    """Stands before the slot `raw`: decodes the JSON text or `RawJSON` kept there when it is first read.

    `peek` and `put` are the slot itself. Setting goes straight to it, without a Python call: msgspec does so a row.
    """

    peek: Callable[[Any], Any]
    put: Callable[[Any, Any], None]

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = self.peek(instance)
        if value.__class__ in _KEPT:
            value = _decode(value)
            self.put(instance, value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        self.put(instance, value)

    @staticmethod
    def before(slot: Any) -> LazySlot:
        """A descriptor of its own class, whose `__set__` is the slot's."""
        found: LazySlot = type("LazySlot", (LazySlot,), {"__set__": slot.__set__})()
        found.peek, found.put = slot.__get__, slot.__set__
        return found


def keep_raw(cls: C) -> C:
    """Let the slot `raw` of an attrs class hold JSON text or a `RawJSON`, decoded when it is first read."""
    slot = cls.__dict__.get("raw")
    if slot is not None and not isinstance(slot, LazySlot):
        cls.raw = LazySlot.before(slot)  # type: ignore[attr-defined]
    return cls


def undecoded(instance: Any) -> Any:
    """What `instance.raw` holds, without decoding it: to be handed on to another object's `raw`."""
    slot = getattr(type(instance), "raw", None)
    return slot.peek(instance) if isinstance(slot, LazySlot) else instance.raw


def raw_field() -> Any:
    """The attrs field `raw` of a class that `keep_raw` decorates."""
    return attrs.field(factory=dict, repr=False, eq=False)
