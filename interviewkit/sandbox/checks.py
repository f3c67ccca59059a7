"""Checks of what users order from the sandbox: nonsense is refused in one line that says what would be taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class NonsenseError(ValueError):
    """An order that the sandbox does not take; its text names the field and what it takes."""


def number(name: str, value: Any, least: float, most: float, *, whole: bool = False) -> None:
    """Refuse what is no number (a truth value is none) or lies outside; NaN lies outside everything."""
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise NonsenseError(f"{name} is a {'whole ' if whole else ''}number")
    if not least <= value <= most:
        raise NonsenseError(f"{name} is {_shown(least)} to {_shown(most)}")


def text(name: str, value: Any) -> None:
    """Refuse what is no text, or one that has no place in a line of HTTP."""
    if not isinstance(value, str) or not value.isprintable():
        raise NonsenseError(f"{name} is a text of one line")


def flag(name: str, value: Any) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        raise NonsenseError(f"{name} is true or false")


def one_of(name: str, value: Any, known: Iterable[str]) -> None:
    """Refuse what is not among the known words."""
    words = [str(word) for word in known]
    if value not in words:
        raise NonsenseError(f"{name} is one of {', '.join(words)}")


def known_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a field that does not exist, so that a typo is seen."""
    names = list(known)
    for name in given:
        if name not in names:
            raise NonsenseError(f"there is no {name}; there is {', '.join(names) or 'nothing to tell'}")


def _shown(bound: float) -> str:
    return f"{bound:.0f}" if bound == int(bound) else f"{bound}"
