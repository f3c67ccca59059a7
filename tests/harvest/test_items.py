"""What rows, reports and failures make of an item, branch by branch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

import interviewkit as ik
from interviewkit.harvest.items import Phase, failed, latest, listed, missed, read, unreadable
from interviewkit.plan import AT_ONCE, Row

from .scripted import NOON

HOUR = timedelta(hours=1)


def session(**times: datetime) -> ik.Session:
    ref = ik.SessionRef(provider="scripted", kind=ik.SessionKind.LIVE, id="s1")
    return ik.Session(
        ref=ref, provider="scripted", account="acme", kind=ref.kind, status=ik.SessionStatus.COMPLETED, **times
    )


def row(digest: str = "new", due: datetime | None = AT_ONCE) -> Row:
    return Row(session=session(created_at=NOON), digest=digest, due=due, memo="memo", requests=3)


def item(**values: Any) -> dict[str, Any]:
    return {
        "account": "acme", "ref": "scripted:live:s1", "stream": "sessions", "phase": Phase.FINAL, "due_at": None,
        "at": NOON, "digest": "old", "done_digest": "old", "memo": None, "requests": 1, "reads": 4, "failures": 2,
        "missed_at": None, "generation": 6, "error": "boom", **values,
    }  # fmt: skip


def after(old: dict[str, Any] | None, new: Row) -> Any:
    return listed(old, new, account="acme", stream="sessions", generation=7)


def test_a_new_row_is_an_open_item() -> None:
    assert after(None, row(due=NOON)) == item(
        phase=Phase.OPEN, due_at=NOON, digest="new", done_digest=None, memo="memo", requests=3, reads=0, failures=0,
        generation=7, error=None,
    )  # fmt: skip


FORGIVEN = {"failures": 0, "reads": 0, "missed_at": None, "error": None, "memo": "memo", "requests": 3, "generation": 7}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param({"phase": Phase.FINAL}, row("old"), None, id="an unchanged row changes nothing"),
        pytest.param({"phase": Phase.OPEN, "due_at": NOON}, row("old"), None, id="nor the time of the next reading"),
        pytest.param(
            {"phase": Phase.OPEN, "done_digest": None}, row("old", None), None, id="nor does one that is not due"
        ),
        pytest.param(
            {"phase": Phase.OPEN, "done_digest": None}, row("old", NOON), {"due_at": NOON},
            id="one that was not due becomes due",
        ),
        pytest.param({"phase": Phase.FINAL}, row(), FORGIVEN | {"phase": Phase.OPEN, "due_at": AT_ONCE}, id="changed"),
        pytest.param(
            {"phase": Phase.OPEN, "done_digest": "new"}, row(), FORGIVEN | {"phase": Phase.OPEN, "due_at": AT_ONCE},
            id="changed back: the report read then may not have been final",
        ),
        pytest.param(
            {"phase": Phase.UNREADABLE, "due_at": NOON}, row(),
            FORGIVEN | {"phase": Phase.UNREADABLE, "due_at": AT_ONCE}, id="an unreadable one is tried again",
        ),
        pytest.param(
            {"phase": Phase.GONE}, row("old"), FORGIVEN | {"phase": Phase.OPEN, "due_at": AT_ONCE},
            id="missed by a scan, and back",
        ),
        pytest.param(
            {"phase": Phase.GONE, "missed_at": NOON}, row("old"),
            FORGIVEN | {"phase": Phase.GONE, "missed_at": NOON, "due_at": AT_ONCE},
            id="not found twice: its report has to tell",
        ),
        pytest.param(
            {"phase": Phase.GONE, "missed_at": NOON}, row("old", None),
            FORGIVEN | {"phase": Phase.OPEN, "due_at": None}, id="not found twice, and without a report to ask for",
        ),
    ],
)  # fmt: skip
def test_a_known_row(old: dict[str, Any], new: Row, expected: dict[str, Any] | None) -> None:
    found = after(item(**old), new)
    if expected is None:
        assert found is None
        return
    assert {name: found[name] for name in expected} == expected
    assert found["digest"] == new.digest
    assert found["done_digest"] == item(**old)["done_digest"]
    assert set(found) == set(item())


def test_a_row_is_as_late_as_its_latest_time() -> None:
    times = {"created_at": NOON, "started_at": NOON + HOUR, "ended_at": NOON + 2 * HOUR, "updated_at": NOON - HOUR}
    assert latest(Row(session=session(**times), digest="", due=None)) == NOON + 2 * HOUR
    assert latest(Row(session=session(), digest="", due=None)) is None


@pytest.mark.parametrize(
    ("final", "again", "phase"),
    [(True, None, Phase.FINAL), (True, NOON, Phase.FINAL), (False, NOON, Phase.OPEN), (False, None, Phase.OPEN)],
)
def test_a_reading_settles_what_was_wrong(final: bool, again: datetime | None, phase: Phase) -> None:
    old = item(phase=Phase.UNREADABLE, digest="new", memo="memo", missed_at=NOON, due_at=NOON)
    assert read(old, final=final, again=again) == item(
        phase=phase, due_at=again, digest="new", done_digest="new", reads=5, failures=0, error=None
    )


def test_a_404_is_asked_again_an_hour_later() -> None:
    found = missed(item(phase=Phase.OPEN), now=NOON)
    assert (found["phase"], found["missed_at"], found["due_at"]) == (Phase.OPEN, NOON, NOON + HOUR)


def test_a_404_within_the_hour_proves_nothing() -> None:
    found = missed(item(phase=Phase.OPEN, missed_at=NOON), now=NOON + HOUR - timedelta(seconds=1))
    assert (found["phase"], found["missed_at"], found["due_at"]) == (Phase.OPEN, NOON, NOON + HOUR)


def test_a_second_404_after_an_hour_means_gone() -> None:
    found = missed(item(phase=Phase.OPEN, missed_at=NOON, memo="memo"), now=NOON + HOUR)
    assert (found["phase"], found["due_at"], found["memo"], found["error"]) == (Phase.GONE, None, None, None)


def test_an_unreadable_report_is_tried_again_a_day_later() -> None:
    found = unreadable(item(), now=NOON, error="odd")
    assert (found["phase"], found["due_at"]) == (Phase.UNREADABLE, NOON + timedelta(days=1))
    assert (found["failures"], found["error"], found["done_digest"]) == (3, "odd", "old")


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, 1), (1, 2), (5, 32), (8, 256), (9, 360), (12, 360), (10_000, 360)]
)
def test_failures_are_tried_again_later_and_later_up_to_six_hours(failures: int, minutes: int) -> None:
    found = failed(item(failures=failures), now=NOON, error="away")
    assert found["due_at"] == NOON + timedelta(minutes=minutes)
    assert (found["failures"], found["error"], found["phase"]) == (failures + 1, "away", Phase.FINAL)
