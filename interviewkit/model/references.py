"""What names a session at a vendor."""

from __future__ import annotations

import re
from typing import Any, Self
from urllib.parse import quote, unquote

import attrs

from interviewkit.errors import InvalidArgumentError
from interviewkit.model.masks import mask_id
from interviewkit.model.words import SessionKind


def _check_id(name: str, value: object) -> None:
    if value.__class__ is str and value and value.isascii():
        return
    if not isinstance(value, str) or not value:
        raise InvalidArgumentError(f"a reference's {name} is a text that is not empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError(f"a reference's {name} has no UTF-8 form") from None


def _as_kind(value: Any) -> SessionKind:
    try:
        return SessionKind(value)
    except ValueError:
        raise InvalidArgumentError("a reference's kind is 'live' or 'take_home'") from None


@attrs.frozen(kw_only=True)
class SessionRef:
    """Names one session at one vendor; `str(ref)` and `SessionRef.parse(text)` round-trip.

    `kind` names the vendor's space of ids (every CoderPad pad is `live` there); `parent` is RemoteInterview's test.
    Raises `InvalidArgumentError` for a part that is empty or no text.
    """

    provider: str
    kind: SessionKind
    id: str = attrs.field(repr=mask_id)
    parent: str | None = None

    def __attrs_post_init__(self) -> None:
        # Checked here at once, not by a validator a field: lists make one of these a row.
        if self.kind.__class__ is not SessionKind:
            object.__setattr__(self, "kind", _as_kind(self.kind))
        _check_id("provider", self.provider)
        _check_id("id", self.id)
        if self.parent is not None:
            _check_id("parent", self.parent)

    def __str__(self) -> str:
        own = quote(self.id, safe="")
        last = own if self.parent is None else f"{quote(self.parent, safe='')}/{own}"
        return f"{quote(self.provider, safe='')}:{self.kind.value}:{last}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str(ref)` wrote. Raises `InvalidArgumentError` for anything else."""
        match = _REF.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise InvalidArgumentError(
                "not a session reference", hint="write PROVIDER:KIND:ID, such as coderpad:live:DM32JWG2"
            )
        provider, kind, parent, own = match.groups()
        try:
            names = [None if part is None else unquote(part, errors="strict") for part in (provider, own, parent)]
        except UnicodeDecodeError:
            raise InvalidArgumentError("not a session reference: a part of it is not UTF-8") from None
        return cls(provider=names[0] or "", kind=SessionKind(kind), id=names[1] or "", parent=names[2])


_REF = re.compile(r"([^:/\s]+):(live|take_home):(?:([^:/\s]+)/)?([^:/\s]+)")
