"""Ids that look random and still tell their number, so that no table of them is needed."""

from __future__ import annotations

import random
import string
from math import gcd

UPPER = string.digits + string.ascii_uppercase
HEX = string.digits + "abcdef"
PUSH = "-" + string.digits + string.ascii_uppercase + "_" + string.ascii_lowercase


class IdSpace:
    """A permutation of all texts of `length` letters: the n-th id is found, and its n is found again, by arithmetic."""

    def __init__(self, seed: int, name: str, alphabet: str, length: int) -> None:
        rng = random.Random(f"{seed}:{name}:ids")
        self._alphabet = alphabet
        self._length = length
        self._size = len(alphabet) ** length
        factor = rng.randrange(self._size // 3, self._size)
        while gcd(factor, self._size) != 1:
            factor += 1
        self._factor = factor
        self._inverse = pow(factor, -1, self._size)
        self._shift = rng.randrange(self._size)

    def text(self, number: int) -> str:
        """The id of this number."""
        value = (number * self._factor + self._shift) % self._size
        letters = []
        for _ in range(self._length):
            value, digit = divmod(value, len(self._alphabet))
            letters.append(self._alphabet[digit])
        return "".join(reversed(letters))

    def number(self, text: str) -> int | None:
        """The number behind an id, or None when it is no text of this space."""
        if len(text) != self._length:
            return None
        value = 0
        for letter in text:
            digit = self._alphabet.find(letter)
            if digit < 0:
                return None
            value = value * len(self._alphabet) + digit
        number: int = (value - self._shift) * self._inverse % self._size
        return number
