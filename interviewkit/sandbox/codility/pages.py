"""Codility's pages for people: reports behind links that expire, and the candidates' tests; none gets a credential."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aiohttp import web

from interviewkit.sandbox.site import HTML, Refusal, Site, public, reply

from .shapes import stamp_naive

if TYPE_CHECKING:
    from . import Codility

TICKET_LIFETIME = timedelta(minutes=10)
"""How long a link to a report is valid; the vendor's page says only that it expires."""

PAGES = (
    "/tickets/{session_id}/",
    "/test/{session_id}",
    "/test/{session_id}/",
    "/feedback/{session_id}/",
    "/codelive/{session_id}/start/",
)


class Pages:
    """The site that stands for app.codility.com."""

    def __init__(self, site: Site, vendor: Codility) -> None:
        self.site = site
        self._vendor = vendor
        self._tickets: dict[str, tuple[str, datetime]] = {}
        for path in ("/api/tickets/{session_id}/", "/similarity/tickets/{session_id}/"):
            site.route("GET", path, public(site, self.report))
        for path in PAGES:
            site.route("GET", path, public(site, self.page))

    def ticket(self, path: str) -> dict[str, str]:
        """A new temporary link."""
        secret = secrets.token_urlsafe(8)
        until = self._vendor.clock.now() + TICKET_LIFETIME
        self._tickets[secret] = (path, until)
        return {"url": f"{self.site.base_url}{path}?sat={secret}", "valid_until": stamp_naive(until)}

    async def report(self, request: web.Request) -> web.Response:
        path, until = self._tickets.get(request.query.get("sat", ""), ("", self._vendor.clock.now()))
        if path != request.path or self._vendor.clock.now() >= until:
            raise Refusal(403, HTML("<!doctype html><title>Expired</title><p>This link is not valid any more.</p>"))
        return reply(HTML("<!doctype html><title>Report</title><h1>A report of the sandbox</h1>"))

    async def page(self, request: web.Request) -> web.Response:
        if self._vendor.sessions.find(request.match_info["session_id"]) is None:
            raise Refusal(404, HTML("<!doctype html><title>Not found</title>"))
        return reply(HTML("<!doctype html><title>Sandbox</title><h1>A page of the sandbox</h1>"))


def pdf(text: str) -> bytes:
    """A small PDF document that says `text`."""
    stream = f"BT /F1 18 Tf 40 780 Td ({text}) Tj ET".encode("latin-1")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer
