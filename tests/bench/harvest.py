"""The harvest: its requests beside the least there can be, its rate beside a plain script's, and a day at a limit."""

from __future__ import annotations

from tests.bench.harvest_day import day
from tests.bench.harvest_floor import floors
from tests.bench.harvest_rate import rate
from tests.bench.measure import Row


async def harvest() -> list[Row]:
    """All rows of the harvest."""
    return [*await floors(), *await rate(), *await day()]
