"""What Codility posts to the URLs of an invite (https://codility.com/api-documentation/, read 2026-11).

The page shows an unsigned callback. Public code of 2026 reads a newer form, with `Authorization` and `Checksum`, and
public code of 2021 found that the body did not arrive as JSON by its content type.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from interviewkit.sandbox.deliveries import Letter
from interviewkit.sandbox.forgery import signature

from .population import CLOSED, SIMILARITY_DELAY, Session

if TYPE_CHECKING:
    from . import Codility

EVENTS = ("result", "similarity")
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


class Callbacks:
    """The vendor's events, each to the URLs that its invite named for it."""

    def __init__(self, vendor: Codility) -> None:
        self._vendor = vendor

    def tell(self, session: Session, *, since: str) -> None:
        """Post the result of a session that was evaluated since it was at this stage; similarity follows, if ever."""
        if session.stage != CLOSED or since == CLOSED:
            return
        result, webhooks = self._letters(session, "result"), self._vendor.setup.webhooks
        if session.similarity is None:
            webhooks.post(result)
        elif webhooks.out_of_order:
            session.similarity_from = self._vendor.clock.now()
            self._vendor.sessions.change(session)
            webhooks.post([*self._letters(session, "similarity"), *result])
        else:
            webhooks.post(result)
            if self.urls(session, "similarity"):
                webhooks.later(SIMILARITY_DELAY.total_seconds(), lambda: self.tell_similarity(session.id))

    def tell_similarity(self, ident: str) -> None:
        """Post the similarity check's word, if the session is still there and has one."""
        session = self._vendor.sessions.find(ident)
        if session is not None and self._vendor.sessions.similarity(session) is not None:
            self._vendor.setup.webhooks.post(self._letters(session, "similarity"))

    def urls(self, session: Session, event: str) -> list[str]:
        """Where the invite wants this event posted; two entries may name one URL."""
        return [callback["url"] for callback in session.event_callbacks if callback["event"] == event]

    def session(self, ident: str) -> Session:
        """The session with this id; `LookupError` when there is none."""
        session = self._vendor.sessions.find(ident)
        if session is None:
            raise LookupError("the sandbox knows no session by this id")
        return session

    def letter(self, session: Session, event: str, url: str) -> Letter:
        """One event, signed where the vendor signs."""
        document = {"event": event, "session": self._vendor.shapes.detail(session)}
        body = json.dumps(document, ensure_ascii=False).encode()
        token = self._vendor.callback_token
        usual = TEXT if token is None and self._vendor.setup.quirks else JSON
        headers = {"Content-Type": self._vendor.callback_content_type or usual}
        if token is not None:
            headers |= signature(body, token)
        return Letter(vendor=self._vendor.name, event=event, id=session.id, url=url, body=body, headers=headers)

    def _letters(self, session: Session, event: str) -> list[Letter]:
        return [self.letter(session, event, url) for url in self.urls(session, event)]
