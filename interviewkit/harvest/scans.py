"""Reading a vendor's lists: a page's rows and the place to go on in one transaction, deletions at the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update

from interviewkit.errors import ListingUnstableError
from interviewkit.harvest import items, schema
from interviewkit.harvest.deletions import ask_for, lift, mark_gone, unnamed
from interviewkit.harvest.engine import Transaction, rows
from interviewkit.harvest.leases import Lease
from interviewkit.harvest.outcomes import Change, Outcome
from interviewkit.harvest.unreadable import forgive_rows, keep
from interviewkit.harvest.work import Work
from interviewkit.model import SessionRef
from interviewkit.plan import ListPage, Row, Scan, Stream

MISSING_SHARE = 0.2
MISSING_ROWS = 20
"""A full scan that misses more than both is suspicious, and marks nobody as deleted."""
RESCANS = 2
"""So often in one run is a list begun anew that moved while it was read."""
RESCAN_LATER = timedelta(minutes=10)
_ONCE = timedelta(seconds=1)
State = dict[str, Any]
_STATES = select(schema.stream_state).where(schema.stream_state.c.account == bindparam("mine"))
_SAVE_GATE = update(schema.rate_scope).where(schema.rate_scope.c.scope == bindparam("mine"))


async def states(work: Work) -> dict[str, State]:
    """Where each stream stands, by name."""
    async with work.store.reading() as connection:
        found = {row["stream"]: row for row in await rows(connection, _STATES, {"mine": work.account})}
    return {stream.name: found.get(stream.name) or _unread(work.account, stream.name) for stream in work.plan.streams}


def due(work: Work, stream: Stream, state: State, now: datetime) -> datetime:
    """When a stream is to be read next."""
    if state["scan"] is not None or state["full_at"] is None:
        return now
    last: datetime = max(state["full_at"], state["news_at"] or state["full_at"])
    if work.wake is not None and last < work.wake and work.rescans.get(stream.name, 0) <= RESCANS:
        return now
    interval = timedelta(seconds=work.settings.interval)
    following: datetime = state["full_at"] + interval
    if stream.has_news:
        following = min((state["news_at"] or state["full_at"]) + interval, _sweep(work, state))
    # A pass by hand reads each list once, however short the interval, and so comes to an end.
    return following if work.wake is None else max(following, now + _ONCE)


def begin(work: Work, stream: Stream, state: State, now: datetime) -> State:
    """The state with a scan under way: the one that was begun, news, or everything."""
    if state["scan"] is not None:
        return state
    news = stream.has_news and state["full_at"] is not None and state["mark"] is not None and now < _sweep(work, state)
    fresh: State = {"cursor": None, "next_mark": None, "skipped": 0, "added": 0, "unstable": False, "partial": False}
    fresh["started_at"] = now
    if news:
        return {**state, **fresh, "scan": Scan.NEWS.value}
    return {**state, **fresh, "scan": Scan.FULL.value, "generation": state["generation"] + 1, "total": None}


async def page(work: Work, lease: Lease, stream: Stream, state: State) -> State:
    """Read one page and store it with the place to go on. Returns the stream's new state."""
    scan = Scan(state["scan"])
    try:
        found = await stream.page(scan, cursor=state["cursor"], mark=state["mark"])
    except ListingUnstableError as error:
        return await _anew(work, lease, state, error)
    listed = {str(row.ref): row for row in found.rows}
    new_state = _advanced(state, found)
    gone: list[tuple[str, int | None]] = []
    back: list[tuple[str, int]] = []
    unchanged = 0
    async with work.store.writing(lease) as connection:
        known = await items.known(connection, work.account, list(listed))
        changed: list[items.Values] = []
        same: list[str] = []
        returned: list[str] = []
        for ref, row in listed.items():
            if _erased(work, ref, row):
                new_state["skipped"] += 1
                continue
            old = known.get(ref)
            values = items.listed(
                old, row, account=work.account, stream=stream.name, generation=new_state["generation"]
            )
            new_state["added"] += old is None
            if values is not None:
                if old is not None and old["phase"] == items.Phase.GONE and values["phase"] != items.Phase.GONE:
                    returned.append(ref)
                changed.append(values)
                continue
            assert old is not None  # noqa: S101
            seen = scan is Scan.FULL and old["generation"] == new_state["generation"]
            unchanged += not seen and old["done_digest"] == old["digest"]
            same.append(ref)
        await items.put(connection, schema.item, changed)
        if scan is Scan.FULL:
            await _seen(connection, work.account, same, new_state["generation"])
        back = await lift(work, connection, returned)
        for problem in found.problems:
            await keep(
                connection, work.account, stream.name, problem.raw, problem.error, now=work.clock(),
                erasures=work.erasures,
            )  # fmt: skip
        new_state["skipped"] += len(found.problems)
        if found.cursor is None:
            new_state, gone = await _finish(work, connection, new_state, found)
        await items.put(connection, schema.stream_state, [new_state])
        await save_gate(work, connection)
    work.fresh |= {ref: row.fresh for ref, row in listed.items() if row.fresh is not None}
    now = work.clock()
    work.due += sum(one["due_at"] is not None and one["due_at"] <= now for one in changed)
    work.gate.calm()
    work.counts.unchanged += unchanged
    for problem in found.problems:
        await work.report(work.failure(problem.error, change=Change.UNREADABLE))
    for ref, seq in back:
        await work.report(Outcome(account=work.account, ref=SessionRef.parse(ref), change=Change.CHANGED, seq=seq))
    for ref, number in gone:
        await work.report(Outcome(account=work.account, ref=SessionRef.parse(ref), change=Change.GONE, seq=number))
    return new_state


