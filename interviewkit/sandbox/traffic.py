"""What reached a vendor, what it changed, and what it should not have held."""

from __future__ import annotations

import random
from collections import Counter, deque
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import attrs

from .faults import Fault

KEPT_REQUESTS = 10_000


@attrs.define(kw_only=True)
class SeenRequest:
    """One request as it arrived; `status` is None until it is answered, and stays None when the line was cut."""

    number: int
    site: str
    method: str
    path: str
    route: str
    query: list[tuple[str, str]] = attrs.field(repr=False)
    headers: dict[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    at: datetime
    status: int | None = None

    def summary(self) -> dict[str, Any]:
        """The JSON form of the control route: no headers, no body, no credential."""
        return {
            "number": self.number,
            "site": self.site,
            "method": self.method,
            "path": self.path,
            "route": self.route,
            "query": {name: value for name, value in self.query if name != "key"},
            "at": self.at.isoformat(),
            "status": self.status,
        }


@attrs.frozen(kw_only=True)
class Commit:
    """One write that took effect: the judge of how often something really happened."""

    vendor: str
    kind: str
    id: str
    at: datetime
    detail: dict[str, Any] = attrs.field(factory=dict, repr=False)

    def summary(self) -> dict[str, Any]:
        """The JSON form of the control route."""
        return {"vendor": self.vendor, "kind": self.kind, "id": self.id, "at": self.at.isoformat(), **self.detail}


@attrs.frozen(kw_only=True)
class Violation:
    """Something a careful client never sends: a credential or a cookie to a site that must not get it."""

    site: str
    path: str
    what: str


@attrs.define(kw_only=True)
class FaultRule:
    """Faults, of which one meets each next matching request; `times=None` never runs out, no routes are all."""

    faults: tuple[Fault, ...]
    method: str | None = None
    routes: tuple[str, ...] = ()
    times: int | None = None
    probability: float = 1.0

    def matches(self, method: str, route: str, path: str) -> bool:
        """Whether this request is one the rule speaks of; a route is a template or a glob over the path."""
        if self.method is not None and self.method.upper() != method:
            return False
        return not self.routes or any(one == route or fnmatchcase(path, one) for one in self.routes)


class Traffic:
    """The requests, counters and waiting faults of one vendor's sites."""

    def __init__(self, seed: int, name: str) -> None:
        self.seen: deque[SeenRequest] = deque(maxlen=KEPT_REQUESTS)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.rules: list[FaultRule] = []
        self.played: Counter[str] = Counter()
        self._number = 0
        self._random = random.Random(f"{seed}:{name}:faults")

    def record(self, **facts: Any) -> SeenRequest:
        """Note a request on arrival."""
        self._number += 1
        seen = SeenRequest(number=self._number, **facts)
        self.seen.append(seen)
        self.counts[(seen.method, seen.route)] += 1
        return seen

    def next_fault(self, seen: SeenRequest) -> Fault | None:
        """The fault this request meets, used up by asking."""
        for rule in self.rules:
            if not rule.matches(seen.method, seen.route, seen.path):
                continue
            if rule.probability < 1 and self._random.random() >= rule.probability:
                continue
            if rule.times is not None:
                rule.times -= 1
                if rule.times <= 0:
                    self.rules.remove(rule)
            fault = rule.faults[0] if len(rule.faults) == 1 else self._random.choice(rule.faults)
            self.played[fault.label] += 1
            return fault.drawn(self._random.random)
        return None
