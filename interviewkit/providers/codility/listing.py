"""Codility's sessions as a list of one kind, filtered here: its lists have no such filter.

Source: https://codility.com/api-documentation/ (read 2026-11).
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Self, TypeVar

import attrs

from interviewkit.http.wire import Page
from interviewkit.model import Session, SessionKind
from interviewkit.pager import OnProblem, Pager
from interviewkit.providers.codility.translate import PROVIDER

T = TypeVar("T")


class OfKind(Pager[Session]):
    """Sessions of one kind. The whole list is watched for losses and cycles before rows are left out."""

    kind: SessionKind

    def _again(self, cursor: str | None, **changes: Any) -> Self:
        other = super()._again(cursor, **changes)
        other.kind = self.kind
        return other

    async def _read(self, on_problem: OnProblem) -> AsyncGenerator[Page[Session], None]:
        async with contextlib.aclosing(super()._read(on_problem)) as pages:
            async for page in pages:
                yield attrs.evolve(page, items=tuple(one for one in page.items if one.kind == self.kind), total=None)


def located(page: Page[T], *, operation: str, account: str) -> Page[T]:
    """The same page, whose problems say where they come from."""
    for problem in page.problems:
        problem.error.locate(provider=PROVIDER, operation=operation, account=account)
    return page
