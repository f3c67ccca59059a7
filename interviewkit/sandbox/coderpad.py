"""CoderPad's Interview API: pads, their events and environments (https://coderpad.io/api, read 2026-11)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from .bodies import FORM, JSON, MULTIPART, BadBodyError, read_fields
from .coderpad_account import CoderPadAccount
from .coderpad_files import CoderPadFiles
from .coderpad_questions import CoderPadQuestions
from .coderpad_shapes import boolean, events_json, pad_json, refuse
from .site import Refusal, Site, reply
from .vendor import Setup, Vendor
from .world import programs
from .world.organization import Organization
from .world.pad import Pad
from .world.pads import ALL, CREATED, OWN, UPDATED, Pads

PAGE = 50
SCHEME = re.compile(r'Token token="([^"]*)"|Bearer (\S+)')
PAD_FIELDS = frozenset(
    [
        "title",
        "language",
        "contents",
        "question_id",
        "notes",
        "private",
        "execution_enabled",
        "user_email",
        "team_id",
        "restrict_interviewer_access",
        "allowed_interviewer_emails",
        "disable_coaching_tips",
    ]
)
CREATE_FIELDS = PAD_FIELDS | {"take_home", "take_home_time_limit", "ai_assist_enabled"}
UPDATE_FIELDS = (PAD_FIELDS - {"team_id"}) | {"ended", "deleted"}
LIST_QUERY = frozenset({"sort", "page", "cursor"})
NOTHING: frozenset[str] = frozenset()

ROUTES: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("GET", "/api/pads", "list_own_pads", LIST_QUERY),
    ("GET", "/api/pads/", "list_own_pads", LIST_QUERY),
    ("POST", "/api/pads", "create_pad", NOTHING),
    ("POST", "/api/pads/", "create_pad", NOTHING),
    ("GET", "/api/pads/{pad_id}", "show_pad", NOTHING),
    ("PUT", "/api/pads/{pad_id}", "update_pad", NOTHING),
    ("GET", "/api/pads/{pad_id}/events", "list_events", frozenset({"sort", "page"})),
    ("GET", "/api/pad_environments/{environment_id}", "show_environment", NOTHING),
    ("GET", "/api/organization/pads", "list_all_pads", frozenset({"sort", "page"})),
)


class CoderPad(Vendor):
    """CoderPad on loopback: the API site, and the site of edit histories and drawings."""

    name = "coderpad"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.api_key = hashlib.sha256(f"{setup.seed}:coderpad".encode()).hexdigest()[:32]
        self.owner = True
        """Whether the key's user is an organization owner; set it to False to meet the 403s."""
        self.quota_limit: int | None = 10_000
        """Pads a billing cycle; None is an unlimited plan."""
        self.quota_used = 33
        self.organization = Organization.invent(setup.seed)
        size = setup.sessions
        self.pads = Pads(setup.seed, size, self.organization, self.clock, setup.list_lag)
        self._drift: dict[str, int] | None = None
        self._answers = 0
        self.site = self.new_site("coderpad")
        self.files = CoderPadFiles(self.new_site("coderpad-files"), self)
        for method, path, handler, query in ROUTES:
            self.site.route(method, path, self.guarded(getattr(self, handler), query, self.authenticate))
        self.questions = CoderPadQuestions(self)
        self.account = CoderPadAccount(self)
        self.site.unknown_route = lambda request: refuse(404, "Resource not found").response

    @property
    def sites(self) -> Iterable[Site]:
        return (self.site, self.files.site)

    @property
    def credentials(self) -> dict[str, str]:
        """Keywords of the provider."""
        return {"api_key": self.api_key, "base_url": self.base_url}

    def drift(self, *, after_page: int = 1, delete: int = 0, create: int = 0) -> None:
        """Once this page of a pad list was served, delete its first `delete` pads and create `create` new ones."""
        self._drift = {"after_page": after_page, "delete": delete, "create": create}

    def authenticate(self, request: web.Request) -> str:
        found = SCHEME.fullmatch(request.headers.get("Authorization", ""))
        key = (found.group(1) or found.group(2)) if found else ""
        if not secrets.compare_digest(key.encode(), self.api_key.encode()):
            raise refuse(401, "Invalid API key")
        return key

    def throttled(self, wait: float) -> Refusal:
        return refuse(429, "Too many requests", **{"Retry-After": str(int(wait) + 1)})

    def unknown_parameter(self, name: str) -> Refusal:
        return refuse(400, f"Unknown parameter: {name}")

    def work(self, ident: str, until: str) -> bool:
        pad = self.pads.find(ident)
        if pad is None:
            return False
        self.pads.perform(pad, until)
        if pad.ended_at is not None:
            self.touched.pop(ident, None)
        return True

    async def list_own_pads(self, request: web.Request) -> web.Response:
        return self._list(request, OWN, cursors=self.setup.quirks)

    async def list_all_pads(self, request: web.Request) -> web.Response:
        self.owners_only()
        return self._list(request, ALL, cursors=False)

    async def create_pad(self, request: web.Request) -> web.Response:
        fields, from_json = await self.fields(request, "pad", CREATE_FIELDS)
        if fields.get("contents") is not None and fields.get("question_id") is not None:
            raise refuse(400, "Only one of contents and question_id can be set")
        if self.quota_limit is not None and self.quota_used >= self.quota_limit:
            raise refuse(429, "Over quota")
        question = (
            self.questions.find(fields["question_id"], missing=400) if fields.get("question_id") is not None else None
        )
        language = str((question and question["language"]) or fields.get("language") or "plaintext")
        self.check_language(language)
        owner = fields.get("user_email")
        if "user_email" in fields or "team_id" in fields:
            self.owners_only()
        pad = self.pads.create(language=language, **({"owner_email": owner} if owner else {}))
        contents = (question and question["contents"]) or fields.get("contents")
        environment = self.pads.new_environment(pad, language, contents)
        if question is not None:
            environment.question_id = question["id"]
            pad.question_ids = [question["id"]]
            question["used"] += 1
        if not self.setup.quirks:
            pad.contents = environment.files[0].contents
        if fields.get("take_home") in (True, "true"):
            pad.type = "take_home"
        self._apply(pad, fields, from_json)
        self.pads.changed(pad)
        self.quota_used += 1
        self.touched[pad.id] = None
        self.commit("pad.create", pad.id, title=pad.title, notes=pad.notes)
        cookie = {"Set-Cookie": "_sandbox_rails_session=0; path=/; HttpOnly"}
        return reply({"status": "OK", **pad_json(self, pad, created=True)}, headers=cookie)

    async def show_pad(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        return reply({"status": "OK", **pad_json(self, pad, shown=True)})

    async def update_pad(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        fields, from_json = await self.fields(request, "pad", UPDATE_FIELDS)
        if fields.get("contents") is not None and fields.get("question_id") is not None:
            raise refuse(400, "Only one of contents and question_id can be set")
        if "user_email" in fields:
            self.owners_only()
        if (language := fields.get("language")) is not None:
            self.check_language(language)
            pad.language = language
        if (contents := fields.get("contents")) is not None:
            pad.contents = contents if pad.contents is not None else None
            for file in pad.environments[0].files[:1]:
                file.contents, file.rewritten = contents, True
        self._apply(pad, fields, from_json)
        if fields.get("ended") in (True, "true") and pad.ended_at is None:
            owner = self.organization.owner
            pad.ended_at, pad.state = self.clock.now(), "ended"
            pad.event(pad.ended_at, "ended", owner.name, owner.email, "ended the interview")
            self.touched.pop(pad.id, None)
        if fields.get("deleted") in (True, "true"):
            pad.deleted = True
            self.touched.pop(pad.id, None)
        self.pads.changed(pad)
        self.commit("pad.update", pad.id, fields=sorted(fields))
        return reply({"status": "OK"})

    async def list_events(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        _, ascending = self.sort(request, (CREATED, UPDATED))
        events = events_json(pad) if ascending else events_json(pad)[::-1]
        page = self.page(request)
        rows = events[(page - 1) * PAGE : page * PAGE]
        return reply({"status": "OK", "events": rows, **self.links(request, page, len(events)), "total": len(events)})

    async def show_environment(self, request: web.Request) -> web.Response:
        ident = request.match_info["environment_id"]
        found = self.pads.environment(int(ident)) if ident.isascii() and ident.isdigit() else None
        if found is None:
            raise refuse(404, "Resource not found")
        return reply({"status": "OK", **self.files.environment_json(*found)})

    async def fields(self, request: web.Request, wrapper: str, known: frozenset[str]) -> tuple[dict[str, Any], bool]:
        """The body's fields, out of their wrapper, all of them known."""
        try:
            fields, from_json = await read_fields(request, frozenset({FORM, MULTIPART, JSON}))
        except BadBodyError as error:
            raise refuse(415 if error.unsupported else 400, "Bad Request") from error
        if from_json and isinstance(fields.get(wrapper), dict):
            fields = fields[wrapper]
        if self.setup.strict:
            self.refuse_unknown(fields, known)
        return fields, from_json

    def sort(self, request: web.Request, known: Iterable[str]) -> tuple[str, bool]:
        """The order asked for, and whether it ascends."""
        name, _, direction = request.query.get("sort", f"{CREATED},desc").partition(",")
        if name not in known or direction not in ("", "asc", "desc"):
            raise refuse(400, "Bad Request")
        return name, direction == "asc"

    def page(self, request: web.Request) -> int:
        """The page asked for, from 1."""
        text = request.query.get("page", "1")
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise refuse(400, "Bad Request")
        return int(text)

    def links(self, request: web.Request, page: int, total: int) -> dict[str, str]:
        """`next_page` and `prev_page`, where there are such pages; the comma stays unescaped, as in the documents."""
        kept = [f"{name}={value}" for name, value in request.query.items() if name != "page"]
        links = {}
        if page * PAGE < total:
            links["next_page"] = f"{self.base_url}{request.path}?{'&'.join([*kept, f'page={page + 1}'])}"
        if page > 1:
            links["prev_page"] = f"{self.base_url}{request.path}?{'&'.join([*kept, f'page={page - 1}'])}"
        return links

    def owners_only(self) -> None:
        """Refuse what only organization owners may do."""
        if not self.owner:
            raise refuse(403, "Forbidden")

    def check_language(self, language: str) -> None:
        """Refuse a language that the vendor does not take."""
        if not programs.known(language):
            raise refuse(400, "Bad Request")

    def every_other_answer(self) -> bool:
        """With quirks on, answers take turns between the older and the newer documents."""
        self._answers += 1
        return self.setup.quirks and self._answers % 2 == 0

    def _list(self, request: web.Request, scope: str, *, cursors: bool) -> web.Response:
        if "cursor" in request.query:
            order, ascending, page = self._cursor(request.query["cursor"])
        else:
            (order, ascending), page = self.sort(request, (CREATED, UPDATED)), self.page(request)
        pads, total = self.pads.page(order, scope, (page - 1) * PAGE, page * PAGE, ascending=ascending)
        links: dict[str, Any] = self.links(request, page, total)
        if cursors and "next_page" in links:
            links["next_page"] = f"{self.base_url}/api/pads?cursor={cursor_text(order, ascending, page + 1)}"
        if cursors:
            links["prev_page"] = (
                f"{self.base_url}/api/pads?cursor={cursor_text(order, ascending, page - 1)}" if page > 1 else None
            )
        rows = [pad_json(self, pad) for pad in pads]
        self._drift_after(page, pads)
        return reply({"status": "OK", "pads": rows, **links, "total": total})

    def _cursor(self, text: str) -> tuple[str, bool, int]:
        try:
            order, ascending, page = json.loads(base64.urlsafe_b64decode(text))
        except ValueError as error:
            raise refuse(400, "Bad Request") from error
        return order, ascending, page

    def _drift_after(self, page: int, pads: list[Pad]) -> None:
        if self._drift is None or self._drift["after_page"] != page:
            return
        delete, create = self._drift["delete"], self._drift["create"]
        self._drift = None
        for shown in pads[:delete]:
            if (pad := self.pads.find(shown.id)) is not None:
                pad.deleted = True
                self.pads.changed(pad)
        for _ in range(create):
            pad = self.pads.create(language="python")
            self.pads.new_environment(pad, "python")
            self.pads.changed(pad)

    def _apply(self, pad: Pad, fields: dict[str, Any], from_json: bool) -> None:
        for name in ("title", "notes"):
            if fields.get(name) is not None:
                setattr(pad, name, str(fields[name]))
        if fields.get("user_email"):
            pad.owner_email = fields["user_email"]
        if fields.get("team_id"):
            teams = [team for team in self.organization.teams if team["id"] == fields["team_id"]]
            if not teams:
                raise refuse(400, "Bad Request")
            pad.team = dict(teams[0])
        if "private" in fields:
            pad.private = boolean(fields["private"])
        # Third parties saw a JSON boolean accepted and ignored here, and only the text obeyed (2026-10).
        if "execution_enabled" in fields and not isinstance(fields["execution_enabled"], bool):
            pad.execution_enabled = boolean(fields["execution_enabled"])
        if "restrict_interviewer_access" in fields:
            pad.restrict_interviewer_access = boolean(fields["restrict_interviewer_access"])
        if "allowed_interviewer_emails" in fields:
            if not from_json or not isinstance(fields["allowed_interviewer_emails"], list):
                raise refuse(400, "Bad Request")
            pad.allowed_interviewer_emails = list(fields["allowed_interviewer_emails"])

    def _pad(self, request: web.Request) -> Pad:
        pad = self.pads.find(request.match_info["pad_id"])
        if pad is None:
            raise refuse(404, "Resource not found")
        return pad


def cursor_text(order: str, ascending: bool, page: int) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps([order, ascending, page]).encode()).decode()
