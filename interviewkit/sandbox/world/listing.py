"""Lists of any length whose pages cost a page: an order that is known by arithmetic, and what changed in it."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import overload

BLOCK = 10


class BlockOrder:
    """Numbers 0 to size-1, each block of ten arranged alike; leaving members out of the arrangement filters them."""

    def __init__(self, size: int, members: Sequence[int]) -> None:
        self._members = members
        self._place = {member: place for place, member in enumerate(members)}
        self._full = size // BLOCK
        self._rest = [self._full * BLOCK + member for member in members if member < size % BLOCK]

    def __len__(self) -> int:
        return self._full * len(self._members) + len(self._rest)

    def at(self, rank: int) -> int:
        """The number that stands at this rank."""
        block, place = divmod(rank, len(self._members))
        if block < self._full:
            return block * BLOCK + self._members[place]
        return self._rest[rank - self._full * len(self._members)]

    def rank(self, number: int) -> int | None:
        """The rank of a number, or None when it is not listed."""
        block, member = divmod(number, BLOCK)
        if member not in self._place:
            return None
        if block < self._full:
            return block * len(self._members) + self._place[member]
        return self._full * len(self._members) + self._rest.index(number) if number in self._rest else None


class Remaining(Sequence[int]):
    """A sequence of numbers without those at some places, which are told in ascending order."""

    def __init__(self, numbers: Sequence[int], gone: Sequence[int]) -> None:
        self._numbers = numbers
        self._gone = gone

    def __len__(self) -> int:
        return len(self._numbers) - len(self._gone)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[int]: ...
    def __getitem__(self, place: int | slice) -> int | Sequence[int]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self._numbers[_still_there(place, self._gone)]


class Joined(Sequence[int]):
    """Two sequences, one after the other."""

    def __init__(self, first: Sequence[int], second: Sequence[int]) -> None:
        self._first = first
        self._second = second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[int]: ...
    def __getitem__(self, place: int | slice) -> int | Sequence[int]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        held = len(self._first)
        return self._first[place] if place < held else self._second[place - held]


class Listing:
    """A block order from which numbers are taken, and at whose end numbers are put."""

    def __init__(self, base: BlockOrder) -> None:
        self._base = base
        self._gone: list[int] = []
        self._tail: dict[int, None] = {}

    def __len__(self) -> int:
        return len(self._base) - len(self._gone) + len(self._tail)

    def append(self, number: int) -> None:
        """Put a number at the end."""
        self._tail[number] = None

    def remove(self, number: int) -> None:
        """Take a number out; one that is not listed is passed over."""
        if number in self._tail:
            del self._tail[number]
            return
        rank = self._base.rank(number)
        if rank is not None and (not self._gone or self._gone[bisect_right(self._gone, rank) - 1] != rank):
            insort(self._gone, rank)

    def ascending(self, start: int, stop: int) -> list[int]:
        """The numbers at the positions from `start` up to `stop`."""
        start, stop = max(start, 0), min(stop, len(self))
        left = len(self._base) - len(self._gone)
        page = [self._base.at(_still_there(place, self._gone)) for place in range(start, min(stop, left))]
        if stop > left:
            page += list(self._tail)[max(start - left, 0) : stop - left]
        return page

    def descending(self, start: int, stop: int) -> list[int]:
        """The same, counted from the end."""
        size = len(self)
        return self.ascending(size - min(stop, size), size - start)[::-1]


def _still_there(place: int, gone: Sequence[int]) -> int:
    """The rank of what stands at a place, once the ranks that are gone are left out."""
    rank = place
    while (found := place + bisect_right(gone, rank)) != rank:
        rank = found
    return rank
