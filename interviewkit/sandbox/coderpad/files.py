"""CoderPad's other hosts: edit histories, signed drawings and pages for people; none may get a credential."""

from __future__ import annotations

import base64
import hashlib
import random
import zlib
from typing import TYPE_CHECKING, Any

from aiohttp import web

from interviewkit.sandbox.site import HTML, Refusal, Site, public, reply

from .pad import Environment, File, Pad, environment_path
from .shapes import stamp_local

if TYPE_CHECKING:
    from . import CoderPad

DRAWING_LIFETIME = 300
"""Seconds for which a drawing's link is valid (https://coderpad.io/api, read 2026-11)."""

OFFSET_HOURS = -7


class Files:
    """The site that stands for firebaseio.com, the storage host and coderpad.io."""

    def __init__(self, site: Site, vendor: CoderPad) -> None:
        self.site = site
        self._vendor = vendor
        environment = "/{pad_id}/environmentFiles/{language}/{path}/history.json"
        site.route("GET", "/{pad_id}/history.json", public(site, self.pad_history))
        site.route("GET", environment, public(site, self.file_history))
        site.route("GET", "/drawings/{pad_id}.png", public(site, self.drawing))
        site.route("GET", "/{pad_id}", public(site, self.page))
        site.route("GET", "/{pad_id}/playback", public(site, self.page))

    def environment_json(self, pad: Pad, environment: Environment) -> dict[str, Any]:
        """An environment as the API shows it."""
        return {
            "id": environment.id,
            "pad_id": 88_000_000 + pad.number,
            "question_id": environment.question_id,
            "example_question_id": environment.example_question_id,
            "language": environment.language,
            "file_contents": [self._file_json(pad, environment, file) for file in environment.files],
            "created_at": stamp_local(environment.created_at, hours=OFFSET_HOURS),
            "updated_at": stamp_local(environment.updated_at, hours=OFFSET_HOURS),
        }

    def drawing_url(self, pad: Pad) -> str:
        """A signed link to the drawing that expires in five minutes."""
        expires = int(self._vendor.clock.timestamp()) + DRAWING_LIFETIME
        signature = self._signature(pad.id, expires)
        return f"{self.site.base_url}/drawings/{pad.id}.png?Expires={expires}&Signature={signature}"

    async def pad_history(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        if len(pad.environments) != 1:
            return reply(None)
        return reply(self._history(pad, pad.environments[0].files[0]))

    async def file_history(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        for environment in pad.environments:
            for file in environment.files:
                if environment_path(pad, environment, file) == request.path:
                    return reply(self._history(pad, file))
        return reply(None)

    async def drawing(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        expires = request.query.get("Expires", "")
        if not expires.isdigit() or request.query.get("Signature") != self._signature(pad.id, int(expires)):
            raise Refusal(403, HTML("<Error><Code>SignatureDoesNotMatch</Code></Error>"))
        if self._vendor.clock.timestamp() > int(expires):
            raise Refusal(400, HTML("<Error><Code>ExpiredToken</Code></Error>"))
        return web.Response(body=square(pad.id), content_type="image/png")

    async def page(self, request: web.Request) -> web.Response:
        pad = self._pad(request)
        return reply(HTML(f"<!doctype html><title>Sandbox</title><h1>Pad {pad.id}</h1><p>A pad in the sandbox.</p>"))

    def _history(self, pad: Pad, file: File) -> dict[str, Any] | None:
        revisions = self._vendor.pads.history(pad, file) if file.contents is not None else None
        if revisions is None or not self._vendor.setup.quirks or pad.number % 5 != 2:
            return revisions
        # Firebase promises no order of keys, and third parties met entries that are no revision (2026-08).
        rng = random.Random(pad.id)
        keys = rng.sample(sorted(revisions), len(revisions))
        return {**{key: revisions[key] for key in keys}, "zz": {"a": "0"}}

    def _file_json(self, pad: Pad, environment: Environment, file: File) -> dict[str, Any]:
        answer: dict[str, Any] = {"path": file.path, "contents": file.contents}
        if file.contents is None:
            answer["binary"] = True
        if file.contents is None or file.contents != file.template:
            answer["history"] = self.site.base_url + environment_path(pad, environment, file)
        return answer

    def _pad(self, request: web.Request) -> Pad:
        pad = self._vendor.pads.find(request.match_info["pad_id"])
        if pad is None:
            raise Refusal(404, {"error": "404 Not Found"})
        return pad

    def _signature(self, pad_id: str, expires: int) -> str:
        text = f"{self._vendor.api_key}:{pad_id}:{expires}"
        return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def square(name: str) -> bytes:
    """A small PNG picture whose shade depends on the name."""
    shade = hashlib.sha256(name.encode()).digest()[0]
    rows = b"".join(b"\0" + bytes([shade]) * 16 for _ in range(16))
    header = (16).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big") for kind, data in chunks
    )
