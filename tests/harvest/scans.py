"""What the tests of the vendors' plans share: a quiet sandbox, a provider, and scans read to their end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs

from interviewkit.http.retry import RetryPolicy
from interviewkit.http.wire import Problem
from interviewkit.plan import Row, Scan, Stream
from interviewkit.registry import connect
from interviewkit.sandbox import Sandbox, VirtualClock


@attrs.define
class Scanned:
    """A scan as a whole."""

    rows: list[Row] = attrs.field(factory=list)
    problems: list[Problem] = attrs.field(factory=list)
    cursors: list[str] = attrs.field(factory=list)
    totals: list[int | None] = attrs.field(factory=list)
    mark: str | None = None

    @property
    def refs(self) -> set[str]:
        return {str(row.ref) for row in self.rows}

    @property
    def digests(self) -> dict[str, str]:
        return {str(row.ref): row.digest for row in self.rows}

    def row(self, ref: str) -> Row:
        return next(row for row in self.rows if str(row.ref) == ref)


async def read(
    stream: Stream, scan: Scan = Scan.FULL, *, mark: str | None = None, cursor: str | None = None,
    between: Callable[[int], object] = lambda _number: None,
) -> Scanned:  # fmt: skip
    """Read a scan to its end; `between` is told how many pages there were."""
    found = Scanned(mark=mark)
    for number in range(1, 1000):
        page = await stream.page(scan, cursor=cursor, mark=mark)
        found.rows += page.rows
        found.problems += page.problems
        found.totals.append(page.total)
        found.mark = page.mark or found.mark
        between(number)
        cursor = page.cursor
        if cursor is None:
            return found
        found.cursors.append(cursor)
    raise AssertionError("the scan does not end")


@asynccontextmanager
async def sandboxed(vendor: str, **options: Any) -> AsyncIterator[tuple[Sandbox, Any]]:
    """A sandbox whose clock stands still, and the vendor's provider."""
    keywords = options.pop("provider", {})
    options = {"clock": VirtualClock(frozen=True), "sessions": 300, "strict_limits": False, **options}
    async with Sandbox(**options) as box:
        account = {name: value for name, value in box.accounts[f"sandbox-{vendor}"].items() if name != "provider"}
        async with connect(vendor, **account, limit=None, retry=RetryPolicy(attempts=1), **keywords) as provider:
            yield box, provider


def asked(box: Sandbox, vendor: str) -> int:
    """How many requests a vendor got so far."""
    return sum(next(one for one in box.vendors if one.name == vendor).counts.values())
