"""A million session summaries through `list_sessions`: memory stays where it is."""

from __future__ import annotations

import gc
import json
from typing import Any

from interviewkit import Codility
from interviewkit.http.wire import Response
from tests.bench.measure import Row

TOTAL = 1_000_000
ON_A_PAGE = 500
SETTLED = 50_000


class Endless:
    """A transport that answers Codility's list of a million sessions, page by page."""

    async def send(self, method: str, url: str, **_: Any) -> Response:
        """The page that the URL asks for."""
        page = int(url.partition("page=")[2] or 1)
        first = (page - 1) * ON_A_PAGE
        rows = [
            {
                "url": f"https://codility.com/api/sessions/{number:06X}-ABC/",
                "id": f"{number:06X}-ABC",
                "candidate": f"ref-{number}",
                "first_name": "Sam",
                "last_name": "Tester",
                "email": f"candidate{number}@example.com",
                "create_date": "2019-04-24T14:00:00Z",
                "start_date": None,
                "campaign_url": "https://codility.com/api/tests/122537/",
                "similarity": None,
            }
            for number in range(first, first + ON_A_PAGE)
        ]
        following = None if first + ON_A_PAGE >= TOTAL else f"https://codility.com/api/sessions/?page={page + 1}"
        body = {"count": TOTAL, "next": following, "previous": None, "results": rows}
        return Response(200, {}, json.dumps(body).encode())

    async def aclose(self) -> None:
        """Nothing is open."""


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


async def memory() -> list[Row]:
    """Growth of the process after the first 50,000 rows."""
    count, settled = 0, 0
    async with Codility(token="bench", transport=Endless(), limit=None) as codility:  # type: ignore[arg-type]
        async for session in codility.list_sessions():
            assert session.ref.id
            count += 1
            if count == SETTLED:
                gc.collect()
                settled = resident()
    gc.collect()
    grown = max(0, resident() - settled) / 2**20
    assert count == TOTAL
    return [Row("1,000,000 summaries: growth after 50,000", grown, 2.0, unit="MiB")]
