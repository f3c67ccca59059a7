"""The control site: JSON routes by which another process plays candidate, orders faults and reads what happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

import attrs
from aiohttp import web

from .bodies import JSON, BadBodyError, read_fields
from .checks import NonsenseError, flag, known_names, number, one_of, text
from .faults import Fault, FaultKind
from .site import Refusal, Site, reply
from .traffic import Traffic
from .vendor import MOST_LAG, MOST_SKEW, STAGES, Vendor
from .webhook_routes import Answer, WebhookRoutes

if TYPE_CHECKING:
    from .box import Sandbox

SETTINGS = {"index_lag": (0, MOST_LAG), "clock_skew": (-MOST_SKEW, MOST_SKEW)}
NO_JSON = "the body is JSON, which its Content-Type has to say: application/json"
RULE = ("method", "route", "times", "probability")
FAULT = (*(field.name for field in attrs.fields(Fault)), "vendor", *RULE)


class Control:
    """Candidates, sessions, faults, lags, the clock, limits and webhooks to be told; and what happened, to be read."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.site = Site("control", box.clock, Traffic(0, "control"), box.violations)
        routes: tuple[tuple[str, str, Answer, tuple[str, ...]], ...] = (
            ("POST", "/candidates/work", self.work, ("id", "until", "settle")),
            ("POST", "/candidates/hasten", self.hasten, ("vendor", "times", "until", "probability")),
            ("POST", "/sessions/remove", self.remove, ("id",)),
            ("POST", "/sessions/touch", self.touch, ("id",)),
            ("POST", "/faults", self.order_fault, FAULT),
            ("DELETE", "/faults", self.heal, ("vendor",)),
            ("POST", "/storm", self.storm, ("vendor", "faults", "probability", "routes")),
            ("POST", "/settings", self.configure, ("vendor", *SETTINGS)),
            ("POST", "/clock", self.move_clock, ("advance",)),
            ("POST", "/limits", self.limit, ("vendor", "requests", "per_seconds")),
            ("GET", "/requests", self.requests, ()),
            ("GET", "/commits", self.commits, ()),
            ("GET", "/counts", self.counts, ()),
            ("GET", "/played", self.played, ()),
            ("GET", "/violations", self.violations, ()),
            ("GET", "/health", self.health, ()),
            *WebhookRoutes(box).table,
        )
        for method, path, answer, known in routes:
            self.site.route(method, path, self._answer(answer, known))
        there_are = ", ".join(f"{method} {path}" for method, path, *_ in routes)
        self.site.unknown_route = lambda request: reply(
            {"error": f"there is no route {request.method} {request.path}; there are {there_are}"}, status=404
        )

    async def work(self, body: dict[str, Any]) -> Any:
        until, ident, settle = body.get("until", "evaluated"), body.get("id"), body.get("settle", False)
        one_of("until", until, STAGES)
        flag("settle", settle)
        if ident is not None:
            text("id", ident)
        try:
            return {"worked": await self._box.work(ident, until=until, settle=settle)}
        except LookupError as error:
            raise Refusal(404, {"error": str(error)}) from error

    async def hasten(self, body: dict[str, Any]) -> Any:
        name = body.pop("vendor", None)
        one_of("vendor", name, [vendor.name for vendor in self._box.vendors])
        for vendor in self._vendors(name):
            vendor.hasten(**body)
        return {"ok": True}

    async def remove(self, body: dict[str, Any]) -> Any:
        return {"removed": _known(self._box.remove, body)}

    async def touch(self, body: dict[str, Any]) -> Any:
        return {"touched": _known(self._box.touch, body)}

    async def order_fault(self, body: dict[str, Any]) -> Any:
        rule = {name: body.pop(name) for name in RULE if name in body}
        name = body.pop("vendor", None)
        fault = Fault.from_json(body)
        vendors = self._vendors(name)
        if fault.kind is FaultKind.PARTIAL_BATCH and name is None:
            vendors = tuple(vendor for vendor in vendors if vendor.batch_route is not None)
        for vendor in vendors:
            vendor.fail(fault, **rule)
        return {"ok": True}

    async def storm(self, body: dict[str, Any]) -> Any:
        name, listed = body.pop("vendor", None), body.pop("faults", None)
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise NonsenseError("faults is a list of faults")
        if not isinstance(body.get("routes", []), list):
            raise NonsenseError("routes is a list of texts")
        faults = [Fault.from_json(one) for one in listed]
        storms = []
        for vendor in self._vendors(name):
            batches = name is not None or vendor.batch_route is not None
            fitting = [one for one in faults if batches or one.kind is not FaultKind.PARTIAL_BATCH]
            if fitting or not faults:
                storms.append((vendor, vendor.storm_rules(fitting, **body)))
        for vendor, rules in storms:
            vendor.traffic.rules += rules
        return {"ok": True}

    async def configure(self, body: dict[str, Any]) -> Any:
        vendors = self._vendors(body.pop("vendor", None))
        for name, value in body.items():
            number(name, value, *SETTINGS[name])
        for vendor in vendors:
            for name, value in body.items():
                setattr(vendor, name, value)
        return {vendor.name: {name: getattr(vendor, name) for name in SETTINGS} for vendor in vendors}

    async def heal(self, body: dict[str, Any]) -> Any:
        for vendor in self._vendors(body.get("vendor")):
            vendor.heal()
        return {"ok": True}

    async def move_clock(self, body: dict[str, Any]) -> Any:
        seconds = body.get("advance")
        number("advance", seconds, 0, self._box.clock.left)
        return {"now": self._box.clock.advance(cast("float", seconds)).isoformat()}

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

    async def played(self, body: dict[str, Any]) -> Any:
        return {vendor.name: dict(vendor.played) for vendor in self._box.vendors}

    async def violations(self, body: dict[str, Any]) -> Any:
        found = self._box.violations
        return {"violations": [{"site": one.site, "path": one.path, "what": one.what} for one in found]}

    async def health(self, body: dict[str, Any]) -> Any:
        return {"ok": True, "now": self._box.clock.now().isoformat(), "accounts": sorted(self._box.accounts)}

    def _vendors(self, name: Any) -> tuple[Vendor, ...]:
        if name is not None:
            one_of("vendor", name, [vendor.name for vendor in self._box.vendors])
        return tuple(vendor for vendor in self._box.vendors if name in (None, vendor.name))

    def _answer(self, answer: Answer, known: tuple[str, ...]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            try:
                body, _ = await read_fields(request, frozenset({JSON}))
                known_names(body, known)
                return reply(await answer(body))
            except (BadBodyError, NonsenseError) as error:
                said = NO_JSON if isinstance(error, BadBodyError) and error.unsupported else str(error)
                raise Refusal(400, {"error": said}) from error

        return serve


def _known(act: Callable[[str], str], body: dict[str, Any]) -> str:
    ident = body.get("id")
    text("id", ident)
    try:
        return act(cast("str", ident))
    except LookupError as error:
        raise Refusal(404, {"error": str(error)}) from error
