"""CoderPad's pads, their events and environments (https://coderpad.io/api, read 2026-11)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from interviewkit.sandbox.site import reply

from .pad import Pad
from .population import ALL, CREATED, OWN, UPDATED
from .shapes import PAGE, boolean, events_json, pad_json, refuse

if TYPE_CHECKING:
    from . import CoderPad

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


class PadRoutes:
    """The routes below /api/pads, /api/pad_environments and /api/organization/pads."""

    def __init__(self, vendor: CoderPad) -> None:
        self._vendor = vendor
        self._drift: dict[str, int] | None = None
        for method, path, handler, query in ROUTES:
            vendor.site.route(method, path, vendor.guarded(getattr(self, handler), query, vendor.authenticate))

    def drift(self, *, after_page: int, delete: int, create: int) -> None:
        """Once this page of a pad list was served, delete its first `delete` pads and create `create` new ones."""
        self._drift = {"after_page": after_page, "delete": delete, "create": create}

    async def list_own_pads(self, request: web.Request) -> web.Response:
        return self._list(request, OWN, cursors=self._vendor.setup.quirks)

    async def list_all_pads(self, request: web.Request) -> web.Response:
        self._vendor.owners_only()
        return self._list(request, ALL, cursors=False)

    async def create_pad(self, request: web.Request) -> web.Response:
        fields, from_json = await self._vendor.fields(request, "pad", CREATE_FIELDS)
        if fields.get("contents") is not None and fields.get("question_id") is not None:
            raise refuse(400, "Only one of contents and question_id can be set")
        if self._vendor.quota_limit is not None and self._vendor.quota_used >= self._vendor.quota_limit:
            raise refuse(429, "Over quota")
        question = (
            self._vendor.questions.find(fields["question_id"], missing=400)
            if fields.get("question_id") is not None
            else None
        )
        language = str((question and question["language"]) or fields.get("language") or "plaintext")
        self._vendor.check_language(language)
        owner = fields.get("user_email")
        if "user_email" in fields or "team_id" in fields:
            self._vendor.owners_only()
        pad = self._vendor.pads.create(language=language, **({"owner_email": owner} if owner else {}))
        contents = (question and question["contents"]) or fields.get("contents")
        environment = self._vendor.pads.new_environment(pad, language, contents)
        if question is not None:
            environment.question_id = question["id"]
            pad.question_ids = [question["id"]]
            question["used"] += 1
        if not self._vendor.setup.quirks:
            pad.contents = environment.files[0].contents
        if fields.get("take_home") in (True, "true"):
            pad.type = "take_home"
        self._apply(pad, fields, from_json)
        self._vendor.pads.changed(pad)
        self._vendor.quota_used += 1
        self._vendor.touched[pad.id] = None
        self._vendor.commit("pad.create", pad.id, title=pad.title, notes=pad.notes)
        cookie = {"Set-Cookie": "_sandbox_rails_session=0; path=/; HttpOnly"}
        return reply({"status": "OK", **pad_json(self._vendor, pad, created=True)}, headers=cookie)

    async def show_pad(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        return reply({"status": "OK", **pad_json(self._vendor, pad, shown=True)})

    async def update_pad(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        fields, from_json = await self._vendor.fields(request, "pad", UPDATE_FIELDS)
        if fields.get("contents") is not None and fields.get("question_id") is not None:
            raise refuse(400, "Only one of contents and question_id can be set")
        if "user_email" in fields:
            self._vendor.owners_only()
        if (language := fields.get("language")) is not None:
            self._vendor.check_language(language)
            pad.language = language
        if (contents := fields.get("contents")) is not None:
            pad.contents = contents if pad.contents is not None else None
            for file in pad.environments[0].files[:1]:
                file.contents, file.rewritten = contents, True
        self._apply(pad, fields, from_json)
        if fields.get("ended") in (True, "true") and pad.ended_at is None:
            owner = self._vendor.organization.owner
            pad.ended_at, pad.state = self._vendor.clock.now(), "ended"
            pad.event(pad.ended_at, "ended", owner.name, owner.email, "ended the interview")
            self._vendor.touched.pop(pad.id, None)
        if fields.get("deleted") in (True, "true"):
            pad.deleted = True
            self._vendor.touched.pop(pad.id, None)
        self._vendor.pads.changed(pad)
        self._vendor.commit("pad.update", pad.id, fields=sorted(fields))
        return reply({"status": "OK"})

    async def list_events(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        _, ascending = self._vendor.sort(request, (CREATED, UPDATED))
        events = events_json(pad) if ascending else events_json(pad)[::-1]
        page = self._vendor.page(request)
        rows = events[(page - 1) * PAGE : page * PAGE]
        return reply(
            {"status": "OK", "events": rows, **self._vendor.links(request, page, len(events)), "total": len(events)}
        )

    async def show_environment(self, request: web.Request) -> web.Response:
        ident = request.match_info["environment_id"]
        found = self._vendor.pads.environment(int(ident)) if ident.isascii() and ident.isdigit() else None
        if found is None:
            raise refuse(404, "Resource not found")
        return reply({"status": "OK", **self._vendor.files.environment_json(*found)})

    def _list(self, request: web.Request, scope: str, *, cursors: bool) -> web.Response:
        if "cursor" in request.query:
            order, ascending, page = self._cursor(request.query["cursor"])
        else:
            (order, ascending), page = self._vendor.sort(request, (CREATED, UPDATED)), self._vendor.page(request)
        pads, total = self._vendor.pads.page(order, scope, (page - 1) * PAGE, page * PAGE, ascending=ascending)
        links: dict[str, Any] = self._vendor.links(request, page, total)
        if cursors and "next_page" in links:
            links["next_page"] = f"{self._vendor.base_url}/api/pads?cursor={cursor_text(order, ascending, page + 1)}"
        if cursors:
            links["prev_page"] = (
                f"{self._vendor.base_url}/api/pads?cursor={cursor_text(order, ascending, page - 1)}"
                if page > 1
                else None
            )
        rows = [pad_json(self._vendor, pad) for pad in pads]
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
            if (pad := self._vendor.pads.find(shown.id)) is not None:
                pad.deleted = True
                self._vendor.pads.changed(pad)
        for _ in range(create):
            pad = self._vendor.pads.create(language="python")
            self._vendor.pads.new_environment(pad, "python")
            self._vendor.pads.changed(pad)

    def _apply(self, pad: Pad, fields: dict[str, Any], from_json: bool) -> None:
        for name in ("title", "notes"):
            if fields.get(name) is not None:
                setattr(pad, name, str(fields[name]))
        if fields.get("user_email"):
            pad.owner_email = fields["user_email"]
        if fields.get("team_id"):
            teams = [team for team in self._vendor.organization.teams if team["id"] == fields["team_id"]]
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
        pad = self._vendor.pads.find(request.match_info["pad_id"])
        if pad is None:
            raise refuse(404, "Resource not found")
        return pad


def cursor_text(order: str, ascending: bool, page: int) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps([order, ascending, page]).encode()).decode()
