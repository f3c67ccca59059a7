"""Codility's tests and sessions: a population of any size from a seed, and everything done to it since."""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from interviewkit.sandbox.clock import EPOCH, VendorClock
from interviewkit.sandbox.world.identity import UPPER, IdSpace
from interviewkit.sandbox.world.lag import Index, Lag
from interviewkit.sandbox.world.listing import Joined, Remaining
from interviewkit.sandbox.world.people import person, position

FIRST_TEST = 37_087_736_400
"""Test ids go beyond 32 bits, as one in the vendor's page does."""
SLOT = timedelta(minutes=20)
NOBODY = 1_000_003
"""Sessions' numbers so far beyond the last one belong to nobody."""
LIFETIME = timedelta(days=14)
"""How long an invitation of this run stays open."""
SIMILARITY_DELAY = timedelta(seconds=120)
SIMILARITY_FROM = 0.4
TASKS = (
    ("TramLines", "tram_lines"),
    ("HarbourCranes", "harbour_cranes"),
    ("GlacierMelt", "glacier_melt"),
    ("LanternParade", "lantern_parade"),
    ("OrchardRows", "orchard_rows"),
    ("SignalFlags", "signal_flags"),
)
LANGUAGES = ("Python", "Java 21", "C++20", "JavaScript", "Go", "SQL (PostgreSQL)")
SIMILARITIES = ("acknowledged", "acknowledged", "suspected", "pending")
INVITED, STARTED, EVALUATING, CLOSED, CANCELLED, EXPIRED = (
    "invited",
    "started",
    "evaluating",
    "closed",
    "cancelled",
    "expired",
)
OPEN = frozenset({INVITED, STARTED})


@attrs.define(kw_only=True)
class Task:
    """A task of a session, with what the candidate scored."""

    title: str
    slug: str
    result: int | None = None
    language: str | None = None


@attrs.define(kw_only=True)
class CodeLive:
    """The live side of a CodeLive session."""

    access_code: str
    room_name: str | None = None
    candidate_start_date: datetime | None = None
    last_activity_date: datetime | None = None


@attrs.define(kw_only=True)
class Session:
    """One candidate at one test."""

    number: int
    id: str
    test: int | None
    candidate: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    stage: str = INVITED
    created_at: datetime
    started_at: datetime | None = None
    closed_at: datetime | None = None
    expires_at: datetime | None = None
    tasks: list[Task] = attrs.field(factory=list)
    similarity: str | None = None
    similarity_from: datetime | None = None
    answers: dict[str, str | None] = attrs.field(factory=dict)
    additional_data: Any = attrs.field(factory=dict)
    codelive: CodeLive | None = None
    redirect_url: str | None = None
    rpt_emails: list[str] | None = None
    event_callbacks: list[dict[str, str]] = attrs.field(factory=list)
    """Where the vendor posts what becomes of the session."""
    emails: list[dict[str, Any]] = attrs.field(factory=list)

    @property
    def intent(self) -> dict[str, str | None]:
        """What tells in the commit log whose session this is."""
        test = None if self.test is None else str(self.test)
        return {"test": test, "candidate": self.candidate, "email": self.email}

    @property
    def result(self) -> int | None:
        """Points over all tasks, once evaluated."""
        if self.stage != CLOSED or not self.tasks:
            return None
        return sum(task.result or 0 for task in self.tasks)


@attrs.define(kw_only=True)
class Test:
    """A test that candidates are invited to."""

    id: int
    name: str
    created_at: datetime
    is_archived: bool = False
    is_public: bool = False


