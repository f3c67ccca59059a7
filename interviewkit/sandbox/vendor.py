"""What all sandboxed vendors share: their sites, their traffic, and the ways to make their day worse."""

from __future__ import annotations

import random
from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import attrs
from aiohttp import web

from .checks import NonsenseError, number, one_of, text
from .clock import VendorClock, VirtualClock
from .deliveries import Letter
from .faults import Fault, FaultKind
from .site import Handler, Refusal, Site, SlidingWindow
from .traffic import Commit, FaultRule, SeenRequest, Traffic, Violation
from .webhooks import Webhooks
from .world.lag import Lag

MOST_LAG = 3600
MOST_SKEW = 10 * 365 * 86400
STAGES = ("started", "submitted", "evaluated")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
MANY = 1_000_000_000


@attrs.frozen(kw_only=True)
class Setup:
    """What every vendor is built from."""

    seed: int
    sessions: int
    clock: VirtualClock
    quirks: bool
    strict: bool
    strict_limits: bool
    list_lag: float
    index_lag: float
    callback_token: str | None
    webhooks: Webhooks
    violations: list[Violation]


@attrs.define(kw_only=True)
class Haste:
    """How many of the next invites meet candidates who are done at once, and how far these go."""

    until: str
    left: int | None
    probability: float


