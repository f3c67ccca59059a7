"""Codility's sessions: lists, details, mails, reports (https://codility.com/api-documentation/, read 2026-11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import web

from interviewkit.sandbox.site import Refusal, reply

from .pages import pdf
from .population import CANCELLED, CLOSED, OPEN, Session
from .shapes import FORMAT, LINK, LIST, page_of

if TYPE_CHECKING:
    from . import Codility

EMAIL_FIELDS = frozenset({"subject", "content", "reply_to", "cc"})

ROUTES: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("GET", "/api/sessions/", "list_sessions", LIST),
    ("GET", "/api/sessions/{session_id}/", "show_session", FORMAT),
    ("POST", "/api/sessions/{session_id}/email/", "email", FORMAT),
    ("POST", "/api/sessions/{session_id}/cancel/", "cancel", FORMAT),
    ("POST", "/api/sessions/{session_id}/embed_report/", "embed_report", FORMAT),
    ("GET", "/api/sessions/{session_id}/pdf/", "show_pdf", FORMAT),
    ("POST", "/api/sessions/{session_id}/embed_similarity/", "embed_similarity", FORMAT),
    ("GET", "/api/tests/{test_id}/sessions/", "list_test_sessions", LIST),
)


class SessionRoutes:
    """The routes below /api/sessions, and a test's sessions."""

    def __init__(self, vendor: Codility) -> None:
        self._vendor = vendor
        self._drift: tuple[int, int] | None = None
        for method, path, handler, query in ROUTES:
            vendor.site.route(method, path, vendor.negotiated(getattr(self, handler), query))

    def drift(self, *, after_page: int, create: int) -> None:
        """Once this page of a session list was served, invite `create` more candidates to the first test."""
        self._drift = (after_page, create)

    async def list_sessions(self, request: web.Request) -> web.Response:
        suffix = "?format=json" if self._vendor.setup.quirks else ""
        answer = self._session_page(request, self._vendor.sessions.all(), suffix=suffix)
        self._drift_after(request)
        return reply(answer)

    async def list_test_sessions(self, request: web.Request) -> web.Response:
        numbers = self._vendor.sessions.of_test(self._vendor.requested_test(request))
        answer = self._session_page(request, numbers, suffix="")
        self._drift_after(request)
        return reply(answer)

    async def show_session(self, request: web.Request) -> web.Response:
        return reply(self._vendor.shapes.detail(self._session(request)))

    async def email(self, request: web.Request) -> web.Response:
        session = self._session(request)
        body = await self._vendor.body(request, EMAIL_FIELDS)
        if "content" in body and LINK not in str(body["content"]):
            raise Refusal(400, {"content": [f"{LINK} placeholder is required."]})
        for name, kind in (("subject", str), ("content", str), ("reply_to", str), ("cc", list)):
            if name in body and not isinstance(body[name], kind):
                raise Refusal(400, {name: ["Not a valid value."]})
        session.emails.append(body)
        self._vendor.sessions.change(session)
        self._vendor.commit("session.email", session.id, **session.intent)
        return reply({"result": "OK"})

    async def cancel(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session.stage not in OPEN:
            raise self._vendor.refuse(400, "Session cannot be cancelled.")
        session.stage = CANCELLED
        self._vendor.sessions.change(session)
        self._vendor.touched.pop(session.id, None)
        self._vendor.commit("session.cancel", session.id, **session.intent)
        return reply({"result": "OK"})

    async def embed_report(self, request: web.Request) -> web.Response:
        return reply(self._vendor.pages.ticket(f"/api/tickets/{self._session(request).id}/"))

    async def embed_similarity(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if self._vendor.sessions.similarity(session) is None:
            raise self._vendor.refuse(404, "Not found.")
        return reply(self._vendor.pages.ticket(f"/similarity/tickets/{session.id}/"))

    async def show_pdf(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session.stage != CLOSED:
            raise self._vendor.refuse(404, "Not found.")
        return web.Response(body=pdf(f"Report {session.id}"), content_type="application/pdf")

    def _session_page(self, request: web.Request, numbers: Sequence[int], *, suffix: str) -> dict[str, Any]:
        count = len(numbers)

        def row(place: int) -> dict[str, Any]:
            number = numbers[count - 1 - place if self._vendor.newest_first else place]
            return self._vendor.shapes.row(self._vendor.sessions.listed(number), suffix)

        return page_of(request, self._vendor.base_url, range(count), row)

    def _drift_after(self, request: web.Request) -> None:
        if self._drift is None or request.query.get("page", "1") != str(self._drift[0]):
            return
        create, self._drift = self._drift[1], None
        for _ in range(create):
            self._vendor.sessions.create(
                self._vendor.sessions.tests[0], candidate="drift", email="late.arrival@example.com"
            )

    def _session(self, request: web.Request) -> Session:
        session = self._vendor.sessions.find(request.match_info["session_id"])
        if session is None:
            raise self._vendor.refuse(404, "Not found.")
        return session
