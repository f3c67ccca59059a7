"""CoderPad: its key, and what its routes ask of a request (https://coderpad.io/api, read 2026-11)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from aiohttp import web

from interviewkit.sandbox.bodies import FORM, JSON, MULTIPART, BadBodyError, read_fields
from interviewkit.sandbox.site import Refusal, Site
from interviewkit.sandbox.vendor import Setup, Vendor

from . import languages
from .account import Account
from .files import Files
from .organization import Organization
from .pad_routes import PadRoutes
from .population import CREATED, Pads
from .questions import Questions
from .shapes import PAGE, refuse

SCHEME = re.compile(r'Token token="([^"]*)"|Bearer (\S+)')


class CoderPad(Vendor):
    """CoderPad on loopback: the API site, and the site of edit histories and drawings."""

    name = "coderpad"
    variables: ClassVar = {"CODERPAD_API_KEY": "api_key", "CODERPAD_BASE_URL": "base_url"}
    secret_keywords = frozenset({"api_key"})
    write_routes = ("/api/pads", "/api/pads/")

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.api_key = hashlib.sha256(f"{setup.seed}:coderpad".encode()).hexdigest()[:32]
        self.owner = True
        """Whether the key's user is an organization owner; set it to False to meet the 403s."""
        self.quota_limit: int | None = 10_000
        """Pads a billing cycle; None is an unlimited plan."""
        self.quota_used = 33
        self.organization = Organization.invent(setup.seed)
        self.pads = Pads(setup.seed, setup.sessions, self.organization, self.clock, setup.list_lag, self.lag)
        self._answers = 0
        self._touches = 0
        self.site = self.new_site("coderpad")
        self.files = Files(self.new_site("coderpad-files"), self)
        self._pad_routes = PadRoutes(self)
        self.questions = Questions(self)
        self.account = Account(self)
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
        self._pad_routes.drift(after_page=after_page, delete=delete, create=create)

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

    def remove(self, ident: str) -> bool:
        pad = self.pads.find(ident)
        if pad is None:
            return False
        pad.deleted = True
        self.pads.changed(pad)
        self.touched.pop(ident, None)
        return True

    def touch(self, ident: str) -> bool:
        pad = self.pads.find(ident)
        if pad is None:
            return False
        self._touches += 1
        pad.title = f"{pad.title.partition(' (looked at')[0]} (looked at, {self._touches})"
        pad.notes = f"Looked at again, {self._touches}."
        self.pads.changed(pad)
        return True

    def refs(self, *, organization: bool) -> Iterator[str]:
        return (f"coderpad:live:{ident}" for ident in self.pads.ids(everybodys=organization))

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
        if not languages.known(language):
            raise refuse(400, "Bad Request")

    def every_other_answer(self) -> bool:
        """With quirks on, answers take turns between the older and the newer documents."""
        self._answers += 1
        return self.setup.quirks and self._answers % 2 == 0
