"""Codility's tests, invitations to them, and whiteboards (https://codility.com/api-documentation/, read 2026-11)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from aiohttp import web

from interviewkit.sandbox.plays import APPLY
from interviewkit.sandbox.site import Refusal, reply

from .callbacks import EVENTS
from .population import CodeLive
from .shapes import FORMAT, LIST, page_of

if TYPE_CHECKING:
    from . import Codility

INVITE_FIELDS = frozenset({"candidates", "rpt_emails", "event_callbacks"})
CANDIDATE_FIELDS = frozenset({"id", "first_name", "last_name", "email", "redirect_url", "additional_data"})
ARCHIVED = {"True": True, "False": False}

ROUTES: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("GET", "/api/tests/", "list_tests", LIST | {"is_archived"}),
    ("GET", "/api/tests/{test_id}/", "show_test", FORMAT),
    ("POST", "/api/tests/{test_id}/invite/", "invite", FORMAT),
    ("POST", "/api/codelive/create_whiteboard/", "create_whiteboard", FORMAT),
)


class Invitations:
    """The routes below /api/tests, but for their sessions, and /api/codelive."""

    def __init__(self, vendor: Codility) -> None:
        self._vendor = vendor
        for method, path, handler, query in ROUTES:
            vendor.site.route(method, path, vendor.negotiated(getattr(self, handler), query))

    async def list_tests(self, request: web.Request) -> web.Response:
        asked = request.query.get("is_archived")
        if asked is not None and asked not in ARCHIVED:
            raise Refusal(400, {"is_archived": ["Expected True or False."]})
        rows = [test for test in self._vendor.sessions.tests if asked is None or test.is_archived is ARCHIVED[asked]]
        return reply(page_of(request, self._vendor.base_url, rows, self._vendor.shapes.test_row))

    async def show_test(self, request: web.Request) -> web.Response:
        return reply(self._vendor.shapes.test(self._vendor.requested_test(request)))

    async def invite(self, request: web.Request) -> web.Response:
        test = self._vendor.requested_test(request)
        body = await self._vendor.body(request, INVITE_FIELDS)
        people = self._candidates(body)
        rows, invited = [], []
        for who in people[: APPLY.get()(len(people))]:
            session = self._vendor.sessions.create(
                test,
                candidate=str(who["id"]),
                first_name=who.get("first_name"),
                last_name=who.get("last_name"),
                email=who.get("email"),
                redirect_url=who.get("redirect_url"),
                additional_data=who.get("additional_data", {}),
                rpt_emails=body.get("rpt_emails"),
                event_callbacks=body.get("event_callbacks", []),
            )
            self._vendor.sessions.credits = max(self._vendor.sessions.credits - 1, 0)
            self._vendor.touched[session.id] = None
            invited.append(session.id)
            self._vendor.commit("session.invite", session.id, **session.intent)
            url = f"{self._vendor.base_url}/api/sessions/{session.id}/"
            rows.append({"id": who["id"], "test_link": self._vendor.shapes.test_link(session), "session_url": url})
        await self._vendor.invited(invited)
        return reply({"candidates": rows}, status=201 if self._vendor.setup.quirks else 200)

    async def create_whiteboard(self, request: web.Request) -> web.Response:
        body = await self._vendor.body(request, frozenset({"room_name"}))
        room_name = body.get("room_name")  # the page does not call it required
        if room_name is not None and not isinstance(room_name, str):
            raise Refusal(400, {"room_name": ["Not a valid string."]})
        code = f"{secrets.randbelow(10**6):06d}"
        session = self._vendor.sessions.create(None, codelive=CodeLive(access_code=code, room_name=room_name))
        self._vendor.touched[session.id] = None
        self._vendor.commit("whiteboard.create", session.id, room_name=room_name)
        return reply({"test_url": f"{self._vendor.pages.site.base_url}/test/{session.id}/", "access_code": code})

    def _candidates(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        people = body.get("candidates")
        if not isinstance(people, list) or not people or not all(isinstance(who, dict) for who in people):
            raise Refusal(400, {"candidates": ["This field is required."]})
        for who in people:
            if self._vendor.setup.strict:
                self._vendor.refuse_unknown(who, CANDIDATE_FIELDS)
            if not isinstance(who.get("id"), str | int) or who["id"] == "":
                raise Refusal(400, {"candidates": [{"id": ["This field is required."]}]})
            if "email" in who and "@" not in str(who["email"]):
                raise Refusal(400, {"candidates": [{"email": ["Enter a valid email address."]}]})
        for callback in body.get("event_callbacks", []):
            if set(callback) != {"event", "url"} or callback["event"] not in EVENTS:
                raise Refusal(400, {"event_callbacks": [{"event": ["Not a valid choice."]}]})
        return people
