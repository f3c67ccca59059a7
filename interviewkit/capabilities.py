"""What a provider says it can do: honest, with a note for what it cannot."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping

import attrs


class Support(enum.StrEnum):
    """How a feature comes about."""

    NATIVE = "native"
    """The vendor's API has it."""
    EMULATED = "emulated"
    """The provider makes it of other operations; the note says how."""
    UNSUPPORTED = "unsupported"
    """Not to be had: calling it raises `UnsupportedError` and sends nothing."""


class Feature(enum.StrEnum):
    """What can be asked of a provider."""

    CREATE_SESSION = "create_session"
    LIST_SESSIONS = "list_sessions"
    GET_SESSION = "get_session"
    FETCH_REPORT = "fetch_report"
    INVITE_CANDIDATE = "invite_candidate"
    BATCH_INVITE = "batch_invite"
    EMAIL_CANDIDATE = "email_candidate"
    LIST_ASSESSMENTS = "list_assessments"
    END_SESSION = "end_session"
    REPORT_LINK = "report_link"
    DOWNLOAD = "download"
    CHECK = "check"
    UPDATED_SINCE = "updated_since"
    REFERENCE = "reference"
    CALLBACK = "callback"
    WEBHOOKS = "webhooks"


@attrs.frozen
class Capability:
    """One feature at one provider: how it is supported, what to know about it, and a published limit."""

    support: Support
    note: str = ""
    limit: str | None = None

    def __bool__(self) -> bool:
        return self.support is not Support.UNSUPPORTED


NOT_OFFERED = Capability(Support.UNSUPPORTED, "the provider does not offer it")


class Capabilities(Mapping[Feature, Capability]):
    """Every `Feature` with its `Capability`; what is not declared is unsupported."""

    def __init__(self, declared: Mapping[Feature, Capability] | None = None) -> None:
        given = declared or {}
        self._declared = {feature: given.get(feature, NOT_OFFERED) for feature in Feature}

    def __getitem__(self, feature: Feature) -> Capability:
        try:
            return self._declared[Feature(feature)]
        except ValueError:  # a mapping's own error, so that `in` and `get` work with any key
            raise KeyError(f"{feature!r} is no Feature") from None

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)

    def __repr__(self) -> str:
        offered = ", ".join(f"{feature}: {found.support}" for feature, found in self.items() if found)
        return f"Capabilities({offered})"

    def supports(self, feature: Feature) -> bool:
        """Whether the feature is native or emulated."""
        return bool(self[feature])


def native(note: str = "", *, limit: str | None = None) -> Capability:
    """A feature that the vendor's API has."""
    return Capability(Support.NATIVE, note, limit)


def emulated(note: str, *, limit: str | None = None) -> Capability:
    """A feature made of other operations; `note` says how."""
    return Capability(Support.EMULATED, note, limit)


def unsupported(note: str) -> Capability:
    """A feature that cannot be had; `note` says why and what to do instead."""
    return Capability(Support.UNSUPPORTED, note)
