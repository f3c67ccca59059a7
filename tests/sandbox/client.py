"""A bare client for the sandbox's tests: no redirects, no cookies, the vendors' credentials by name."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import attrs

from interviewkit.sandbox import Sandbox


@attrs.frozen
class Answer:
    """A whole response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks the three vendors of one sandbox."""

    def __init__(self, box: Sandbox, session: aiohttp.ClientSession) -> None:
        self.box = box
        self.session = session

    async def ask(self, method: str, url: str, **options: Any) -> Answer:
        options.setdefault("allow_redirects", False)
        async with self.session.request(method, url, **options) as response:
            return Answer(response.status, dict(response.headers), await response.read())

    async def coderpad(self, method: str, path: str, **options: Any) -> Answer:
        headers = {"Authorization": f'Token token="{self.box.coderpad.api_key}"', **options.pop("headers", {})}
        return await self.ask(method, self.box.coderpad.base_url + path, headers=headers, **options)

    async def codility(self, method: str, path: str, **options: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.box.codility.token}", "Accept": "application/json"}
        headers |= options.pop("headers", {})
        url = path if path.startswith("http") else self.box.codility.base_url + path
        return await self.ask(method, url, headers=headers, **options)

    async def tests(self, method: str, path: str, **options: Any) -> Answer:
        vendor = self.box.remoteinterview
        return await self.ask(method, vendor.base_url + path, params={"key": vendor.api_key}, **options)

    async def pads(self, method: str, path: str, **options: Any) -> Answer:
        vendor = self.box.remoteinterview
        return await self.ask(method, vendor.pads_base_url + path, params={"key": vendor.pads_api_key}, **options)

    async def every_pad(self, path: str = "/api/organization/pads?sort=created_at,asc") -> list[dict[str, Any]]:
        """All rows of a list of pads, page after page, found by `next_page`."""
        rows: list[dict[str, Any]] = []
        url: str | None = self.box.coderpad.base_url + path
        while url:
            page = (await self.coderpad("GET", url.removeprefix(self.box.coderpad.base_url))).json
            rows += page["pads"]
            url = page.get("next_page")
        return rows

    async def every_session(self, path: str = "/api/sessions/") -> list[dict[str, Any]]:
        """All rows of a list of Codility sessions, found by `next`."""
        rows: list[dict[str, Any]] = []
        url: str | None = path
        while url:
            page = (await self.codility("GET", url)).json
            rows += page["results"]
            url = page["next"]
        return rows

    async def invite(self, candidate: str = "ref-a", test: int = 0, **fields: Any) -> str:
        """Invite somebody at Codility; the session's id."""
        test_id = self.box.codility.sessions.tests[test].id
        body = {"candidates": [{"id": candidate, "email": "new.person@example.com"}], **fields}
        answer = await self.codility("POST", f"/api/tests/{test_id}/invite/", json=body)
        assert answer.status in {200, 201}, answer.body
        return str(answer.json["candidates"][0]["session_url"].split("/")[-2])

    async def invite_to_report(self, email: str = "new.person@example.com") -> str:
        """Invite somebody at RemoteInterview; test and candidate."""
        test = self.box.remoteinterview.applicants.tests[0].id
        answer = await self.tests("POST", f"/1/tests/{test}/candidates", json={"email": email})
        return f"{test}/{answer.json['id']}"
