"""Codility: its token, and what its routes ask of a request (https://codility.com/api-documentation/, read 2026-11)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from aiohttp import web

from interviewkit.sandbox.bodies import JSON, BadBodyError, read_fields
from interviewkit.sandbox.deliveries import Letter
from interviewkit.sandbox.site import HTML, Handler, Refusal, Site, reply
from interviewkit.sandbox.vendor import Setup, Vendor

from .account import Account
from .callbacks import EVENTS, Callbacks
from .invitations import Invitations
from .oauth import OAuth
from .pages import Pages
from .population import CLOSED, OPEN, Sessions, Test
from .session_routes import SessionRoutes
from .shapes import Shapes


class Codility(Vendor):
    """Codility on loopback: the API with its OAuth2 endpoints, and the site of reports and tests."""

    name = "codility"
    batch_route = "/api/tests/{test_id}/invite/"
    write_routes = (batch_route, "/api/sessions/{session_id}/email/", "/api/codelive/create_whiteboard/")
    events = EVENTS
    variables: ClassVar = {"CODILITY_TOKEN": "token", "CODILITY_BASE_URL": "base_url"}
    secret_keywords = frozenset({"token"})

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.token = f"eu.{hashlib.sha256(f'{setup.seed}:codility'.encode()).hexdigest()[:32]}"
        self.newest_first = True
        """The order of session lists, which no document states."""
        self.sessions = Sessions(setup.seed, setup.sessions, self.clock, self.lag)
        if setup.strict_limits:
            self.limit(500, 3600)
        self.site = self.new_site("codility")
        self.pages = Pages(self.new_site("codility-pages"), self)
        self.oauth = OAuth(self.site, self)
        self.shapes = Shapes(self)
        self.account = Account(self)
        self.callbacks = Callbacks(self)
        self.callback_token = setup.callback_token
        """Signs callbacks in the newer form; None sends the older one, which has no signature."""
        self.callback_content_type: str | None = None
        """The callbacks' media type; None is JSON, and with quirks plain text in the older form."""
        self.invitations = Invitations(self)
        self._session_routes = SessionRoutes(self)
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
        self._session_routes.drift(after_page=after_page, create=create)

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
        stage = session.stage
        self.sessions.perform(session, until)
        self.callbacks.tell(session, since=stage)
        if session.stage not in OPEN and (until == "evaluated" or session.stage != "evaluating"):
            self.touched.pop(ident, None)
        return True

    def remove(self, ident: str) -> bool:
        session = self.sessions.find(ident)
        if session is None:
            return False
        self.sessions.remove(session)
        self.touched.pop(ident, None)
        return True

    def touch(self, ident: str) -> bool:
        session = self.sessions.find(ident)
        if session is None:
            return False
        stage = session.stage
        self.sessions.touch(session)
        self.callbacks.tell(session, since=stage)
        if stage == CLOSED:
            self.callbacks.tell_similarity(session.id)
        return True

    def callback_urls(self, ident: str | None, event: str) -> Sequence[str]:
        return [] if ident is None else self.callbacks.urls(self.callbacks.session(ident), event)

    def letter(self, ident: str, event: str, url: str) -> Letter:
        return self.callbacks.letter(self.callbacks.session(ident), event, url)

    def made_up_letter(self, event: str, url: str) -> Letter:
        return self.callbacks.letter(self.sessions.nobody(), event, url)

    def another(self, ident: str) -> str:
        return next(other for other in self.sessions.ids() if other != ident)

    def refs(self, *, organization: bool) -> Iterator[str]:
        for ident in self.sessions.ids():
            yield f"codility:{'live' if ident.startswith('CL-') else 'take_home'}:{ident}"

    def requested_test(self, request: web.Request) -> Test:
        """The test that the path names, or the vendor's refusal."""
        test = self.sessions.test(request.match_info["test_id"])
        if test is None:
            raise self.refuse(404, "Not found.")
        return test

    async def body(self, request: web.Request, known: frozenset[str]) -> dict[str, Any]:
        """The JSON body, all of its fields known."""
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
