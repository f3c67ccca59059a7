"""Codility's customer: credits, logins and e-mail templates (https://codility.com/api-documentation/, read 2026-11)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from aiohttp import web

from interviewkit.sandbox.site import Refusal, reply
from interviewkit.sandbox.world.people import person

from .shapes import FORMAT, LINK, LIST, page_of, stamp_spaced

if TYPE_CHECKING:
    from . import Codility

TEMPLATE_FIELDS = frozenset({"name", "reply_to", "subject", "content"})
LOGINS = 43

ROUTES: tuple[tuple[str, str, str, frozenset[str]], ...] = (
    ("GET", "/api/account/credit-level/", "credit_level", FORMAT),
    ("GET", "/api/account/user-logins/", "user_logins", LIST),
    ("GET", "/api/email-templates/saved/", "saved_templates", FORMAT),
    ("GET", "/api/email-templates/default/", "default_template", FORMAT),
    ("POST", "/api/email-templates/create/", "create_template", FORMAT),
)


class Account:
    """The routes below /api/account and /api/email-templates, and the templates behind them."""

    def __init__(self, vendor: Codility) -> None:
        self._vendor = vendor
        self._templates: list[dict[str, str]] = [
            {
                "name": "First round",
                "reply_to": "talent@example.org",
                "subject": "Your test",
                "content": f"Begin at {LINK}",
            }
        ]
        for method, path, handler, query in ROUTES:
            vendor.site.route(method, path, vendor.negotiated(getattr(self, handler), query))

    async def credit_level(self, request: web.Request) -> web.Response:
        left = self._vendor.sessions.credits
        answer: dict[str, Any] = {
            "credits_available": left,
            "level": "ok" if left > 20 else "warning" if left else "empty",
        }
        if answer["level"] != "ok":
            answer["message"] = "Your account is running out of credits."
        return reply(answer)

    async def user_logins(self, request: web.Request) -> web.Response:
        def login(number: int) -> dict[str, Any]:
            who = person(random.Random(f"{self._vendor.setup.seed}:login:{number % 3}"), number % 3)
            user = {"first_name": who.first_name, "last_name": who.last_name, "email": who.email}
            return {"timestamp": stamp_spaced(number), "ip": f"127.0.0.{1 + number % 9}", "user": user}

        return reply(page_of(request, self._vendor.base_url, range(LOGINS), login))

    async def saved_templates(self, request: web.Request) -> web.Response:
        return reply(self._templates)

    async def default_template(self, request: web.Request) -> web.Response:
        return reply({"reply_to": "talent@example.org", "subject": "You are invited", "content": f"Begin at {LINK}"})

    async def create_template(self, request: web.Request) -> web.Response:
        body = await self._vendor.body(request, TEMPLATE_FIELDS)
        missing = {name: ["This field is required."] for name in sorted(TEMPLATE_FIELDS) if name not in body}
        if missing:
            raise Refusal(400, missing)
        if not isinstance(body["reply_to"], list):
            raise Refusal(400, {"reply_to": ['Expected a list of items but got type "str".']})
        self._templates.append({**body, "reply_to": ", ".join(body["reply_to"])})
        self._vendor.commit("template.create", str(body["name"]))
        return reply("ok")
