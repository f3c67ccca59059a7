"""What a harvest must know of a vendor: which lists to read, in which order, and which of their rows need a report.

A provider that has a cheaper way than reading whole lists says so by a method `harvest_plan()`; without one, the
harvest reads `list_sessions()` and fetches what has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import attrs
import msgspec

from interviewkit.errors import MalformedResponseError
from interviewkit.http.wire import Problem
from interviewkit.model import Report, Session, SessionRef

AT_ONCE = datetime.fromtimestamp(0, UTC)
"""A row's `due` for a report that is worth reading now."""
_ENCODER = msgspec.json.Encoder(order="deterministic")
_OLD = timedelta(days=14)
_WEEK = timedelta(days=7)
_MOST_HOURS = 24


class Scan(StrEnum):
    """How much of a list is read."""

    FULL = "full"
    """All rows, in an order in which changes move none: what is not seen is gone."""
    NEWS = "news"
    """The rows that came or changed since the last scan, as far as the list can tell."""


@attrs.frozen(kw_only=True)
class Row:
    """A row of a list, as the harvest needs it."""

    session: Session
    digest: str
    """Changes whenever a report read before may have changed."""
    due: datetime | None
    """When its report is worth reading: a time that has passed is now, `None` not until the digest changes."""
    requests: int = 1
    """How many requests its report takes, as far as the row tells."""
    memo: str | None = attrs.field(default=None, repr=False)
    """What `Stream.report` needs to read the report later without the list; no link that expires stands in it."""
    fresh: Any = attrs.field(default=None, repr=False, eq=False)
    """The vendor's row itself, for a report that is read at once; never stored."""

    @property
    def ref(self) -> SessionRef:
        """The session's reference."""
        return self.session.ref


@attrs.frozen(kw_only=True)
class ListPage:
    """One page of a scan. `cursor` leads to the next page, `None`: the scan is complete."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    cursor: str | None = None
    total: int | None = None
    """How many rows the list has in all, where the vendor tells."""
    mark: str | None = None
    """Where the next scan for news begins; taken over when this scan is complete. The last one of a scan counts."""


class Stream(Protocol):
    """One list of a vendor, and the reports behind its rows. It holds no state that a restart would lose."""

    name: str
    """A word that stays the same: `pads`."""
    has_news: bool
    """Whether `Scan.NEWS` is cheaper than reading everything."""

    async def page(self, scan: Scan, *, cursor: str | None, mark: str | None) -> ListPage:
        """Read one page. `mark` is the last complete scan's, `None` before the first one.

        Raises `ListingUnstableError` where the scan has to begin anew, as a full one.
        """

    async def report(self, ref: SessionRef, *, memo: str | None, fresh: Any) -> Report:
        """Read a row's report, with `fresh` of a row that was just listed, or `None`."""

    def again(self, report: Report, *, reads: int) -> datetime | None:
        """When to read a report again, after `reads` readings; `None`: when its row changes.

        It is asked about final reports too: some vendors add to them without a change in the row.
        """


@attrs.frozen
class HarvestPlan:
    """The lists of an account."""

    streams: Sequence[Stream]


def digest(raw: Mapping[str, Any], *, without: Collection[str] = ()) -> str:
    """A short fingerprint of a vendor's row; `without` names keys that change from answer to answer, such as links."""
    return fingerprint(canonical({key: value for key, value in raw.items() if key not in without} if without else raw))


def canonical(raw: Mapping[str, Any]) -> bytes:
    """A vendor's row as JSON, in one way of writing it, whatever the order of its keys."""
    try:
        return _ENCODER.encode(raw)
    except (UnicodeEncodeError, msgspec.MsgspecError, OverflowError):  # half a surrogate pair, or a long number
        return json.dumps(raw, sort_keys=True, separators=(",", ":")).encode()


def fingerprint(text: bytes) -> str:
    """A short fingerprint of what `canonical` wrote."""
    return hashlib.sha256(text).hexdigest()[:32]


def back_off(reads: int, *, began: datetime | None, now: datetime) -> datetime:
    """When to read a report again that was not final at its last reading: after 1, 2, 4 ... 24 hours.

    Weekly once its session, which `began` at that time, is more than 14 days old.
    """
    if began is not None and now - began > _OLD:
        return now + _WEEK
    return now + timedelta(hours=min(2 ** min(max(reads, 1) - 1, _MOST_HOURS), _MOST_HOURS))


def check_paging(cursor: str | None, following: str | None, *, rows: int, total: int | None) -> None:
    """Raise `MalformedResponseError` for a list that leads back to itself, or that does not end.

    `rows` came in this scan so far; twice as many as were counted, and 1000 for a list that grows, are too many.
    """
    if following is not None and (following == cursor or (total is not None and rows > 2 * total + 1000)):
        raise MalformedResponseError(
            f"the list {'repeats a cursor' if following == cursor else 'does not end'} after {rows} rows",
            paths=("$",), hint="the vendor's paging is broken: read the list again later",
        )  # fmt: skip
