"""What callers hand in, checked by the protocol's names before anything is sent: one table for all providers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from interviewkit.errors import InvalidArgumentError
from interviewkit.model.references import SessionRef
from interviewkit.model.sessions import Candidate, Invitation, InvitationEmail, InviteRequest, Session
from interviewkit.model.words import SessionKind


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_aware(value: Any) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None


def _are_texts(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str | bytes) and all(map(_is_filled, value))


def _is_target(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) or callable(getattr(value, "write", None))


def _are_many(value: Any) -> bool:
    one = (str, bytes, Mapping, SessionRef, Session, Invitation, Candidate, InviteRequest)
    return isinstance(value, Iterable | AsyncIterable) and not isinstance(value, one)


def _is_artifact(value: Any) -> bool:
    from interviewkit.model.reports import Artifact

    return isinstance(value, Artifact)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "title": (_is_filled, "a text that is not empty"),
    "language": (_is_filled, "a text that is not empty"),
    "template_id": (_is_filled, "an id, as text that is not empty"),
    "notes": (_is_text, "a text"),
    "private": (lambda value: isinstance(value, bool), "True, False or None"),
    "reference": (_is_text, "a text"),
    "candidate": (lambda value: isinstance(value, Candidate), "a Candidate"),
    "kind": (lambda value: value in tuple(SessionKind), "a SessionKind, or None for all"),
    "assessment_id": (_is_filled, "an id, as text that is not empty: take it from list_assessments()"),
    "updated_since": (_is_aware, "a datetime with a time zone"),
    "email": (lambda value: isinstance(value, bool | InvitationEmail), "True, False or an InvitationEmail"),
    "callback_url": (_is_filled, "an address, as text"),
    "redirect_url": (_is_filled, "an address, as text"),
    "report_emails": (_are_texts, "a list of mailboxes"),
    "artifact": (_is_artifact, "an Artifact: take it from a report's artifacts"),
    "target": (_is_target, "a path, or a file that is open for writing bytes"),
    "refs": (_are_many, "a list of references, not a single one"),
    "concurrency": (_is_count, "a whole number from 1 on"),
    "patience": (_is_time, "a number of seconds from 0 on"),
    "requests": (_are_many, "a list of InviteRequests or Candidates, not a single one"),
}
"""The protocol's arguments: what fits, and what to say otherwise. The values themselves stand in no error."""


def check_arguments(given: Mapping[str, Any], *, required: Collection[str] = ()) -> None:
    """Raise `InvalidArgumentError` for the first argument of a wrong type; `None` fits unless it is `required`."""
    for name, value in given.items():
        fits, wanted = KINDS[name]
        if (value is not None or name in required) and not fits(value):
            given_as = "" if isinstance(value, str) and "text" in wanted else f", not {type(value).__name__}"
            raise InvalidArgumentError(f"{name} is {wanted}{given_as}")


def as_request(item: InviteRequest | Candidate) -> InviteRequest:
    """A batch's row as an `InviteRequest`. Raises `InvalidArgumentError`."""
    request = InviteRequest(candidate=item) if isinstance(item, Candidate) else item
    if not isinstance(request, InviteRequest):
        raise InvalidArgumentError(f"a batch holds InviteRequests or Candidates, not {type(item).__name__}")
    check_arguments({"candidate": request.candidate, "reference": request.reference}, required=("candidate",))
    return request
