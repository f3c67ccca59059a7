"""What names a session at a vendor."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
        own = _quoted(self.id)
        last = own if self.parent is None else f"{_quoted(self.parent)}/{own}"
        return f"{_quoted(self.provider)}:{self.kind.value}:{last}"

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


def _quoted(part: str) -> str:
    return part if part.isascii() and part.isalnum() else quote(part, safe="")


def refer(
    ref: SessionRef | str, *, provider: str, bare: SessionKind | None, forms: Mapping[SessionKind, str],
    kind: SessionKind | None = None,
) -> SessionRef:  # fmt: skip
    """The reference that one provider's caller means: text parsed, an id alone of the kind `bare`.

    `forms` is what stands behind `PROVIDER:KIND:` for each kind there is, with a slash where there is a parent; with
    none, every form fits. Raises `InvalidArgumentError` that names the right forms.
    """
    wrong: str | None = None
    try:
        if isinstance(ref, str) and ":" not in ref and bare is not None:
            ref = SessionRef(provider=provider, kind=bare, id=ref)
        elif isinstance(ref, str):
            ref = SessionRef.parse(ref)
    except InvalidArgumentError as error:
        wrong = error.message
    if wrong is None:
        wrong = _misfit(ref, provider, forms, kind)
    if wrong is not None:
        right = " or ".join(f"{provider}:{kind.value}:{form}" for kind, form in forms.items())
        raise InvalidArgumentError(wrong, hint=f"write {right}" if right else None)
    return ref  # type: ignore[return-value]  # no text is left


def _misfit(ref: object, provider: str, forms: Mapping[SessionKind, str], kind: SessionKind | None) -> str | None:
    """What is wrong with a reference for one provider."""
    if not isinstance(ref, SessionRef):
        return f"a reference is a SessionRef, a Session, an Invitation or text, not {type(ref).__name__}"
    if ref.provider != provider:
        return f"a reference of {ref.provider} was given to {provider}"
    if forms and ref.kind not in forms:
        return f"there is no reference of the kind {ref.kind} here"
    if forms and ("/" in forms[ref.kind]) is (ref.parent is None):
        return f"a reference of the kind {ref.kind} {'needs a' if ref.parent is None else 'has no'} part before a slash"
    if kind is not None and ref.kind is not kind:
        return f"this needs the reference of a {kind} session"
    return None
