"""What a harvest compares rows by."""

from __future__ import annotations

import json
from typing import Any

import pytest

from interviewkit.plan import canonical, digest

ROWS: list[dict[str, Any]] = [
    {"b": [1.5, None], "a": {"y": "é", "x": True}},
    {"b": "half \ud800", "a": 1},
    {"b": 2**70, "a": 1},
]


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_the_same_in_any_order_of_its_keys(row: dict[str, Any]) -> None:
    turned = dict(reversed(row.items()))
    assert canonical(turned) == canonical(row)
    assert digest(turned) == digest(row)
    assert json.loads(canonical(row)) == row


@pytest.mark.parametrize("row", ROWS)
def test_a_row_that_says_something_else_is_another(row: dict[str, Any]) -> None:
    assert digest(row | {"a": 2}) != digest(row)
    assert digest(row | {"link": "x"}) != digest(row)
    assert digest(row | {"link": "x"}, without={"link"}) == digest(row)