def _erased(work: Work, ref: str, row: Row) -> bool:
    """Whether a row is of a person who was erased, or names one in what would be kept of it."""
    candidate = row.session.candidate
    email = None if candidate is None else candidate.email
    return work.erasures.covers(work.account, ref, email) or work.erasures.covers_text(row.memo or "")


async def save_gate(work: Work, connection: Transaction) -> None:
    """Write the account's limits down beside the data."""
    if not work.gate.is_open:
        await connection.execute(_SAVE_GATE, {"mine": work.gate.scope, **work.gate.state()})


def _unread(account: str, stream: str) -> State:
    empty: State = dict.fromkeys(column.name for column in schema.stream_state.columns)
    return {
        **empty, "account": account, "stream": stream, "generation": 0, "skipped": 0, "added": 0, "unstable": False,
        "partial": False,
    }  # fmt: skip


def _sweep(work: Work, state: State) -> datetime:
    found: datetime = state["full_at"] + timedelta(seconds=work.settings.sweep_every)
    return found


def _advanced(state: State, found: ListPage) -> State:
    total = state["total"]
    shrank = state["scan"] == Scan.FULL and total is not None and found.total is not None and found.total < total
    return {
        **state,
        "cursor": found.cursor,
        "next_mark": found.mark or state["next_mark"],
        "unstable": bool(state["unstable"] or shrank),
        "partial": bool(state["partial"] or any(problem.error.retryable for problem in found.problems)),
        "total": total if state["scan"] == Scan.NEWS or found.total is None else found.total,
    }


async def _finish(
    work: Work, connection: Transaction, state: State, last: ListPage
) -> tuple[State, list[tuple[str, int | None]]]:
    """The state after the last page, and who is gone."""
    now = work.clock()
    done = {**state, "scan": None, "cursor": None, "started_at": None, "mark": state["next_mark"], "next_mark": None}
    if state["scan"] == Scan.NEWS:
        lost = last.total is not None and state["total"] is not None and last.total < state["total"] + state["added"]
        total = state["total"] if last.total is None else last.total
        return {**done, "news_at": now, "total": total, "full_at": None if lost else state["full_at"]}, []
    table = schema.item
    mine = (table.c.account == work.account) & (table.c.stream == state["stream"])
    present = table.c.generation == state["generation"]
    seen: int = (await connection.execute(select(func.count()).select_from(table).where(mine & present))).scalar_one()
    short = state["total"] is not None and seen + state["skipped"] < state["total"]
    if state["unstable"] or short:
        return _retry(work, done, now), []
    await forgive_rows(connection, work.account, state["stream"], before=state["started_at"])
    if state["partial"]:
        return {**done, "full_at": now, "news_at": now}, []
    missing = mine & ~present & (table.c.phase != items.Phase.GONE)
    refs = list((await connection.execute(select(table.c.ref).where(missing).order_by(table.c.ref))).scalars())
    done |= {"full_at": now, "news_at": now, "suspicious": None}
    if len(refs) > MISSING_ROWS and len(refs) > MISSING_SHARE * (len(refs) + seen):
        work.suspicious = (work.suspicious or 0) + len(refs)
        if state["suspicious"] is not None:  # the last scan missed as many: their reports can tell
            await ask_for(connection, work.account, refs, now=now)
        return {**done, "suspicious": len(refs)}, []
    left, unnamed_rows = await unnamed(connection, work.account, state["stream"], refs, since=state["started_at"])
    if len(left) <= unnamed_rows:
        await ask_for(connection, work.account, left, now=now)
        return done, []
    return done, await mark_gone(work, connection, left)


def _retry(work: Work, done: State, now: datetime) -> State:
    """The list moved while it was read: read it again, at once or, after some attempts, later."""
    name = done["stream"]
    work.rescans[name] = work.rescans.get(name, 0) + 1
    if work.rescans[name] <= RESCANS:
        return {**done, "full_at": None}
    work.error = work.located(
        ListingUnstableError(
            "the list keeps losing rows while it is read: deletions were not looked for",
            hint="the next run tries again",
        )
    )
    stream = work.stream(name)
    again = work.settings.sweep_every if stream is not None and stream.has_news else work.settings.interval
    return {**done, "full_at": now - timedelta(seconds=again) + RESCAN_LATER, "news_at": now}


async def _anew(work: Work, lease: Lease, state: State, error: ListingUnstableError) -> State:
    """Begin a full scan in place of one that cannot go on."""
    name = state["stream"]
    work.rescans[name] = work.rescans.get(name, 0) + 1
    if work.rescans[name] > RESCANS:
        raise error
    begun = {**state, "scan": None, "cursor": None, "full_at": None}
    async with work.store.writing(lease) as connection:
        await items.put(connection, schema.stream_state, [begun])
        await save_gate(work, connection)
    return begun


async def _seen(connection: Transaction, account: str, refs: Sequence[str], generation: int) -> None:
    table = schema.item
    for some in items.chunks(refs):
        await connection.execute(
            update(table).where(table.c.account == account, table.c.ref.in_(some)).values(generation=generation)
        )
