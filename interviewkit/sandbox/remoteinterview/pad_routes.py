"""CodeInterview's live pads, and the same at RemoteInterview's host (https://codeinterview.io/api, read 2026-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from interviewkit.sandbox.site import Refusal, reply

from .live_pads import LivePad
from .shapes import milliseconds

if TYPE_CHECKING:
    from . import RemoteInterview


class PadRoutes:
    """The routes below /1/pads, of which the older host has two."""

    def __init__(self, vendor: RemoteInterview) -> None:
        self._vendor = vendor
        vendor.add_test_route("GET", "/1/pads", self.list_pads_of_old)
        vendor.add_test_route("POST", "/1/pads/new", self.create_pad)
        for method, path, handler in (
            ("GET", "/1/pads", self.list_pads),
            ("POST", "/1/pads/new", self.create_pad),
            ("GET", "/1/pads/{pad_id}", self.show_pad),
            ("POST", "/1/pads/{pad_id}/end", self.end_pad),
        ):
            vendor.add_pad_route(method, path, handler)

    async def list_pads_of_old(self, request: web.Request) -> web.Response:
        return reply(
            [{"id": p.id, "name": p.name, "timestamp": milliseconds(p.created_at)} for p in self._vendor.pads.listed()]
        )

    async def list_pads(self, request: web.Request) -> web.Response:
        return reply([self._pad(pad) for pad in self._vendor.pads.listed()])

    async def create_pad(self, request: web.Request) -> web.Response:
        name = (await self._vendor.body(request, frozenset({"name"}))).get("name")
        pad = self._vendor.pads.create(name if isinstance(name, str) else None)
        self._vendor.touched[pad.id] = None
        self._vendor.commit("pad.create", pad.id, name=pad.name)
        return reply({"message": "success", "id": pad.id, "url": f"{self._vendor.files_site.base_url}/pads/{pad.id}"})

    async def show_pad(self, request: web.Request) -> web.Response:
        pad = self._found_pad(request)
        return reply({**self._pad(pad), "code": pad.code, "notes": pad.notes, "language": pad.language})

    async def end_pad(self, request: web.Request) -> web.Response:
        pad = self._found_pad(request)
        if self._vendor.setup.strict and await request.read():
            raise Refusal(400, {"message": "the body has to be empty"})
        self._vendor.pads.end(pad)
        self._vendor.touched.pop(pad.id, None)
        self._vendor.commit("pad.end", pad.id)
        return reply({"msg": "success"})

    def _pad(self, pad: LivePad) -> dict[str, Any]:
        row: dict[str, Any] = {"id": pad.id, "name": pad.name, "timestamp": milliseconds(pad.created_at)}
        if pad.ended_at is not None:
            row["ended_at"] = milliseconds(pad.ended_at)
        elif not self._vendor.setup.quirks or pad.number % 2:
            row["ended_at"] = None
        return row if pad.tags is None else {**row, "tags": pad.tags}

    def _found_pad(self, request: web.Request) -> LivePad:
        pad = self._vendor.pads.find(request.match_info["pad_id"])
        if pad is None:
            raise self._vendor.missing()
        return pad
