"""Codility's API (https://codility.com/api-documentation/, read 2026-11)."""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from .bodies import JSON, BadBodyError, read_fields
from .codility_oauth import CodilityOAuth
from .codility_pages import CodilityPages, pdf
from .codility_shapes import CodilityShapes, page_of, stamp_spaced
from .faults import APPLY_AT_MOST
from .site import HTML, Handler, Refusal, Site, reply
from .vendor import Setup, Vendor
from .world.codility_sessions import CANCELLED, CLOSED, OPEN, CodeLive, Session, Sessions, Test
from .world.people import person

EMAIL_FIELDS = frozenset({"subject", "content", "reply_to", "cc"})
TEMPLATE_FIELDS = frozenset({"name", "reply_to", "subject", "content"})
INVITE_FIELDS = frozenset({"candidates", "rpt_emails", "event_callbacks"})
CANDIDATE_FIELDS = frozenset({"id", "first_name", "last_name", "email", "redirect_url", "additional_data"})
EVENTS = ("result", "similarity")
LINK = "[PRIVATE_TEST_LINK]"
ARCHIVED = {"True": True, "False": False}
LOGINS = 43
FORMAT = frozenset({"format"})
LIST = FORMAT | {"page"}

ROUTES: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("GET", "/api/account/credit-level/", "credit_level", FORMAT),
    ("GET", "/api/account/user-logins/", "user_logins", LIST),
    ("GET", "/api/email-templates/saved/", "saved_templates", FORMAT),
    ("GET", "/api/email-templates/default/", "default_template", FORMAT),
    ("POST", "/api/email-templates/create/", "create_template", FORMAT),
    ("GET", "/api/sessions/", "list_sessions", LIST),
    ("GET", "/api/sessions/{session_id}/", "show_session", FORMAT),
    ("POST", "/api/sessions/{session_id}/email/", "email", FORMAT),
    ("POST", "/api/sessions/{session_id}/cancel/", "cancel", FORMAT),
    ("POST", "/api/sessions/{session_id}/embed_report/", "embed_report", FORMAT),
    ("GET", "/api/sessions/{session_id}/pdf/", "show_pdf", FORMAT),
    ("POST", "/api/sessions/{session_id}/embed_similarity/", "embed_similarity", FORMAT),
    ("GET", "/api/tests/", "list_tests", LIST | {"is_archived"}),
    ("GET", "/api/tests/{test_id}/", "show_test", FORMAT),
    ("POST", "/api/tests/{test_id}/invite/", "invite", FORMAT),
    ("GET", "/api/tests/{test_id}/sessions/", "list_test_sessions", LIST),
    ("POST", "/api/codelive/create_whiteboard/", "create_whiteboard", FORMAT),
)


