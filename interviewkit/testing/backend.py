"""What a conformance run must know of the vendor behind a provider: where its answers come from, and what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import attrs

from interviewkit.http.connection import Carrier
from interviewkit.http.wire import Response
from interviewkit.model import Artifact, Candidate, Score, SessionRef
from interviewkit.testing.scripted import Scripted, Sent, answer
from interviewkit.testing.tap import Fault

CANDIDATE = Candidate(email="jo.doe@example.com", first_name="Jo", last_name="Doe")


@attrs.frozen
class Expected:
    """A request as the vendor's page writes it: `target` is path and query as sent, `body` its exact bytes."""

    method: str
    target: str
    body: bytes | None = None
    content_type: str | None = None


@attrs.define(kw_only=True)
class Backend:
    """A vendor that a provider is tried on: a sandbox on loopback, or recorded answers."""

    transport: Callable[[], Carrier]
    """Makes what carries requests: `recorded({...})`, or `interviewkit.http.transport.Transport` for real HTTP."""
    credentials: Sequence[str]
    """The secrets, one of which stands in each request."""
    finished: SessionRef
    """A session with a whole report."""
    unfinished: SessionRef
    """A session whose candidate has not finished."""
    unknown: SessionRef
    """A well-formed reference to nothing."""
    sessions: int
    """How many rows `list_sessions()` has; more than one page of them, if the vendor pages."""
    expected: Mapping[str, Sequence[Expected]] = attrs.field(factory=dict)
    """For each operation that the provider supports, the requests that it makes, written out by hand."""
    candidate: Candidate = CANDIDATE
    """Whom `invite_candidate` invites."""
    assessment_id: str | None = None
    """What the candidate is invited to."""
    endable: SessionRef | None = None
    """A session that `end_session` may end."""
    artifact: Artifact | None = None
    """What `download` fetches."""
    create: Mapping[str, Any] = attrs.field(factory=lambda: {"title": "Pairing exercise"})
    """Keywords of `create_session`."""
    invite: Mapping[str, Any] = attrs.field(factory=dict)
    """Keywords of `invite_candidate` (a `reference`, where the vendor else makes one up)."""
    listing: Mapping[str, Any] = attrs.field(factory=dict)
    """Keywords of `list_sessions`."""
    email: Any = True
    """The `email` of an invitation that the vendor is to mail."""
    score: Score | None = None
    """The finished session's score, as the vendor gives it."""
    status_keys: Sequence[str] = ()
    """JSON keys that hold the vendor's word for a session's status; none where it has no such word."""
    lists_know_less: bool = False
    """Whether a row of a list may be behind its session, for want of fields."""
    names_next_page: bool = True
    """Whether the vendor's answers name the next page (else each list comes whole)."""
    never_repeated: frozenset[str] = frozenset()
    """Operations that are sent once although they use GET, because it has an effect."""
    secrets: Sequence[str] = ()
    """Further texts that must never be shown, such as an access code."""
    wire: Callable[[Fault, bool, int | None], bool] | None = None
    """`wire(fault, writes_only, times)`: let the sandbox itself fail so on the socket; `False`: it cannot."""
    calm: Callable[[], None] = lambda: None
    """Let the sandbox forget its faults."""


def recorded(routes: Mapping[str, Any]) -> Callable[[], Scripted]:
    """A `Backend.transport` of recorded answers: `{"GET /v1/interviews?page=2": {...}, ...}`.

    A route is the method and the target, with its query or without; an answer is a JSON value, bytes, a `Response`, or
    a function of the `Sent` request. Whatever is not recorded is answered with 404.
    """

    def respond(sent: Sent) -> Response:
        parts = urlsplit(sent.url)
        whole = f"{sent.method} {parts.path}?{parts.query}"
        plain = f"{sent.method} {parts.path}"
        found = routes.get(whole, routes.get(plain, answer({"detail": "not recorded"}, status=404)))
        found = found(sent) if callable(found) else found
        return found if isinstance(found, Response) else answer(found)

    return lambda: Scripted(respond=respond)
