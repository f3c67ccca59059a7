"""The control site: JSON routes by which another process plays candidate, orders faults and reads what happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .bodies import JSON, BadBodyError, read_fields
from .faults import Fault
from .site import Refusal, Site, reply
from .traffic import Traffic
from .vendor import STAGES, Vendor

if TYPE_CHECKING:
    from .box import Sandbox

Answer = Callable[[dict[str, Any]], Awaitable[Any]]


class Control:
    """POST /candidates/work, /faults, /clock, /limits; DELETE /faults; GET what happened, and /health."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.site = Site("control", box.clock, Traffic(0, "control"), box.violations)
        for method, path, answer in (
            ("POST", "/candidates/work", self.work),
            ("POST", "/faults", self.order_fault),
            ("DELETE", "/faults", self.heal),
            ("POST", "/clock", self.move_clock),
            ("POST", "/limits", self.limit),
            ("GET", "/requests", self.requests),
            ("GET", "/commits", self.commits),
            ("GET", "/counts", self.counts),
            ("GET", "/violations", self.violations),
            ("GET", "/health", self.health),
        ):
            self.site.route(method, path, self._answer(answer))

    async def work(self, body: dict[str, Any]) -> Any:
        until = body.get("until", "evaluated")
        if until not in STAGES:
            raise Refusal(400, {"error": f"until is one of {', '.join(STAGES)}"})
        try:
            return {"worked": await self._box.work(body.get("id"), until=until)}
        except LookupError as error:
            raise Refusal(404, {"error": str(error)}) from error

    async def order_fault(self, body: dict[str, Any]) -> Any:
        rule = {name: body.pop(name) for name in ("method", "route", "times", "probability") if name in body}
        for vendor in self._vendors(body.pop("vendor", None)):
            try:
                vendor.fail(Fault.from_json(body), **rule)
            except (TypeError, ValueError) as error:
                raise Refusal(400, {"error": str(error)}) from error
        return {"ok": True}

    async def heal(self, body: dict[str, Any]) -> Any:
        for vendor in self._vendors(body.get("vendor")):
            vendor.heal()
        return {"ok": True}

    async def move_clock(self, body: dict[str, Any]) -> Any:
        try:
            return {"now": self._box.clock.advance(float(body["advance"])).isoformat()}
        except (KeyError, TypeError, ValueError) as error:
            raise Refusal(400, {"error": 'expected {"advance": seconds}'}) from error

    async def limit(self, body: dict[str, Any]) -> Any:
        for vendor in self._vendors(body.get("vendor")):
            vendor.limit(body.get("requests"), body.get("per_seconds", 3600))
        return {"ok": True}

    async def requests(self, body: dict[str, Any]) -> Any:
        return {vendor.name: [seen.summary() for seen in vendor.seen] for vendor in self._box.vendors}

    async def commits(self, body: dict[str, Any]) -> Any:
        return {"commits": [commit.summary() for commit in self._box.commits]}

    async def counts(self, body: dict[str, Any]) -> Any:
        vendors = self._box.vendors
        return {v.name: {f"{method} {route}": n for (method, route), n in v.counts.items()} for v in vendors}

    async def violations(self, body: dict[str, Any]) -> Any:
        found = self._box.violations
        return {"violations": [{"site": one.site, "path": one.path, "what": one.what} for one in found]}

    async def health(self, body: dict[str, Any]) -> Any:
        return {"ok": True, "now": self._box.clock.now().isoformat(), "accounts": sorted(self._box.accounts)}

    def _vendors(self, name: str | None) -> tuple[Vendor, ...]:
        found = tuple(vendor for vendor in self._box.vendors if name in (None, vendor.name))
        if not found:
            raise Refusal(400, {"error": "no such vendor"})
        return found

    def _answer(self, answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            try:
                body, _ = await read_fields(request, frozenset({JSON}))
            except BadBodyError as error:
                raise Refusal(400, {"error": str(error)}) from error
            return reply(await answer(body))

        return serve
