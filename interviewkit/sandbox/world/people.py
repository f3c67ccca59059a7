"""Invented people: a name and a mailbox for any number, from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

import attrs

FIRST_NAMES = [
    "Amara",
    "Bela",
    "Chidi",
    "Dagny",
    "Eero",
    "Farida",
    "Goran",
    "Hana",
    "Ivo",
    "Jomana",
    "Kalle",
    "Lioba",
    "Mbali",
    "Nuri",
    "Oluchi",
    "Piet",
    "Quirin",
    "Rosalind",
    "Sunniva",
    "Tarek",
    "Uma",
    "Vesna",
    "Wanjiru",
    "Ximena",
    "Yorick",
    "Zofia",
    "Åsa",
    "Mirela",
    "Tomasz",
    "Noor",
]
LAST_NAMES = [
    "Abara",
    "Brandvold",
    "Castellmoor",
    "Dunstead",
    "Ekwueme",
    "Farrowgate",
    "Grellman",
    "Hollinsby",
    "Ibarrondo",
    "Jantunen",
    "Kestrelby",
    "Lindqvale",
    "Marchetto",
    "Nwosu",
    "Okonedo",
    "Pellworth",
    "Quenby",
    "Rautavala",
    "Sedgemoor",
    "Thistlewood",
    "Uddgren",
    "Varga",
    "Wexcombe",
    "Yarrowby",
    "Zelenko",
]
ROLES = (
    "Backend Engineer",
    "Data Engineer",
    "Site Reliability Engineer",
    "Frontend Engineer",
    "Platform Engineer",
    "Machine Learning Engineer",
    "Mobile Engineer",
    "Security Engineer",
)
LEVELS = ("Junior", "Senior", "Staff", "Graduate", "Principal")
PLAIN = str.maketrans("Åå", "Aa")


@attrs.frozen
class Person:
    """Somebody who does not exist."""

    first_name: str
    last_name: str
    email: str

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.first_name} {self.last_name}"


def person(rng: random.Random, number: int) -> Person:
    """The `number`-th person; the number stands in the mailbox, so that it can be found again."""
    first, last = pick(rng, FIRST_NAMES), pick(rng, LAST_NAMES)
    local = f"{first}.{last}.{number}".translate(PLAIN).lower()
    return Person(first, last, f"{local}@example.com")


def number_in(email: str) -> int | None:
    """The number of the person with this mailbox, or None when it is nobody of the base population."""
    local, _, host = email.partition("@")
    tail = local.rpartition(".")[2]
    return int(tail) if host == "example.com" and tail.isascii() and tail.isdigit() else None


def position(number: int) -> str:
    """The `number`-th open position."""
    return f"{LEVELS[number // len(ROLES) % len(LEVELS)]} {ROLES[number % len(ROLES)]}"


def pick(rng: random.Random, choices: Sequence[str]) -> str:
    """One of the choices, drawn faster than `random.choice` does."""
    return choices[int(rng.random() * len(choices))]
