"""The kit is tried itself: each check goes red on a provider that is broken in that behaviour, and only there."""

from __future__ import annotations

import pytest

from interviewkit.testing import ConformanceSuite

from . import broken_declarations, broken_failures, broken_lists, broken_models
from .broken import BROKEN, Broken

assert broken_declarations, (broken_failures, broken_lists, broken_models)


LONG = {name for name in ConformanceSuite.checks() if name.endswith("loses_at_most_its_own_row")}
"""Checks that replay an answer a hundred times: run on the providers that are broken there."""


async def red_checks(broken: Broken) -> set[str]:
    """The checks that a broken provider does not pass."""
    red = set()
    suite = broken.suite()
    for name in sorted({*suite.checks()} - LONG | {broken.check, *broken.also}):
        try:
            await getattr(suite, name)()
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever it fails with, it is red
            red.add(name)
    return red


def test_every_check_has_a_broken_provider() -> None:
    assert {broken.check for broken in BROKEN} == set(ConformanceSuite.checks())


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.provider.__name__}-{broken.check}")
async def test_a_broken_provider_is_red_where_it_is_broken_and_nowhere_else(broken: Broken) -> None:
    red = await red_checks(broken)
    assert broken.check in red, f"{broken.check} does not see {broken.provider.__name__}"
    assert red <= {broken.check, *broken.also}