class Sessions:
    """All tests and sessions, oldest first; their order never changes, so that a page is a range of numbers."""

    def __init__(self, seed: int, size: int, clock: VendorClock, lag: Lag) -> None:
        self.size = size
        self.count = size
        self._seed = seed
        self._clock = clock
        self._ids = IdSpace(seed, "codility", UPPER, 9)
        self._changed: dict[int, Session] = {}
        self._index: Index[int, Session] = Index(lag)
        self._listed = size
        self._nobodies = 0
        self._new_of_test: dict[int, list[int]] = {}
        self._gone: list[int] = []
        self.tests = [self._invent_test(number) for number in range(max(3, min(40, size // 25)))]
        self.credits = 500

    def find(self, ident: str) -> Session | None:
        """The session with this id as it is now."""
        live = ident.startswith("CL-")
        letters = ident[3:] if live else ident
        number = self._ids.number(letters[:6] + letters[7:]) if letters[6:7] == "-" else None
        if number is None or number >= self.count or self._is_gone(number):
            return None
        session = self.numbered(number)
        return session if session.id == ident else None

    def numbered(self, number: int) -> Session:
        """The session with this number as it is now."""
        session = self._changed.get(number)
        if session is None:
            return self._invent(number)
        if session.stage == INVITED and session.expires_at is not None and self._clock.now() >= session.expires_at:
            session.stage = EXPIRED
        return session

    def change(self, session: Session) -> None:
        """Keep a session's new state."""
        self._changed[session.number] = session
        self._index.put(session.number, session)

    def listed(self, number: int) -> Session:
        """The session with this number as lists show it."""
        return self._index.get(number) or self._invent(number)

    def test(self, ident: str) -> Test | None:
        """The test with this id."""
        return next((test for test in self.tests if str(test.id) == ident), None)

    def all(self) -> Sequence[int]:
        """Numbers of all sessions that lists show."""
        count = self._count_listed()
        return Remaining(range(count), self._gone[: bisect_left(self._gone, count)])

    def of_test(self, test: Test) -> Sequence[int]:
        """Numbers of a test's sessions that lists show: those of the base population, then those of this run."""
        count = self._count_listed()
        first, step = self.tests.index(test), len(self.tests)
        gone = [number // step for number in self._gone if number < self.size and number % step == first]
        base = Remaining(range(first, self.size, step), gone)
        new = [number for number in self._new_of_test.get(test.id, []) if number < count and not self._is_gone(number)]
        return Joined(base, new)

    def ids(self) -> Iterator[str]:
        """Ids of all sessions, of which none is made up for it."""
        for number in Remaining(range(self.count), self._gone):
            session = self._changed.get(number)
            yield session.id if session else self._id(number, live=_is_live(number))

    def remove(self, session: Session) -> None:
        """Delete a session."""
        insort(self._gone, session.number)
        self._changed.pop(session.number, None)
        self._index.discard(session.number)

    def touch(self, session: Session) -> None:
        """Let something change that lists show: another similarity word, the candidate's next step, or a name."""
        steps = {INVITED: "started", STARTED: "evaluated", EVALUATING: "evaluated"}
        if session.stage in steps:
            self.perform(session, steps[session.stage])
        elif session.stage == CLOSED:
            words = [word for word in dict.fromkeys(SIMILARITIES) if word != self.similarity(session)]
            session.similarity, session.similarity_from = words[0], self._clock.now()
        else:
            session.last_name = f"{session.last_name or 'Somebody'}."
        self.change(session)

    def create(self, test: Test | None, **fields: Any) -> Session:
        """A new session, for an invitation or, without a test, for a CodeLive whiteboard."""
        number, now = self.count, self._clock.now()
        self.count += 1
        live = fields.get("codelive") is not None
        session = Session(
            **fields,
            number=number,
            id=self._id(number, live=live),
            test=test.id if test else None,
            created_at=now,
            expires_at=None if live else now + LIFETIME,
            tasks=[] if live else self._tasks(number),
        )
        if test is not None:
            self._new_of_test.setdefault(test.id, []).append(number)
        self.change(session)
        return session

    def nobody(self) -> Session:
        """A finished session that does not exist, with an id that nobody has."""
        self._nobodies += 1
        number, now = self.count + NOBODY + self._nobodies, self._clock.now()
        session = self._invent(number)
        session.codelive, session.id, session.created_at = None, self._id(number, live=False), now
        _start(session, now)
        _evaluate(session, random.Random(number), now)
        return session

    def perform(self, session: Session, until: str) -> None:
        """Let the candidate start, submit and be evaluated; nothing happens to what is over."""
        rng = random.Random(f"{self._seed}:codility:{session.number}:work")
        now = self._clock.now()
        if session.stage == INVITED:
            _start(session, now)
        if session.stage == STARTED and until != "started":
            session.stage = EVALUATING
        if session.stage == EVALUATING and until == "evaluated":
            _evaluate(session, rng, now)
        self.change(session)

    def similarity(self, session: Session) -> str | None:
        """The similarity check's word, once there is one."""
        if session.similarity_from is None or self._clock.now() < session.similarity_from:
            return None
        return session.similarity

    def _count_listed(self) -> int:
        """How many sessions lists know of, deleted ones among them: they come up in the order of their numbers."""
        while self._listed < self.count and (self._is_gone(self._listed) or self._index.get(self._listed)):
            self._listed += 1
        return self._listed

    def _is_gone(self, number: int) -> bool:
        place = bisect_left(self._gone, number)
        return place < len(self._gone) and self._gone[place] == number

    def _id(self, number: int, *, live: bool) -> str:
        letters = self._ids.text(number)
        return f"{'CL-' if live else ''}{letters[:6]}-{letters[6:]}"

    def _tasks(self, number: int) -> list[Task]:
        rng = random.Random(f"{self._seed}:codility:{number % len(self.tests)}:tasks")
        return [Task(title=title, slug=slug) for title, slug in rng.sample(TASKS, 2 + number % len(self.tests) % 2)]

    def _invent_test(self, number: int) -> Test:
        created = EPOCH - timedelta(days=1500 - number, milliseconds=437 + number)
        name = f"{position(number)} screening"
        return Test(
            id=FIRST_TEST + number,
            name=name,
            created_at=created,
            is_archived=number % 5 == 2,
            is_public=number % 4 == 1,
        )

    def _invent(self, number: int) -> Session:
        rng = random.Random(f"{self._seed}:codility:{number}")
        who = person(rng, number)
        live = _is_live(number)
        created = EPOCH - SLOT * (self.size + 20 - number) + timedelta(seconds=int(rng.random() * 600))
        session = Session(
            number=number,
            id=self._id(number, live=live),
            test=self.tests[number % len(self.tests)].id,
            candidate=f"ref-{number}" if number % 3 else None,
            first_name=who.first_name,
            last_name=who.last_name,
            email=who.email,
            created_at=created,
            tasks=self._tasks(number),
            codelive=CodeLive(access_code=f"{rng.randrange(10**6):06d}") if live else None,
        )
        fate = rng.random()
        if fate < 0.25:
            session.stage = INVITED if fate < 0.15 else CANCELLED if fate < 0.19 else EXPIRED
            return session
        _start(session, created + timedelta(minutes=1 + int(rng.random() * 10)))
        if fate > 0.4:
            _evaluate(session, rng, created + timedelta(minutes=19))
        elif fate > 0.35:
            session.stage = EVALUATING
        return session


def _is_live(number: int) -> bool:
    """Whether a session of the base population is a CodeLive one."""
    return number % 12 == 7


def _start(session: Session, at: datetime) -> None:
    session.stage = STARTED
    session.started_at = at
    session.answers = {
        "field_of_study": "Informatics",
        "school": "Northgate College",
        "programming_experience": "3-5 years",
    }
    if session.codelive is not None:
        session.codelive.candidate_start_date = at
        session.codelive.last_activity_date = at + timedelta(minutes=9)


def _evaluate(session: Session, rng: random.Random, at: datetime) -> None:
    session.stage = CLOSED
    session.closed_at = at
    for task in session.tasks:
        task.result = rng.choice((0, 15, 40, 62, 77, 88, 100, 100))
        task.language = rng.choice(LANGUAGES)
    if session.tasks and (session.result or 0) >= SIMILARITY_FROM * 100 * len(session.tasks):
        session.similarity = rng.choice(SIMILARITIES)
        session.similarity_from = at + SIMILARITY_DELAY
