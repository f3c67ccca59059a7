"""The faults a vendor can be told to have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import attrs

from .checks import NonsenseError, flag, known_names, number, one_of, text

ELSEWHERE = "http://127.0.0.1:9/elsewhere"
"""Where redirects lead unless told: nobody listens there."""
MADE_UP_WORDS = {
    "pending": "on_hold",
    "started": "rehearsing",
    "ended": "archived",
    "completed": "shortlisted",
    "accepted": "offered",
    "ok": "plenty",
    "acknowledged": "reviewed",
}


class FaultKind(StrEnum):
    """The ways in which a request can go wrong."""

    LATENCY = "latency"
    STATUS = "status"
    RESET = "reset"
    LATE_COMMIT = "late_commit"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    OVERSIZED = "oversized"
    GZIP_BOMB = "gzip_bomb"
    REDIRECT = "redirect"
    CHANGED_WORDS = "changed_words"
    PARTIAL_BATCH = "partial_batch"


GARBAGE: dict[str, tuple[bytes, str]] = {
    "html": (b"<!doctype html><title>Sign in</title><h1>Please sign in</h1>", "text/html"),
    "empty": (b"", "application/json"),
    "not_utf8": (b'{"status": "OK", "name": "\xff\xfe\xe9"}', "application/json"),
    "wrong_shape": (b'["neither", "an object", 42]', "application/json"),
    "deep": (b"[" * 200_000 + b"]" * 200_000, "application/json"),
    "not_json": (b'{"status": "OK", ', "application/json"),
}


def _kind(value: Any) -> FaultKind:
    one_of("kind", value, FaultKind)
    return FaultKind(value)


def _number(
    least: float, most: float, *, whole: bool = False, or_none: bool = False
) -> Callable[[Any, Any, Any], None]:
    def check(_fault: Any, attribute: Any, value: Any) -> None:
        if value is not None or not or_none:
            number(attribute.name, value, least, most, whole=whole)

    return check


@attrs.frozen(kw_only=True)
class Fault:
    """One way to fail; build it by the named constructors, for instance `Fault.server_error(committed=True)`."""

    kind: FaultKind = attrs.field(converter=_kind)
    status: int = attrs.field()
    seconds: float = attrs.field(default=0.0, validator=_number(0, 3600))
    retry_after: float | str | None = attrs.field(default=None)
    committed: bool = attrs.field(default=False, validator=lambda _fault, one, value: flag(one.name, value))
    flavour: str = attrs.field(default="html", validator=lambda _fault, one, value: one_of(one.name, value, GARBAGE))
    size: int = attrs.field(default=64 * 1024 * 1024, validator=_number(0, 1 << 30, whole=True))
    location: str = attrs.field(default=ELSEWHERE, validator=lambda _fault, one, value: text(one.name, value))
    words: Mapping[str, str] = attrs.field(factory=lambda: MADE_UP_WORDS)
    applied: int | None = attrs.field(default=0, validator=_number(0, 1_000_000, whole=True, or_none=True))
    share: float | None = attrs.field(default=None, validator=_number(0, 1, or_none=True))

    @status.default
    def _usual_status(self) -> int:
        return 302 if self.kind is FaultKind.REDIRECT else 500

    @status.validator
    def _check_status(self, _attribute: Any, value: Any) -> None:
        redirect = self.kind is FaultKind.REDIRECT
        number("status", value, 300 if redirect else 200, 399 if redirect else 599, whole=True)

    @retry_after.validator
    def _check_retry_after(self, _attribute: Any, value: Any) -> None:
        if value is not None and value != "date":
            number('retry_after is null, "date" or seconds; it', value, 0, 1_000_000)

    @words.validator
    def _check_words(self, _attribute: Any, value: Any) -> None:
        if not isinstance(value, Mapping) or not all(isinstance(part, str) for pair in value.items() for part in pair):
            raise NonsenseError("words maps a word to another")

    @property
    def label(self) -> str:
        """What to count it under: its kind, with the status, and whether the write took effect before it."""
        kind = f"status {self.status}" if self.kind is FaultKind.STATUS else str(self.kind)
        return f"{kind} after commit" if self.committed else kind

    def drawn(self, draw: Callable[[], float]) -> Fault:
        """The same fault with what it leaves to chance decided by `draw`, which gives 0 to 1."""
        is_open = self.kind is FaultKind.PARTIAL_BATCH and self.applied is None and self.share is None
        return attrs.evolve(self, share=draw()) if is_open else self

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fault:
        """The fault that a control request describes; `ValueError` for a kind or a field that does not exist."""
        if "kind" not in data:
            raise NonsenseError(f"a fault has a kind, one of {', '.join(FaultKind)}")
        known_names(data, [field.name for field in attrs.fields(cls)])
        return cls(**data)

    @classmethod
    def latency(cls, seconds: float) -> Fault:
        """Answer correctly, but `seconds` of real time later."""
        return cls(kind=FaultKind.LATENCY, seconds=seconds)

    @classmethod
    def rate_limited(cls, retry_after: float | str | None = None) -> Fault:
        """429; `retry_after` in seconds, or "date" for the header's date form one second ahead, or no header."""
        return cls(kind=FaultKind.STATUS, status=429, retry_after=retry_after)

    @classmethod
    def server_error(
        cls, status: int = 500, *, committed: bool = False, retry_after: float | str | None = None
    ) -> Fault:
        """An error status; with `committed`, only after the write took effect."""
        return cls(kind=FaultKind.STATUS, status=status, committed=committed, retry_after=retry_after)

    @classmethod
    def reset(cls, *, committed: bool = False) -> Fault:
        """Reset the connection; with `committed`, only after the write took effect."""
        return cls(kind=FaultKind.RESET, committed=committed)

    @classmethod
    def late_commit(cls, seconds: float = 0.02) -> Fault:
        """Reset the connection, and let the write take effect `seconds` of real time after that."""
        return cls(kind=FaultKind.LATE_COMMIT, seconds=seconds)

    @classmethod
    def timeout(cls, seconds: float, *, committed: bool = False) -> Fault:
        """Say nothing for `seconds` of real time, then reset: no write; with `committed`, it took effect before."""
        return cls(kind=FaultKind.TIMEOUT, seconds=seconds, committed=committed)

    @classmethod
    def truncated(cls) -> Fault:
        """Send half of the announced body, then close."""
        return cls(kind=FaultKind.TRUNCATED)

    @classmethod
    def garbage(cls, flavour: str = "html") -> Fault:
        """A 200 that is not the vendor's: html, empty, not_utf8, wrong_shape, deep or not_json."""
        return cls(kind=FaultKind.GARBAGE, flavour=flavour)

    @classmethod
    def oversized(cls, size: int = 64 * 1024 * 1024) -> Fault:
        """A correct JSON object of `size` bytes and more."""
        return cls(kind=FaultKind.OVERSIZED, size=size)

    @classmethod
    def gzip_bomb(cls, size: int = 64 * 1024 * 1024) -> Fault:
        """A small compressed body that unfolds to `size` bytes."""
        return cls(kind=FaultKind.GZIP_BOMB, size=size)

    @classmethod
    def redirect(cls, location: str = ELSEWHERE, status: int = 302) -> Fault:
        """Send the client elsewhere; a careful one does not go."""
        return cls(kind=FaultKind.REDIRECT, location=location, status=status)

    @classmethod
    def changed_words(cls, words: Mapping[str, str] | None = None) -> Fault:
        """Answer correctly, but with status words nobody has seen yet."""
        return cls(kind=FaultKind.CHANGED_WORDS, words=words or MADE_UP_WORDS)

    @classmethod
    def partial_batch(cls, applied: int | None = None) -> Fault:
        """Codility's invite: apply the first `applied` candidates, a random number unless told, then answer 500."""
        return cls(kind=FaultKind.PARTIAL_BATCH, applied=applied)