class Vendor:
    """One vendor on loopback: what it saw, what it did, and what it shall do wrong next."""

    name: ClassVar[str]
    variables: ClassVar[Mapping[str, str]]
    """Environment variable to the provider's keyword that it stands for."""
    secret_keywords: ClassVar[frozenset[str]]
    """Keywords whose values belong in no file."""
    batch_route: ClassVar[str | None] = None
    """The route that invites many in one request, where the vendor has one."""
    write_routes: ClassVar[tuple[str, ...]]
    """The routes that invite, create and mail."""
    events: ClassVar[tuple[str, ...]] = ()
    """The webhooks that the vendor sends, the usual one first."""
    callback_token: str | None = None
    """What the vendor signs its webhooks by, where it does."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.clock = VendorClock(setup.clock)
        self.lag = Lag()
        self.index_lag = setup.index_lag
        self.commits: list[Commit] = []
        self.traffic = Traffic(setup.seed, self.name)
        self.window: SlidingWindow | None = None
        self.arrivals: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        """Key to the times, in seconds since 1970, at which its requests arrived, refused ones among them."""
        self.touched: dict[str, None] = {}
        """Ids created or invited in this run whose candidates have not finished yet, oldest first."""
        self._haste: Haste | None = None
        self._hasty = random.Random(f"{setup.seed}:{self.name}:haste")

    @property
    def sites(self) -> Iterable[Site]:
        """All sites of the vendor, the API first."""
        raise NotImplementedError

    @property
    def credentials(self) -> dict[str, str]:
        """Keywords of the vendor's provider."""
        raise NotImplementedError

    @property
    def base_url(self) -> str:
        """The API's origin."""
        return next(iter(self.sites)).base_url

    @property
    def seen(self) -> deque[SeenRequest]:
        """The last requests, oldest first."""
        return self.traffic.seen

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """Exact number of requests by (method, route template)."""
        return self.traffic.counts

    @property
    def played(self) -> Counter[str]:
        """How often each fault was played, by its `label`."""
        return self.traffic.played

    @property
    def index_lag(self) -> float:
        """Seconds of real time after which a write comes up in lists; asked for by its id, it is there at once."""
        return self.lag.seconds

    @index_lag.setter
    def index_lag(self, seconds: float) -> None:
        number("index_lag", seconds, 0, MOST_LAG)
        self.lag.seconds = seconds

    @property
    def clock_skew(self) -> float:
        """Seconds by which the times that the vendor states from now on are off; `commits` keep the true ones."""
        return self.clock.skew

    @clock_skew.setter
    def clock_skew(self, seconds: float) -> None:
        number("clock_skew", seconds, -MOST_SKEW, MOST_SKEW)
        self.clock.skew = seconds

    def fail(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        route: str | None = None,
        times: int | None = 1,
        probability: float = 1.0,
    ) -> None:
        """Let the next matching requests fail; `route` is a route template or a glob over the path, `times=None`
        is for ever, and `probability` is drawn from the sandbox's own seed. A partial batch waits for the request that
        invites many, unless told. Raises `ValueError` for what could never happen."""
        if method is not None:
            one_of("method", method.upper() if isinstance(method, str) else method, METHODS)
        if route is not None:
            text("route", route)
        if times is not None:
            number("times", times, 1, MANY, whole=True)
        number("probability", probability, 0, 1)
        if fault.kind is FaultKind.PARTIAL_BATCH:
            if self.batch_route is None:
                raise NonsenseError(f"{self.name} takes no batch that could be applied in part")
            method, route = method or "POST", route or self.batch_route
        routes = () if route is None else (route,)
        self.traffic.rules.append(
            FaultRule(faults=(fault,), method=method, routes=routes, times=times, probability=probability)
        )

    def storm(self, faults: Iterable[Fault], *, probability: float = 0.2, routes: Sequence[str] | None = None) -> None:
        """Let POSTs to these routes fail at this probability until `heal`, each in one of these ways, drawn from the
        sandbox's own seed; `routes` are those that invite, create and mail unless told. A partial batch only meets the
        request that invites many. Raises `ValueError` for what could never happen."""
        self.traffic.rules += self.storm_rules(faults, probability=probability, routes=routes)

    def storm_rules(
        self, faults: Iterable[Fault], *, probability: float = 0.2, routes: Sequence[str] | None = None
    ) -> list[FaultRule]:
        """What `storm` puts in force."""
        number("probability", probability, 0, 1)
        known = tuple(faults)
        if not known or not all(isinstance(fault, Fault) for fault in known):
            raise NonsenseError("a storm has at least one fault")
        where = self.write_routes if routes is None else tuple(routes)
        for route in where:
            text("route", route)
        whole = tuple(fault for fault in known if fault.kind is not FaultKind.PARTIAL_BATCH)
        batch = tuple(route for route in where if route == self.batch_route)
        if len(whole) < len(known) and not batch:
            raise NonsenseError(f"{self.name} takes no batch there that could be applied in part")
        parts = ((batch, known), (tuple(route for route in where if route not in batch), whole))
        return [
            FaultRule(faults=ways, method="POST", routes=these, probability=probability)
            for these, ways in parts
            if these and ways
        ]

    def hasten(self, *, times: int | None = 1, until: str = "evaluated", probability: float = 1.0) -> None:
        """Let the next invited candidates be done before the invite is answered: they act at once, and the answer waits
        until the webhooks about them were answered. `times=None` is for ever, 0 ends it. `ValueError` at a vendor that
        sends no webhooks."""
        if not self.events:
            raise NonsenseError(f"{self.name} sends no webhooks")
        if times is not None:
            number("times", times, 0, MANY, whole=True)
        number("probability", probability, 0, 1)
        one_of("until", until, STAGES)
        self._haste = Haste(until=until, left=times, probability=probability)

    async def invited(self, idents: Sequence[str]) -> None:
        """Let those candidates who are in haste be done before their invite is answered."""
        haste = self._haste
        if haste is None or haste.left == 0 or self._hasty.random() >= haste.probability:
            return
        if haste.left is not None:
            haste.left -= 1
        for ident in idents:
            self.work(ident, haste.until)
        await self.setup.webhooks.settled({(self.name, ident) for ident in idents})

    def heal(self) -> None:
        """Forget all faults that still wait."""
        self.traffic.rules.clear()

    def limit(self, requests: int | None, per_seconds: float = 3600) -> None:
        """Refuse with 429 more than `requests` of one key in any `per_seconds`; None lifts the limit."""
        if requests is not None:
            number("requests", requests, 1, MANY, whole=True)
        number("per_seconds", per_seconds, 0.001, MANY)
        self.window = SlidingWindow(requests, per_seconds) if requests is not None else None

    def new_site(self, name: str) -> Site:
        """A site that shares this vendor's traffic."""
        return Site(name, self.setup.clock, self.traffic, self.setup.violations)

    def commit(self, kind: str, ident: str, **detail: Any) -> None:
        """Note a write that took effect."""
        self.commits.append(Commit(vendor=self.name, kind=kind, id=ident, at=self.setup.clock.now(), detail=detail))

    def work(self, ident: str, until: str) -> bool:
        """Let the candidate of one session act up to a stage; False when the session is not known here."""
        raise NotImplementedError

    def remove(self, ident: str) -> bool:
        """Let a person delete a session in the vendor's pages; False when the session is not known here."""
        raise NotImplementedError

    def touch(self, ident: str) -> bool:
        """Let a person change something of a session that lists show; False when the session is not known here."""
        raise NotImplementedError

    def refs(self, *, organization: bool) -> Iterator[str]:
        """References of all sessions that there are now, of the key's user or of the whole organization."""
        raise NotImplementedError

    def callback_urls(self, ident: str | None, event: str) -> Sequence[str]:
        """Where the vendor posts this event of a session, or of the account."""
        raise NotImplementedError

    def letter(self, ident: str, event: str, url: str) -> Letter:
        """This event about a session, as the vendor would post it now; `LookupError` for an unknown session."""
        raise NotImplementedError

    def made_up_letter(self, event: str, url: str) -> Letter:
        """This event about a session that does not exist."""
        raise NotImplementedError

    def another(self, ident: str) -> str:
        """A session that is not this one."""
        raise NotImplementedError

    def busiest(self, per_seconds: float) -> int:
        """The most requests of one key that arrived within any `per_seconds`."""
        number("per_seconds", per_seconds, 0.001, MANY)
        return max((_most_within(times, per_seconds) for times in self.arrivals.values()), default=0)

    def authenticate(self, request: web.Request) -> str:
        """The caller's key, or the vendor's refusal."""
        raise NotImplementedError

    def throttled(self, wait: float) -> Refusal:
        """The vendor's 429."""
        raise NotImplementedError

    def unknown_parameter(self, name: str) -> Refusal:
        """The strict sandbox's 400 for a parameter that no document names."""
        raise NotImplementedError

    def guarded(self, handler: Handler, query: frozenset[str], check: Callable[[web.Request], str]) -> Handler:
        """Wrap a handler in authentication, the request limit and the check of query parameters, in this order."""

        async def serve(request: web.Request) -> web.StreamResponse:
            caller, now = check(request), self.setup.clock.timestamp()
            self.arrivals[caller].append(now)
            if self.window is not None:
                wait = self.window.take(caller, now)
                if wait > 0:
                    raise self.throttled(wait)
            if self.setup.strict:
                self.refuse_unknown(request.query, query)
            return await handler(request)

        return serve

    def refuse_unknown(self, given: Iterable[str], known: frozenset[str]) -> None:
        """Refuse names that the vendor's documents do not have, so that a client's typo is seen."""
        for name in given:
            if name not in known:
                raise self.unknown_parameter(name)


def _most_within(times: array[float], per_seconds: float) -> int:
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - per_seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
