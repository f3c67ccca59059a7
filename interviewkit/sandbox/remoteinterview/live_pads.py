"""CodeInterview's live pads: a population of any size from a seed, and everything done to it since."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import attrs

from interviewkit.sandbox.clock import EPOCH, VendorClock
from interviewkit.sandbox.world import programs
from interviewkit.sandbox.world.identity import HEX, IdSpace
from interviewkit.sandbox.world.lag import Index, Lag
from interviewkit.sandbox.world.people import person

from .shapes import LANGUAGES

SLOT = timedelta(minutes=25)


@attrs.define(kw_only=True)
class LivePad:
    """A live pad of CodeInterview."""

    number: int
    id: str
    name: str
    created_at: datetime
    ended_at: datetime | None = None
    tags: list[str] | None = None
    code: str = ""
    notes: str = ""
    language: str = "Python"


class LivePads:
    """All live pads, oldest first."""

    def __init__(self, seed: int, size: int, clock: VendorClock, lag: Lag) -> None:
        self.size = size
        self.count = size
        self._seed = seed
        self._clock = clock
        self._ids = IdSpace(seed, "codeinterview", HEX, 13)
        self._changed: dict[int, LivePad] = {}
        self._index: Index[int, LivePad] = Index(lag)
        self._gone: set[int] = set()

    def find(self, ident: str) -> LivePad | None:
        """The pad with this id."""
        number = self._ids.number(ident)
        known = number is not None and number < self.count and number not in self._gone
        return self.numbered(number) if number is not None and known else None

    def numbered(self, number: int) -> LivePad:
        """The pad with this number."""
        return self._changed.get(number) or self._invent(number)

    def all(self) -> list[LivePad]:
        """Every pad."""
        return [self.numbered(number) for number in range(self.count) if number not in self._gone]

    def listed(self) -> list[LivePad]:
        """Every pad as the vendor's list, which has no pages, shows it."""
        numbers = [number for number in range(self.count) if number not in self._gone]
        rows = [self._index.get(number) or (self._invent(number) if number < self.size else None) for number in numbers]
        return [pad for pad in rows if pad is not None]

    def create(self, name: str | None) -> LivePad:
        """A new pad."""
        number = self.count
        self.count += 1
        ident = self._ids.text(number)
        pad = LivePad(number=number, id=ident, name=name or f"Untitled {ident[:4]}", created_at=self._clock.now())
        self._keep(pad)
        return pad

    def end(self, pad: LivePad) -> None:
        """The interview is over; ending it again changes nothing."""
        pad.ended_at = pad.ended_at or self._clock.now()
        self._keep(pad)

    def remove(self, pad: LivePad) -> None:
        """Delete a pad."""
        self._gone.add(pad.number)
        self._changed.pop(pad.number, None)
        self._index.discard(pad.number)

    def rename(self, pad: LivePad) -> None:
        """Give the pad another name."""
        pad.name = f"{pad.name}."
        self._keep(pad)

    def perform(self, pad: LivePad, until: str) -> None:
        """Let somebody write code in the pad, and at the end leave."""
        if pad.ended_at is None:
            rng = random.Random(f"{self._seed}:codeinterview:{pad.id}")
            pad.code = programs.solution("python", rng)
            pad.notes = "Wrote the test first."
            self._keep(pad)
            if until != "started":
                self.end(pad)

    def _keep(self, pad: LivePad) -> None:
        self._changed[pad.number] = pad
        self._index.put(pad.number, pad)

    def _invent(self, number: int) -> LivePad:
        rng = random.Random(f"{self._seed}:codeinterview:{number}")
        who = person(rng, number)
        created = EPOCH - SLOT * (self.size + 20 - number) + timedelta(milliseconds=int(rng.random() * 600_000))
        language = rng.choice(list(LANGUAGES))
        return LivePad(
            number=number,
            id=self._ids.text(number),
            name=f"Interview with {who.first_name}",
            created_at=created,
            ended_at=created + timedelta(minutes=50) if rng.random() < 0.85 else None,
            tags=rng.choice([None, ["intern"], ["intern", "harbour"]]),
            code=programs.solution(language, rng),
            notes=rng.choice(["", "May want more practice with SQL.", "Kind to the interviewer. ☕"]),
            language=LANGUAGES[language],
        )
