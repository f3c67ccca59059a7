"""CoderPad's questions and their language variants (https://coderpad.io/api, read 2026-11)."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from interviewkit.sandbox.clock import EPOCH
from interviewkit.sandbox.site import reply
from interviewkit.sandbox.world import programs

from .shapes import PAGE, boolean, refuse, stamp

if TYPE_CHECKING:
    from . import CoderPad

FIRST_QUESTION = 100_000
TITLES = (
    "Busiest tram stop",
    "Rotate a rota",
    "Balanced brackets in a log",
    "Late deliveries by depot",
    "Merge two ledgers",
    "Longest climb",
    "Debounce the doorbell",
    "Runs of equal readings",
)
FIELDS = frozenset(
    [
        "title",
        "language",
        "description",
        "contents",
        "solution",
        "candidate_description",
        "candidate_instructions",
        "shared",
        "take_home",
        "pad_type",
        "ai_assist_custom_system_prompt",
        "file_contents",
        "zip_file",
        "custom_database_id",
    ]
)
VARIANT_FIELDS = frozenset({"language", "contents", "file_contents", "solution"})
BRACKETED = re.compile(r"question\[(\w+)\]")
SORTS = frozenset({"created_at", "updated_at", "title", "used"})
SORT_PAGE = frozenset({"sort", "page"})
TEXTS = ("title", "language", "description", "contents", "solution", "pad_type", "ai_assist_custom_system_prompt")


class Questions:
    """The routes below /api/questions, and the questions behind them."""

    def __init__(self, vendor: CoderPad) -> None:
        self._vendor = vendor
        self._variant_number = 0
        count = max(len(TITLES), min(60, vendor.setup.sessions // 20))
        self._questions = {number: self._invent(number) for number in range(FIRST_QUESTION, FIRST_QUESTION + count)}
        self._next = FIRST_QUESTION + count
        self._variants: dict[int, dict[int, dict[str, Any]]] = {}
        own = SORT_PAGE | {"text", "pad_types[]"}
        shared = SORT_PAGE | {"pad_type", "language"}
        none: frozenset[str] = frozenset()
        one, variants = "/api/questions/{question_id}", "/api/questions/{question_id}/variants"
        for method, path, handler, query in (
            ("GET", "/api/questions", self.list_own, own),
            ("GET", "/api/questions/", self.list_own, own),
            ("POST", "/api/questions", self.create, none),
            ("POST", "/api/questions/", self.create, none),
            ("GET", one, self.show, none),
            ("PUT", one, self.update, none),
            ("DELETE", one, self.delete, none),
            ("GET", variants, self.list_variants, none),
            ("POST", variants, self.create_variant, none),
            ("GET", f"{variants}/{{variant_id}}", self.show_variant, none),
            ("PUT", f"{variants}/{{variant_id}}", self.update_variant, none),
            ("DELETE", f"{variants}/{{variant_id}}", self.delete_variant, none),
            ("GET", "/api/organization/questions", self.list_shared, shared),
        ):
            vendor.site.route(method, path, vendor.guarded(handler, query, vendor.authenticate))

    def find(self, ident: Any, *, missing: int = 404) -> dict[str, Any]:
        """The question with this id, or the vendor's refusal."""
        text = str(ident)
        question = self._questions.get(int(text)) if text.isascii() and text.isdigit() else None
        if question is None:
            raise refuse(missing, "Resource not found" if missing == 404 else "Bad Request")
        return question

    async def list_own(self, request: web.Request) -> web.Response:
        owner = self._vendor.organization.owner.email
        text, types = request.query.get("text", "").lower(), request.query.getall("pad_types[]", [])
        return self._list(
            request,
            lambda row: (
                row["owner_email"] == owner
                and text in str(row["title"]).lower()
                and (not types or row["pad_type"] in types)
            ),
        )

    async def list_shared(self, request: web.Request) -> web.Response:
        kind, language = request.query.get("pad_type"), request.query.get("language")
        return self._list(request, lambda row: kind in (None, row["pad_type"]) and language in (None, row["language"]))

    async def show(self, request: web.Request) -> web.Response:
        return reply({"status": "OK", **self.find(request.match_info["question_id"])})

    async def create(self, request: web.Request) -> web.Response:
        fields = await self._fields(request)
        if not fields.get("title") or not fields.get("language"):
            raise refuse(400, "Bad Request")
        number = self._next
        self._next += 1
        question = self._blank(number, self._vendor.organization.owner.email, self._vendor.organization.owner.name)
        self._apply(question, fields)
        self._questions[number] = question
        self._vendor.commit("question.create", str(number), title=question["title"])
        return reply({"status": "OK", **question})

    async def update(self, request: web.Request) -> web.Response:
        question = self.find(request.match_info["question_id"])
        self._apply(question, await self._fields(request))
        question["updated_at"] = stamp(self._vendor.clock.now())
        self._vendor.commit("question.update", str(question["id"]))
        return reply({"status": "OK"})

    async def delete(self, request: web.Request) -> web.Response:
        question = self.find(request.match_info["question_id"])
        del self._questions[question["id"]]
        self._vendor.commit("question.delete", str(question["id"]))
        return reply({"status": "OK"})

    async def list_variants(self, request: web.Request) -> web.Response:
        rows = list(self._of(request).values())
        return reply(rows if self._vendor.every_other_answer() else {"status": "OK", "variants": rows})

    async def create_variant(self, request: web.Request) -> web.Response:
        variants = self._of(request)
        fields, _ = await self._vendor.fields(request, "question_variant", VARIANT_FIELDS)
        if not fields.get("language"):
            raise refuse(400, "Bad Request")
        self._variant_number += 1
        now = stamp(self._vendor.clock.now())
        question_id = self.find(request.match_info["question_id"])["id"]
        variant: dict[str, Any] = {"id": self._variant_number, "question_id": question_id}
        variant |= {"language": None, "project_template_id": None, "project_template_slug": None, "display": ""}
        variant |= {"contents": None, "file_contents": [], "solution": None, "created_at": now, "updated_at": now}
        self._rewrite(variant, fields)
        variants[self._variant_number] = variant
        self._vendor.commit("variant.create", str(self._variant_number))
        return reply(variant)

    async def show_variant(self, request: web.Request) -> web.Response:
        return reply(self._variant(request))

    async def update_variant(self, request: web.Request) -> web.Response:
        variant = self._variant(request)
        fields, _ = await self._vendor.fields(request, "question_variant", VARIANT_FIELDS)
        self._rewrite(variant, fields)
        variant["updated_at"] = stamp(self._vendor.clock.now())
        self._vendor.commit("variant.update", str(variant["id"]))
        return reply(variant)

    async def delete_variant(self, request: web.Request) -> web.StreamResponse:
        variant = self._variant(request)
        del self._of(request)[variant["id"]]
        self._vendor.commit("variant.delete", str(variant["id"]))
        return web.Response(status=204) if self._vendor.every_other_answer() else reply({"status": "OK"})

    def _list(self, request: web.Request, wanted: Callable[[dict[str, Any]], bool]) -> web.Response:
        order, ascending = self._vendor.sort(request, SORTS)
        page = self._vendor.page(request)
        rows = [question for question in self._questions.values() if wanted(question)]
        rows.sort(key=lambda row: (row[order], row["id"]), reverse=not ascending)
        links = self._vendor.links(request, page, len(rows))
        return reply({"status": "OK", "questions": rows[(page - 1) * PAGE : page * PAGE], **links, "total": len(rows)})

    async def _fields(self, request: web.Request) -> dict[str, Any]:
        # The documents show flat names in their curl lines and question[...] in their list of parameters.
        bracketed = frozenset(f"question[{name}]" for name in FIELDS)
        fields, _ = await self._vendor.fields(request, "question", FIELDS | bracketed)
        plain = {(found.group(1) if (found := BRACKETED.fullmatch(name)) else name): v for name, v in fields.items()}
        if sum(plain.get(name) is not None for name in ("contents", "file_contents", "zip_file")) > 1:
            raise refuse(400, "Only one of contents, file_contents and zip_file can be set")
        if "language" in plain:
            self._vendor.check_language(plain["language"])
        return plain

    def _apply(self, question: dict[str, Any], fields: dict[str, Any]) -> None:
        question |= {name: fields[name] for name in TEXTS if name in fields}
        question |= {name: boolean(fields[name]) for name in ("shared", "take_home") if name in fields}
        if "candidate_description" in fields:
            question["candidate_instructions"] = [{"instructions": fields["candidate_description"]}]
        for name in ("candidate_instructions", "file_contents"):
            if name in fields:
                question[name] = _array(fields[name])
        if "zip_file" in fields:
            if not isinstance(fields["zip_file"], bytes) or not fields["zip_file"].startswith(b"PK"):
                raise refuse(400, "Bad Request")
            question["file_contents"] = []

    def _rewrite(self, variant: dict[str, Any], fields: dict[str, Any]) -> None:
        if fields.get("contents") is not None and fields.get("file_contents"):
            raise refuse(400, "Only one of contents and file_contents can be set")
        if language := fields.get("language"):
            self._vendor.check_language(language)
            project = language.startswith("multifile_")
            variant |= {"language": None if project else language, "contents": None, "file_contents": []}
            variant |= {"project_template_id": 12, "project_template_slug": language} if project else {}
            variant["display"] = language.replace("_", " ").title()
        if "contents" in fields:
            text = fields["contents"]
            variant["contents"] = (
                programs.program(variant["language"] or "plaintext").template if text is None else text
            )
        if "file_contents" in fields:
            variant["file_contents"] = _array(fields["file_contents"])
        if "solution" in fields:
            variant["solution"] = fields["solution"]

    def _of(self, request: web.Request) -> dict[int, dict[str, Any]]:
        return self._variants.setdefault(self.find(request.match_info["question_id"])["id"], {})

    def _variant(self, request: web.Request) -> dict[str, Any]:
        ident = request.match_info["variant_id"]
        variant = self._of(request).get(int(ident)) if ident.isascii() and ident.isdigit() else None
        if variant is None:
            raise refuse(404, "Resource not found")
        return variant

    def _blank(self, number: int, owner_email: str, author: str) -> dict[str, Any]:
        now = stamp(self._vendor.clock.now())
        return {
            "id": number,
            "title": "",
            "owner_email": owner_email,
            "language": None,
            "description": None,
            "candidate_instructions": [],
            "contents": None,
            "shared": True,
            "used": 0,
            "take_home": False,
            "test_cases_enabled": False,
            "solution": None,
            "pad_type": "live",
            "is_draft": False,
            "author_name": author,
            "organization_name": self._vendor.organization.name,
            "custom_files": [],
            "created_at": now,
            "updated_at": now,
        }

    def _invent(self, number: int) -> dict[str, Any]:
        rng = random.Random(f"{self._vendor.setup.seed}:question:{number}")
        users = self._vendor.organization.users
        author = users[0] if number % 4 != 3 else users[1 + number % (len(users) - 1)]
        question = self._blank(number, author.email, author.name)
        language = rng.choice(list(programs.LANGUAGES))
        created = EPOCH - timedelta(days=900 - 10 * (number - FIRST_QUESTION), seconds=rng.randrange(80_000))
        round_number = (number - FIRST_QUESTION) // len(TITLES)
        question |= {
            "title": TITLES[number % len(TITLES)] + (f", part {round_number + 1}" if round_number else ""),
            "language": language,
            "description": "Look for a plan before code, and for tests of the edges.",
            "candidate_instructions": [{"instructions": "Read the task aloud, then begin.", "default_visible": True}],
            "contents": programs.program(language).template,
            "used": rng.randrange(400),
            "pad_type": rng.choice(["live", "live", "any", "take_home"]),
            "solution": programs.solution(language, rng),
            "created_at": stamp(created),
            "updated_at": stamp(created + timedelta(days=rng.randrange(30))),
        }
        return question


def _array(value: Any) -> list[Any]:
    """An array, or the JSON text of one, as forms have to send it."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise refuse(400, "Bad Request") from error
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise refuse(400, "Bad Request")
    return value
