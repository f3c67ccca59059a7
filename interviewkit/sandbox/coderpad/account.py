"""CoderPad's quota, user and organization (https://coderpad.io/api, read 2026-11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from interviewkit.sandbox.site import reply

from .shapes import refuse, stamp, stamp_local

if TYPE_CHECKING:
    from . import CoderPad


class Account:
    """What the vendor knows about its customer."""

    def __init__(self, vendor: CoderPad) -> None:
        self._vendor = vendor
        for path, handler, query in (
            ("/api/quota", self.show_quota, ()),
            ("/api/user", self.show_user, ()),
            ("/api/organization", self.show_organization, ()),
            ("/api/organization/users", self.list_users, ("email",)),
            ("/api/organization/stats", self.show_stats, ("start_time", "end_time")),
        ):
            vendor.site.route("GET", path, vendor.guarded(handler, frozenset(query), vendor.authenticate))

    async def show_quota(self, request: web.Request) -> web.Response:
        now = self._vendor.clock.now()
        answer: dict[str, Any] = {
            "status": "OK",
            "trial_expires_at": stamp_local(now - timedelta(days=400), hours=-8),
            "pads_used": self._vendor.quota_used,
            "quota_reset_at": stamp_local(now - timedelta(days=9), hours=-8),
            "unlimited": self._vendor.quota_limit is None,
        }
        if self._vendor.quota_limit is None:
            return reply({**answer, "overages_enabled": False})
        answer["pads_remaining"] = max(self._vendor.quota_limit - self._vendor.quota_used, 0)
        key = "monthly_pad_limit" if self._vendor.every_other_answer() else "billing_cycle_pad_limit"
        return reply({**answer, key: self._vendor.quota_limit})

    async def show_user(self, request: web.Request) -> web.Response:
        name = None if self._vendor.every_other_answer() else self._vendor.organization.owner.name
        return reply({"status": "OK", "name": name, "allow_pad_creation": True, "analytics_id": ""})

    async def show_organization(self, request: web.Request) -> web.Response:
        key = "default_language" if self._vendor.every_other_answer() else "organization_default_language"
        users = self._users()
        answer = {
            "organization_name": self._vendor.organization.name,
            "user_count": len(users),
            "users": users,
            key: "python",
        }
        sso = {"single_sign_on_supported": True, "single_sign_in_url": "login.harbour.example.com"}
        return reply({"status": "OK", **answer, **sso, "teams": list(self._vendor.organization.teams)})

    async def list_users(self, request: web.Request) -> web.Response:
        email = request.query.get("email")
        return reply({"status": "OK", "users": [u for u in self._users() if email is None or u["email"] == email]})

    async def show_stats(self, request: web.Request) -> web.Response:
        given = [request.query.get(name) for name in ("start_time", "end_time")]
        if (given[0] is None) != (given[1] is None):
            raise refuse(400, "Both start_time and end_time are needed")
        now = self._vendor.clock.now()
        start, end = (now - timedelta(days=7), now) if given[0] is None else (moment(given[0]), moment(given[1]))
        counts = self._vendor.pads.created_between(start, end)
        names = {user.email: user.name for user in self._vendor.organization.users}
        users = [{"email": email, "name": names.get(email, ""), "pads_created": n} for email, n in counts.items()]
        first = stamp_local(start, hours=-7) if self._vendor.setup.quirks else stamp(start)
        window = {
            "start_time": first,
            "end_time": stamp_local(end, hours=0) if self._vendor.setup.quirks else stamp(end),
        }
        return reply({"status": "OK", **window, "pads_created": sum(counts.values()), "users": users})

    def _users(self) -> list[dict[str, Any]]:
        places = enumerate(self._vendor.organization.users)
        return [
            {"email": u.email, "name": u.name, "teams": self._vendor.organization.teams_of(place)}
            for place, u in places
        ]


def moment(text: str | None) -> datetime:
    """A time of the query; a naive one is taken for UTC."""
    try:
        parsed = datetime.fromisoformat(text or "")
    except ValueError as error:
        raise refuse(400, "Bad Request") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
