"""CoderPad's customer: an organization with users and teams, invented from a seed."""

from __future__ import annotations

import random

import attrs

from interviewkit.sandbox.world.listing import BLOCK
from interviewkit.sandbox.world.people import Person, person

COLLEAGUES_PADS = frozenset({4, 9})
"""Members of each block of ten pads that belong to the key's colleagues."""


@attrs.frozen(kw_only=True)
class Organization:
    """Who works at the sandbox's customer."""

    name: str
    users: tuple[Person, ...]
    teams: tuple[dict[str, str], ...]

    @classmethod
    def invent(cls, seed: int) -> Organization:
        """Five users and three teams."""
        rng = random.Random(f"{seed}:organization")
        users = tuple(
            attrs.evolve(found, email=found.email.replace("@example.com", "@example.org"))
            for found in (person(rng, number) for number in range(5))
        )
        ids = [f"{rng.getrandbits(32):08x}-5a54-4ac3-962b-{rng.getrandbits(48):012x}" for _ in range(3)]
        names = ("Payments", "Platform", "Research")
        teams = tuple({"id": ident, "name": name} for ident, name in zip(ids, names, strict=True))
        return cls(name="Harbour Instruments", users=users, teams=teams)

    @property
    def owner(self) -> Person:
        """Whose key the sandbox hands out."""
        return self.users[0]

    def teams_of(self, place: int) -> list[str]:
        """Ids of the teams that a user is in."""
        return [team["id"] for number, team in enumerate(self.teams) if (place + number) % 3 != 1]

    def owner_of(self, number: int) -> Person:
        """Who owns a pad of the base population."""
        member = number % BLOCK
        return self.users[1 + number // BLOCK % 4] if member in COLLEAGUES_PADS else self.owner
