"""Fair comparisons: contestants take turns, rounds are many, medians are compared."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping

import attrs

ROUNDS = 9
SLICES = 20
"""Turns of each contestant within a round: the machine's speed drifts, and all should feel it alike."""


@attrs.frozen
class Row:
    """One line of the table: what was measured, and against what bound."""

    name: str
    measured: float
    bound: float | None
    aim: float | None = None
    unit: str = "x"
    smaller_is_better: bool = True
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the bound holds; `None` where there is none."""
        if self.bound is None:
            return None
        return self.measured <= self.bound if self.smaller_is_better else self.measured >= self.bound


async def cpu_seconds(
    contestants: Mapping[str, Callable[[], Awaitable[object]]], *, repeat: int, rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """CPU seconds of this process for `repeat` runs of each contestant, in turns, after a warm-up round."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    piece = max(1, repeat // SLICES)
    for number in range(rounds + 1):
        spent = dict.fromkeys(contestants, 0.0)
        gc.collect()
        for _slice in range(SLICES):
            for name, run in contestants.items():
                started = time.process_time()
                for _ in range(piece):
                    await run()
                spent[name] += time.process_time() - started
        if number:
            for name, seconds in spent.items():
                found[name].append(seconds * repeat / (piece * SLICES))
    return found


def ratio(found: Mapping[str, list[float]], one: str, other: str) -> float:
    """The median over rounds of one contestant's time by the other's in the same round."""
    return statistics.median(a / b for a, b in zip(found[one], found[other], strict=True))


def median(found: Mapping[str, list[float]], name: str) -> float:
    """The median of a contestant's rounds."""
    return statistics.median(found[name])
