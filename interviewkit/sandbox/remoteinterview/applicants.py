"""RemoteInterview's tests and candidates: a population of any size from a seed, and everything done to it since."""

from __future__ import annotations

import base64
import binascii
import random
from datetime import datetime, timedelta
from typing import Any

import attrs

from interviewkit.sandbox.clock import EPOCH, VendorClock
from interviewkit.sandbox.world.identity import PUSH, IdSpace
from interviewkit.sandbox.world.lag import Index, Lag
from interviewkit.sandbox.world.people import number_in, person, position
from interviewkit.sandbox.world.problems import PROBLEMS

from .shapes import coding_task, milliseconds, other_task

SLOT = timedelta(minutes=25)
NOBODY = 1_000_003
"""Candidates' numbers so far beyond the last one belong to nobody."""
PREFIX = "_ricand_"
FINISHED = frozenset({"completed", "accepted", "rejected", "shortlisted"})
TAGS = ("referred", "night shift", "relocating", "second round")


@attrs.define(kw_only=True)
class Test:
    """A test that candidates are invited to; `tasks` are the kinds of its tasks."""

    id: str
    title: str
    created_at: datetime
    tasks: tuple[str, ...]


@attrs.define(kw_only=True)
class Applicant:
    """A candidate of one test."""

    number: int
    id: str
    test: Test
    email: str
    name: str | None = None
    status: str = "invited"
    added_at: datetime
    finished_at: datetime | None = None
    is_evaluated: bool = False
    tags: list[str] = attrs.field(factory=list)
    notes: str | None = None
    phone: str | None = None

    @property
    def place(self) -> str:
        """Test and candidate: what finds the candidate again."""
        return f"{self.test.id}/{self.id}"

    @property
    def is_finished(self) -> bool:
        """Whether the test was submitted."""
        return self.status in FINISHED


