"""Edit histories in Firepad's form that replay to a given text.

Revisions are keyed so that plain string order is their order, and their counts are UTF-16 code units, as the editor
is JavaScript (https://github.com/FirebaseExtended/firepad, lib/firebase-adapter.js and lib/text-operation.js, read
2026-11).
"""

from __future__ import annotations

import random
from typing import Any

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def revision_key(number: int) -> str:
    """The key of a revision: a letter for the number of digits, then the digits to base 62."""
    digits = ""
    while True:
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
        if not number:
            return DIGITS[len(digits) + 9] + digits


def units(text: str) -> int:
    """The text's length in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def history(template: str, text: str, rng: random.Random, *, started: int, author: str) -> dict[str, Any] | None:
    """Revisions from the template to the text: typing, slips and corrections, parts written out of order.

    None when nothing was typed; `started` is in milliseconds.
    """
    if template == text:
        return None
    operations: list[list[int | str]] = [[template]] if template else []
    pieces = _pieces(text, rng)
    written = [False] * len(pieces)
    length = units(template)
    for position, place in enumerate(_typing_order(len(pieces), rng)):
        piece = pieces[place]
        before = sum(units(part) for part, done in zip(pieces[:place], written[:place], strict=True) if done)
        if position == 0:
            operations.append([-length, piece] if length else [piece])
            length = 0
        else:
            operations.append(_at(before, [piece], length - before))
        length += units(piece)
        written[place] = True
        if rng.random() < 0.3:
            slip = rng.choice(["x", "();", "🙈", "\n\n"])
            operations.append(_at(before, [slip], length - before))
            operations.append(_at(before, [-units(slip)], length - before))
    moment = started
    revisions: dict[str, Any] = {}
    for number, operation in enumerate(operations):
        moment += rng.randrange(180, 4000)
        revisions[revision_key(number)] = {"a": author, "o": operation, "t": moment}
    return revisions


def _at(before: int, middle: list[int | str], after: int) -> list[int | str]:
    return ([before] if before else []) + middle + ([after] if after else [])


def _pieces(text: str, rng: random.Random) -> list[str]:
    pieces = []
    start = 0
    while start < len(text):
        stop = start + rng.randrange(6, 40)
        pieces.append(text[start:stop])
        start = stop
    return pieces or [""]


def _typing_order(count: int, rng: random.Random) -> list[int]:
    order = list(range(count))
    for place in range(1, count - 1):
        if rng.random() < 0.15:
            order[place], order[place + 1] = order[place + 1], order[place]
    return order