class Codility(Vendor):
    """Codility on loopback: the API with its OAuth2 endpoints, and the site of reports and tests."""

    name = "codility"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.token = f"eu.{hashlib.sha256(f'{setup.seed}:codility'.encode()).hexdigest()[:32]}"
        self.newest_first = True
        """The order of session lists, which no document states."""
        self.sessions = Sessions(setup.seed, setup.sessions, self.clock)
        self.templates: list[dict[str, str]] = [
            {
                "name": "First round",
                "reply_to": "talent@example.org",
                "subject": "Your test",
                "content": f"Begin at {LINK}",
            }
        ]
        self._drift: tuple[int, int] | None = None
        if setup.strict_limits:
            self.limit(500, 3600)
        self.site = self.new_site("codility")
        self.pages = CodilityPages(self.new_site("codility-pages"), self)
        self.oauth = CodilityOAuth(self.site, self)
        self.shapes = CodilityShapes(self)
        for method, path, handler, query in ROUTES:
            self.site.route(method, path, self.negotiated(getattr(self, handler), query))
        self.site.unknown_route = self._unknown_route

    @property
    def sites(self) -> Iterable[Site]:
        return (self.site, self.pages.site)

    @property
    def credentials(self) -> dict[str, str]:
        """Keywords of the provider."""
        return {"token": self.token, "base_url": self.base_url}

    def drift(self, *, after_page: int = 1, create: int = 1) -> None:
        """Once this page of a session list was served, invite `create` more candidates to the first test."""
        self._drift = (after_page, create)

    def expire(self, ident: str) -> None:
        """Let an invitation expire now."""
        if (session := self.sessions.find(ident)) is not None:
            session.expires_at = self.clock.now()
            self.sessions.change(session)
            self.touched.pop(ident, None)

    def authenticate(self, request: web.Request) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            raise self.refuse(401, "Authentication credentials were not provided.", **{"WWW-Authenticate": "Bearer"})
        good = secrets.compare_digest(token.encode(), self.token.encode()) or self.oauth.accepts(token)
        if scheme != "Bearer" or not good:
            raise self.refuse(401, "Invalid token.", **{"WWW-Authenticate": "Bearer"})
        return "user"

    def throttled(self, wait: float) -> Refusal:
        seconds = int(wait) + 1
        text = f"Request was throttled. Expected available in {seconds} seconds."
        return self.refuse(429, text, **{"Retry-After": str(seconds)})

    def unknown_parameter(self, name: str) -> Refusal:
        return Refusal(400, {name: ["Unknown field."]})

    def refuse(self, status: int, detail: str, **headers: str) -> Refusal:
        """The error body of the framework that the vendor's page looks like."""
        return Refusal(status, {"detail": detail}, headers=headers)

    def negotiated(self, handler: Handler, query: frozenset[str]) -> Handler:
        """Guard a handler, and show its answer as a page to who does not ask for JSON."""
        guarded = self.guarded(handler, query, self.authenticate)

        async def serve(request: web.Request) -> web.StreamResponse:
            response = await guarded(request)
            wants_json = JSON in request.headers.get("Accept", "") or request.query.get("format") == "json"
            if response.content_type != JSON or wants_json or not isinstance(response, web.Response):
                return response
            return reply(HTML(f"<!doctype html><title>API</title><pre>{request.method} {request.path}</pre>"))

        return serve

    def work(self, ident: str, until: str) -> bool:
        session = self.sessions.find(ident)
        if session is None:
            return False
        self.sessions.perform(session, until)
        if session.stage not in OPEN and (until == "evaluated" or session.stage != "evaluating"):
            self.touched.pop(ident, None)
        return True

    async def credit_level(self, request: web.Request) -> web.Response:
        left = self.sessions.credits
        answer: dict[str, Any] = {
            "credits_available": left,
            "level": "ok" if left > 20 else "warning" if left else "empty",
        }
        if answer["level"] != "ok":
            answer["message"] = "Your account is running out of credits."
        return reply(answer)

    async def user_logins(self, request: web.Request) -> web.Response:
        def login(number: int) -> dict[str, Any]:
            who = person(random.Random(f"{self.setup.seed}:login:{number % 3}"), number % 3)
            user = {"first_name": who.first_name, "last_name": who.last_name, "email": who.email}
            return {"timestamp": stamp_spaced(number), "ip": f"127.0.0.{1 + number % 9}", "user": user}

        return reply(page_of(request, self.base_url, range(LOGINS), login))

    async def saved_templates(self, request: web.Request) -> web.Response:
        return reply(self.templates)

    async def default_template(self, request: web.Request) -> web.Response:
        return reply({"reply_to": "talent@example.org", "subject": "You are invited", "content": f"Begin at {LINK}"})

    async def create_template(self, request: web.Request) -> web.Response:
        body = await self._body(request, TEMPLATE_FIELDS)
        missing = {name: ["This field is required."] for name in sorted(TEMPLATE_FIELDS) if name not in body}
        if missing:
            raise Refusal(400, missing)
        if not isinstance(body["reply_to"], list):
            raise Refusal(400, {"reply_to": ['Expected a list of items but got type "str".']})
        self.templates.append({**body, "reply_to": ", ".join(body["reply_to"])})
        self.commit("template.create", str(body["name"]))
        return reply("ok")

    async def list_sessions(self, request: web.Request) -> web.Response:
        numbers = range(self.sessions.count)
        answer = self._session_page(request, numbers, [], suffix="?format=json" if self.setup.quirks else "")
        self._drift_after(request)
        return reply(answer)

    async def list_test_sessions(self, request: web.Request) -> web.Response:
        old, new = self.sessions.of_test(self._test(request))
        answer = self._session_page(request, old, new, suffix="")
        self._drift_after(request)
        return reply(answer)

    async def show_session(self, request: web.Request) -> web.Response:
        return reply(self.shapes.detail(self._session(request)))

    async def email(self, request: web.Request) -> web.Response:
        session = self._session(request)
        body = await self._body(request, EMAIL_FIELDS)
        if "content" in body and LINK not in str(body["content"]):
            raise Refusal(400, {"content": [f"{LINK} placeholder is required."]})
        for name, kind in (("subject", str), ("content", str), ("reply_to", str), ("cc", list)):
            if name in body and not isinstance(body[name], kind):
                raise Refusal(400, {name: ["Not a valid value."]})
        session.emails.append(body)
        self.sessions.change(session)
        self.commit("session.email", session.id)
        return reply({"result": "OK"})

    async def cancel(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session.stage not in OPEN:
            raise self.refuse(400, "Session cannot be cancelled.")
        session.stage = CANCELLED
        self.sessions.change(session)
        self.touched.pop(session.id, None)
        self.commit("session.cancel", session.id)
        return reply({"result": "OK"})

    async def embed_report(self, request: web.Request) -> web.Response:
        return reply(self.pages.ticket(f"/api/tickets/{self._session(request).id}/"))

    async def embed_similarity(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if self.sessions.similarity(session) is None:
            raise self.refuse(404, "Not found.")
        return reply(self.pages.ticket(f"/similarity/tickets/{session.id}/"))

    async def show_pdf(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session.stage != CLOSED:
            raise self.refuse(404, "Not found.")
        return web.Response(body=pdf(f"Report {session.id}"), content_type="application/pdf")

    async def list_tests(self, request: web.Request) -> web.Response:
        asked = request.query.get("is_archived")
        if asked is not None and asked not in ARCHIVED:
            raise Refusal(400, {"is_archived": ["Expected True or False."]})
        rows = [test for test in self.sessions.tests if asked is None or test.is_archived is ARCHIVED[asked]]
        return reply(page_of(request, self.base_url, rows, self.shapes.test_row))

    async def show_test(self, request: web.Request) -> web.Response:
        return reply(self.shapes.test(self._test(request)))

    async def invite(self, request: web.Request) -> web.Response:
        test = self._test(request)
        body = await self._body(request, INVITE_FIELDS)
        people = self._candidates(body)
        rows = []
        for who in people[: APPLY_AT_MOST.get()]:
            session = self.sessions.create(
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
            self.sessions.credits = max(self.sessions.credits - 1, 0)
            self.touched[session.id] = None
            self.commit(
                "session.invite", session.id, test=str(test.id), candidate=session.candidate, email=session.email
            )
            url = f"{self.base_url}/api/sessions/{session.id}/"
            rows.append({"id": who["id"], "test_link": self.shapes.test_link(session), "session_url": url})
        return reply({"candidates": rows}, status=201 if self.setup.quirks else 200)

    async def create_whiteboard(self, request: web.Request) -> web.Response:
        body = await self._body(request, frozenset({"room_name"}))
        if not isinstance(body.get("room_name"), str) or not body["room_name"]:
            raise Refusal(400, {"room_name": ["This field is required."]})
        code = f"{secrets.randbelow(10**6):06d}"
        session = self.sessions.create(None, codelive=CodeLive(access_code=code, room_name=body["room_name"]))
        self.touched[session.id] = None
        self.commit("whiteboard.create", session.id, room_name=body["room_name"])
        return reply({"test_url": f"{self.pages.site.base_url}/test/{session.id}/", "access_code": code})

    def _candidates(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        people = body.get("candidates")
        if not isinstance(people, list) or not people or not all(isinstance(who, dict) for who in people):
            raise Refusal(400, {"candidates": ["This field is required."]})
        for who in people:
            if self.setup.strict:
                self.refuse_unknown(who, CANDIDATE_FIELDS)
            if not isinstance(who.get("id"), str | int) or who["id"] == "":
                raise Refusal(400, {"candidates": [{"id": ["This field is required."]}]})
            if "email" in who and "@" not in str(who["email"]):
                raise Refusal(400, {"candidates": [{"email": ["Enter a valid email address."]}]})
        for callback in body.get("event_callbacks", []):
            if set(callback) != {"event", "url"} or callback["event"] not in EVENTS:
                raise Refusal(400, {"event_callbacks": [{"event": ["Not a valid choice."]}]})
        return people

    def _session_page(
        self, request: web.Request, old: Sequence[int], new: Sequence[int], *, suffix: str
    ) -> dict[str, Any]:
        count = len(old) + len(new)

        def row(place: int) -> dict[str, Any]:
            place = count - 1 - place if self.newest_first else place
            number = old[place] if place < len(old) else new[place - len(old)]
            return self.shapes.row(self.sessions.numbered(number), suffix)

        return page_of(request, self.base_url, range(count), row)

    def _drift_after(self, request: web.Request) -> None:
        if self._drift is None or request.query.get("page", "1") != str(self._drift[0]):
            return
        create, self._drift = self._drift[1], None
        for _ in range(create):
            self.sessions.create(self.sessions.tests[0], candidate="drift", email="late.arrival@example.com")

    def _session(self, request: web.Request) -> Session:
        session = self.sessions.find(request.match_info["session_id"])
        if session is None:
            raise self.refuse(404, "Not found.")
        return session

    def _test(self, request: web.Request) -> Test:
        test = self.sessions.test(request.match_info["test_id"])
        if test is None:
            raise self.refuse(404, "Not found.")
        return test

    async def _body(self, request: web.Request, known: frozenset[str]) -> dict[str, Any]:
        try:
            body, _ = await read_fields(request, frozenset({JSON}))
        except BadBodyError as error:
            if error.unsupported:
                raise self.refuse(415, f'Unsupported media type "{request.content_type}" in request.') from error
            raise self.refuse(400, "JSON parse error") from error
        if self.setup.strict:
            self.refuse_unknown(body, known)
        return body

    def _unknown_route(self, request: web.Request) -> web.Response:
        if isinstance(request.match_info.http_exception, web.HTTPMethodNotAllowed):
            return self.refuse(405, f'Method "{request.method}" not allowed.').response
        if not request.path.endswith("/"):
            query = f"?{urlencode(list(request.query.items()))}" if request.query else ""
            return web.Response(status=301, headers={"Location": f"{request.rel_url.raw_path}/{query}"})
        return self.refuse(404, "Not found.").response
