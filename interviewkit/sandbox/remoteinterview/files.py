"""RemoteInterview's submissions and invitation pages; none may get a credential."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

from aiohttp import web

from interviewkit.sandbox.site import HTML, Refusal, Site, public, reply

from .applicants import Applicant

if TYPE_CHECKING:
    from . import RemoteInterview


class Files:
    """The site that stands for the storage host and the pages for people."""

    def __init__(self, site: Site, vendor: RemoteInterview) -> None:
        self.site = site
        self._vendor = vendor
        for path, handler in (
            ("/uploads/{name}", self.submission),
            ("/tests/", self.page),
            ("/pads/{pad_id}", self.page),
        ):
            site.route("GET", path, public(site, handler))

    async def submission(self, request: web.Request) -> web.Response:
        number, _, digest = request.match_info["name"].removesuffix(".zip").partition("-")
        if not number.isdigit() or digest != self._digest(int(number)):
            raise Refusal(404, HTML("<h1>Not found</h1>"))
        return web.Response(body=archive(number), content_type="application/zip")

    async def page(self, request: web.Request) -> web.Response:
        return reply(HTML("<!doctype html><title>Sandbox</title><h1>A page of the sandbox</h1>"))

    def upload(self, one: Applicant) -> str:
        """Where a candidate's submission lies."""
        return f"{self.site.base_url}/uploads/{one.number}-{self._digest(one.number)}.zip"

    def _digest(self, number: int) -> str:
        return hashlib.sha256(f"{self._vendor.api_key}:{number}".encode()).hexdigest()[:16]


def archive(name: str) -> bytes:
    """A small ZIP archive with one file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as files:
        files.writestr(zipfile.ZipInfo("README.md"), f"# Submission {name}\n")
    return target.getvalue()
