"""CoderPad's pads: a population of any size from a seed, and everything done to it since."""

from __future__ import annotations

import copy
import random
import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from interviewkit.sandbox.clock import EPOCH, VendorClock
from interviewkit.sandbox.world import programs
from interviewkit.sandbox.world.identity import UPPER, IdSpace
from interviewkit.sandbox.world.lag import Lag
from interviewkit.sandbox.world.listing import BLOCK, BlockOrder, Listing
from interviewkit.sandbox.world.people import Person, person, position

from . import firepad
from .organization import COLLEAGUES_PADS, Organization
from .pad import (
    ENVIRONMENTS_A_PAD,
    FIRST_ENVIRONMENT,
    Environment,
    File,
    Pad,
    finish_interview,
    start_interview,
    write_code,
)

SLOT = timedelta(minutes=30)
UPDATED_ORDER = (3, 0, 6, 1, 9, 7, 4, 2, 8, 5)

CREATED, UPDATED = "created_at", "updated_at"
OWN, ALL = "own", "all"


class Pads:
    """All pads, by id, by number, and in the vendor's four list orders, whose index may lag behind."""

    def __init__(
        self, seed: int, size: int, organization: Organization, clock: VendorClock, list_lag: float, lag: Lag
    ) -> None:
        self.size = size
        self.count = size
        self.list_lag = list_lag
        """Seconds of the sandbox's clock by which lists are behind; `lag` counts in real time."""
        self._lag = lag
        self._seed = seed
        self._organization = organization
        self._clock = clock
        self._ids = IdSpace(seed, "pads", UPPER, 8)
        self._changed: dict[int, Pad] = {}
        self._shown: dict[int, Pad] = {}
        self._waiting: deque[tuple[datetime, float, Pad]] = deque()
        own = [member for member in range(BLOCK) if member not in COLLEAGUES_PADS]
        self._orders = {
            (CREATED, ALL): Listing(BlockOrder(size, range(BLOCK))),
            (CREATED, OWN): Listing(BlockOrder(size, own)),
            (UPDATED, ALL): Listing(BlockOrder(size, UPDATED_ORDER)),
            (UPDATED, OWN): Listing(BlockOrder(size, [member for member in UPDATED_ORDER if member in own])),
        }

    def find(self, ident: str) -> Pad | None:
        """The pad with this id as it is now; a deleted one is not found."""
        number = self._ids.number(ident)
        return self.numbered(number) if number is not None and number < self.count else None

    def numbered(self, number: int) -> Pad | None:
        """The pad with this number as it is now."""
        pad = self._changed.get(number) or (self._invent(number) if 0 <= number < self.size else None)
        return None if pad is None or pad.deleted else pad

    def environment(self, ident: int) -> tuple[Pad, Environment] | None:
        """An environment and its pad."""
        pad = self.numbered((ident - FIRST_ENVIRONMENT) // ENVIRONMENTS_A_PAD)
        found = [environment for environment in pad.environments if environment.id == ident] if pad else []
        return (pad, found[0]) if pad and found else None

    def page(self, order: str, scope: str, start: int, stop: int, *, ascending: bool) -> tuple[list[Pad], int]:
        """The pads at these positions of a list as the index knows it, and the list's length."""
        self._index()
        listing = self._orders[order, scope]
        numbers = listing.ascending(start, stop) if ascending else listing.descending(start, stop)
        return [self._shown.get(number) or self._invent(number) for number in numbers], len(listing)

    def ids(self, *, everybodys: bool) -> Iterator[str]:
        """Ids of the pads that there are now, of the key's owner or of everybody; none is made up for it."""
        owner = self._organization.owner.email
        for number in range(self.count):
            pad = self._changed.get(number)
            if (pad is None and number >= self.size) or (pad is not None and pad.deleted):
                continue
            if everybodys or owner == (pad.owner_email if pad else self._organization.owner_of(number).email):
                yield self._ids.text(number)

    def create(self, **fields: Any) -> Pad:
        """A new pad, pending, of the key's owner unless told; it exists once it is handed to `changed`."""
        number, now = self.count, self._clock.now()
        self.count += 1
        ident = self._ids.text(number)
        fields.setdefault("title", f"Untitled Pad - {ident}")
        fields.setdefault("owner_email", self._organization.owner.email)
        team = dict(self._organization.teams[0])
        return Pad(**{"team": team, **fields}, number=number, id=ident, created_at=now, updated_at=now, environments=[])

    def changed(self, pad: Pad) -> None:
        """Keep a pad's new state, and hand it to the index."""
        pad.updated_at = self._clock.now()
        self._changed[pad.number] = pad
        until = self._clock.true.now() + timedelta(seconds=self.list_lag)
        self._waiting.append((until, time.monotonic(), copy.deepcopy(pad)))

    def created_between(self, start: datetime, stop: datetime) -> dict[str, int]:
        """How many pads each owner created in a window of time."""
        counts = dict.fromkeys((user.email for user in self._organization.users), 0)
        for number in range(self._first_since(start), self._first_since(stop)):
            counts[self._organization.owner_of(number).email] += 1
        for pad in self._changed.values():
            if pad.number >= self.size and start <= pad.created_at <= stop:
                counts[pad.owner_email] = counts.get(pad.owner_email, 0) + 1
        return counts

    def new_environment(self, pad: Pad, language: str, contents: str | None = None, **fields: Any) -> Environment:
        """Give a pad an environment; `contents` takes the place of the language's starting code."""
        program = programs.program(language)
        text = program.template if contents is None else contents
        environment = Environment(
            id=FIRST_ENVIRONMENT + pad.number * ENVIRONMENTS_A_PAD + len(pad.environments),
            language=language,
            files=[File(path=f"coderpad/{program.file}", template=text, contents=text)],
            created_at=pad.created_at,
            updated_at=pad.updated_at,
            **fields,
        )
        pad.environments.append(environment)
        return environment

    def history(self, pad: Pad, file: File) -> dict[str, Any] | None:
        """The edit history of one file."""
        rng = random.Random(f"{self._seed}:{pad.id}:{file.path}:history")
        started = int(pad.created_at.timestamp() * 1000) + 240_000
        template = "" if file.rewritten else file.template
        return firepad.history(template, file.contents or "", rng, started=started, author=str(20_000_000 + pad.number))

    def perform(self, pad: Pad, until: str) -> None:
        """Let people meet in a pad: they join, write and run code, and at the end the interview is over."""
        now = self._clock.now()
        if pad.state == "pending":
            who = person(random.Random(f"{self._seed}:{pad.id}"), 500_000 + pad.number)
            start_interview(pad, self._organization.owner, who.name, now)
            self.changed(pad)
        if until != "started" and pad.ended_at is None:
            write_code(pad, random.Random(f"{self._seed}:{pad.id}:code"), now)
            finish_interview(pad, now)
            self.changed(pad)

    def _index(self) -> None:
        now, since = self._clock.true.now(), time.monotonic() - self._lag.seconds
        while self._waiting and self._waiting[0][0] <= now and self._waiting[0][1] <= since:
            *_, pad = self._waiting.popleft()
            fresh = pad.number not in self._shown and pad.number >= self.size
            self._shown[pad.number] = pad
            scopes = (OWN, ALL) if pad.owner_email == self._organization.owner.email else (ALL,)
            for scope in scopes:
                if fresh or pad.deleted:
                    self._orders[CREATED, scope].remove(pad.number)
                if fresh:
                    self._orders[CREATED, scope].append(pad.number)
                self._orders[UPDATED, scope].remove(pad.number)
                if not pad.deleted:
                    self._orders[UPDATED, scope].append(pad.number)

    def _created(self, number: int, rng: random.Random) -> datetime:
        return EPOCH - SLOT * (self.size + 20 - number) + timedelta(milliseconds=int(rng.random() * 180_000))

    def _first_since(self, moment: datetime) -> int:
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            if self._created(middle, random.Random(f"{self._seed}:pad:{middle}")) < moment:
                low = middle + 1
            else:
                high = middle
        return low

    def _invent(self, number: int) -> Pad:
        rng = random.Random(f"{self._seed}:pad:{number}")
        created = self._created(number, rng)
        block, member = divmod(number, BLOCK)
        slot = (block + 1) * BLOCK + UPDATED_ORDER.index(member)
        updated = EPOCH - SLOT * (self.size + 20 - slot) + timedelta(milliseconds=int(rng.random() * 180_000))
        language = rng.choice(list(programs.LANGUAGES))
        owner = self._organization.owner_of(number)
        ident = self._ids.text(number)
        pad = Pad(
            number=number,
            id=ident,
            title=f"{position(int(rng.random() * 40))} interview" if rng.random() < 0.8 else f"Untitled Pad - {ident}",
            owner_email=owner.email,
            language=language,
            private=rng.random() < 0.5,
            notes=rng.choice(
                [None, "", "Explained the trade-offs before typing.\n", "Asked good questions; slow start."]
            ),
            created_at=created,
            updated_at=updated,
            type="take_home" if number % 6 == 5 else "live",
            environments=[],
            team=dict(rng.choice(self._organization.teams)),
        )
        self._fill(pad, rng, owner, language)
        return pad

    def _fill(self, pad: Pad, rng: random.Random, owner: Person, language: str) -> None:
        question = 100_000 + int(rng.random() * 8) if rng.random() < 0.6 else None
        self.new_environment(pad, language, question_id=question)
        if question is not None:
            pad.question_ids = [question]
            pad.event(
                pad.created_at,
                "added_question",
                owner.name,
                owner.email,
                f"added_question ID {question}",
                str(question),
            )
        if pad.number % 3 == 0:
            self._second_environment(pad, rng)
        pad.active_environment_id = pad.environments[-1].id
        if (fate := rng.random()) < 0.2:
            return
        candidate = person(rng, pad.number)
        start_interview(pad, owner, candidate.name, pad.updated_at - timedelta(minutes=22))
        if pad.number % 13 == 6:
            for minute in range(60):
                ran = pad.updated_at - timedelta(minutes=19, seconds=-minute)
                pad.event(ran, "ran", candidate.name, None, f"ran {language} code", language)
        write_code(pad, rng, pad.updated_at - timedelta(minutes=4))
        pad.has_drawing = rng.random() < 0.25
        if fate > 0.35:
            finish_interview(pad, pad.updated_at)

    def _second_environment(self, pad: Pad, rng: random.Random) -> None:
        pad.language = None
        # Another language than the first: a history's address tells environments apart by their language only.
        others = [language for language in programs.LANGUAGES if language != pad.environments[0].language]
        self.new_environment(pad, rng.choice(others), example_question_id="examples/035-shopping-list")
        if pad.number % 2 == 0:
            pad.environments[-1].files.append(File(path="assets/logo.png", contents=None))