class Applicants:
    """All tests and candidates; base candidates are found again by the number in their mailbox."""

    def __init__(self, seed: int, size: int, clock: VendorClock, lag: Lag) -> None:
        self.size = size
        self._seed = seed
        self._clock = clock
        self._ids = IdSpace(seed, "remoteinterview-tests", PUSH, 13)
        self._changed: dict[tuple[str, str], Applicant] = {}
        self._index: Index[tuple[str, str], Applicant] = Index(lag)
        self._new: dict[str, list[Applicant]] = {}
        self._gone: set[int] = set()
        self._number = size
        self._nobodies = 0
        self.tests = [self._invent_test(number) for number in range(max(2, min(40, size // 20)))]

    def test(self, ident: str) -> Test | None:
        """The test with this id."""
        return next((test for test in self.tests if test.id == ident), None)

    def of_test(self, test: Test) -> list[Applicant]:
        """Everybody in a test, in the order of their invitation."""
        return [self._changed.get((test.id, one.id), one) for one in self._base(test)] + self._new.get(test.id, [])

    def listed(self, test: Test) -> list[Applicant]:
        """Everybody in a test as its list shows them."""
        base = [self._index.get((test.id, one.id)) or one for one in self._base(test)]
        new = [self._index.get((test.id, one.id)) for one in self._new.get(test.id, [])]
        return base + [one for one in new if one is not None]

    def find(self, test: Test, ident: str) -> Applicant | None:
        """The candidate of a test with this id."""
        changed = self._changed.get((test.id, ident))
        if changed is not None:
            return changed
        number = number_in(email_behind(ident))
        if number is None or number >= self.size or number % len(self.tests) != self.tests.index(test):
            return None
        if number in self._gone:
            return None
        applicant = self._invent(number)
        return applicant if applicant.id == ident else None

    def change(self, applicant: Applicant) -> None:
        """Keep a candidate's new state."""
        self._changed[applicant.test.id, applicant.id] = applicant
        self._index.put((applicant.test.id, applicant.id), applicant)

    def remove(self, applicant: Applicant) -> None:
        """Delete a candidate."""
        self._gone.add(applicant.number)
        self._changed.pop((applicant.test.id, applicant.id), None)
        self._index.discard((applicant.test.id, applicant.id))
        new = self._new.get(applicant.test.id, [])
        new[:] = [one for one in new if one.number != applicant.number]

    def touch(self, applicant: Applicant) -> None:
        """Let a recruiter give another verdict on who has finished, or another name and tag to who has not."""
        if applicant.is_finished:
            applicant.status = "rejected" if applicant.status == "accepted" else "accepted"
        else:
            applicant.tags = applicant.tags[:-1] if TAGS[-1] in applicant.tags else [*applicant.tags, TAGS[-1]]
            applicant.name = f"{applicant.name or 'Somebody'}."
        self.change(applicant)

    def invite(self, test: Test, email: str) -> Applicant:
        """A new candidate; the vendor prevents no duplicates, so everybody gets an id of their own."""
        ident, again = candidate_id(email), 1
        while self.find(test, ident) is not None:
            again += 1
            ident = candidate_id(f"{again}_{email}")
        applicant = Applicant(number=self._number, id=ident, test=test, email=email, added_at=self._clock.now())
        self._number += 1
        self._new.setdefault(test.id, []).append(applicant)
        self.change(applicant)
        return applicant

    def nobody(self) -> Applicant:
        """A finished candidate who does not exist, with an id that nobody has."""
        self._nobodies += 1
        number, now = self._number + NOBODY + self._nobodies, self._clock.now()
        one = self._invent(number)
        one.status, one.is_evaluated, one.added_at, one.finished_at = "completed", True, now, now
        return one

    def perform(self, applicant: Applicant, until: str) -> None:
        """Let the candidate start, submit and be evaluated."""
        if applicant.status == "invited":
            applicant.status = "started"
            applicant.name = applicant.name or applicant.email.partition("@")[0].replace(".", " ").title()
        if applicant.status == "started" and until != "started":
            applicant.status = "completed"
            applicant.finished_at = self._clock.now()
        if applicant.is_finished and until == "evaluated":
            applicant.is_evaluated = True
        self.change(applicant)

    def tasks(self, applicant: Applicant, uploads: str) -> list[dict[str, Any]]:
        """The report's tasks, as the vendor writes them; `uploads` is where submissions lie."""
        rng = random.Random(f"{self._seed}:applicant:{applicant.number}:tasks")
        at = milliseconds(applicant.finished_at or applicant.added_at)
        tasks = []
        first = self.tests.index(applicant.test)
        for place, kind in enumerate(applicant.test.tasks):
            if kind == "coding":
                tasks.append(coding_task(PROBLEMS[(first + place) % len(PROBLEMS)], rng, at))
            else:
                tasks.append(other_task(kind, f"-Task{applicant.number:06d}{place}", uploads, rng, at))
        return tasks

    def _base(self, test: Test) -> list[Applicant]:
        numbers = range(self.tests.index(test), self.size, len(self.tests))
        return [self._invent(number) for number in numbers if number not in self._gone]

    def _invent_test(self, number: int) -> Test:
        created = EPOCH - timedelta(days=1200 - 3 * number, milliseconds=387)
        kinds = ("coding", "coding", "project", "is_sql", "is_multiple_choice", "is_open_ended")
        tasks = kinds[:1] + tuple(kind for place, kind in enumerate(kinds[1:]) if (number + place) % 2)
        title = f"{position(3 * number + 1)} take-home"
        return Test(id=f"-J{self._ids.text(number)}", title=title, created_at=created, tasks=tasks)

    def _invent(self, number: int) -> Applicant:
        rng = random.Random(f"{self._seed}:applicant:{number}")
        who = person(rng, number)
        added = EPOCH - SLOT * (self.size + 20 - number) + timedelta(milliseconds=int(rng.random() * 600_000))
        status = rng.choice(
            ["invited", "started", "completed", "completed", "completed", "accepted", "accepted", "rejected"]
        )
        finished = status in FINISHED
        return Applicant(
            number=number,
            id=candidate_id(who.email),
            test=self.tests[number % len(self.tests)],
            email=who.email,
            name=who.name,
            status=status,
            added_at=added,
            finished_at=added + timedelta(minutes=20) if finished else None,
            is_evaluated=finished,
            tags=[tag for tag in TAGS if rng.random() < 0.2],
            notes="Talked the problem through first." if rng.random() < 0.3 else None,
            phone=f"+1 555 01{int(rng.random() * 100):02d}" if rng.random() < 0.3 else None,
        )


def candidate_id(text: str) -> str:
    """An id as the vendor makes it: base64 of a prefix and the mailbox, with ~ for =."""
    return base64.urlsafe_b64encode(f"{PREFIX}{text}".encode()).decode().replace("=", "~")


def email_behind(ident: str) -> str:
    """The mailbox that an id was made of, or nothing."""
    try:
        text = base64.b64decode(ident.replace("~", "="), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return text.removeprefix(PREFIX) if text.startswith(PREFIX) else ""
