"""RemoteInterview and CodeInterview: two hosts, a key each, and what their routes ask of a request
(https://www.remoteinterview.io/api and https://codeinterview.io/api, read 2026-11)."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

from aiohttp import web

from interviewkit.sandbox.bodies import FORM, JSON, BadBodyError, read_fields
from interviewkit.sandbox.deliveries import Letter
from interviewkit.sandbox.site import HTML, Handler, Refusal, Site
from interviewkit.sandbox.vendor import Setup, Vendor

from .applicants import Applicant, Applicants
from .candidates import CANDIDATES, Candidates
from .files import Files
from .live_pads import LivePads
from .pad_routes import PadRoutes

KEY = frozenset({"key"})
TEST_REPORT = "test.report"


class RemoteInterview(Vendor):
    """Both hosts on loopback, and the site of submissions and invitation pages."""

    name = "remoteinterview"
    variables: ClassVar = {
        "REMOTEINTERVIEW_API_KEY": "api_key",
        "REMOTEINTERVIEW_PADS_API_KEY": "pads_api_key",
        "REMOTEINTERVIEW_BASE_URL": "base_url",
        "REMOTEINTERVIEW_PADS_BASE_URL": "pads_base_url",
    }
    secret_keywords = frozenset({"api_key", "pads_api_key"})
    write_routes = (CANDIDATES, "/1/pads/new")
    events = (TEST_REPORT,)

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.api_key = hashlib.sha256(f"{setup.seed}:tests".encode()).hexdigest()[:20]
        self.pads_api_key = hashlib.sha256(f"{setup.seed}:pads".encode()).hexdigest()[:20]
        self.outgoing_webhooks: list[str] = []
        """The account's setting of the same name: URLs to which the report of who submits is posted."""
        pads = setup.sessions // 3
        self.applicants = Applicants(setup.seed, setup.sessions - pads, self.clock, self.lag)
        self.pads = LivePads(setup.seed, pads, self.clock, self.lag)
        self.tests_site = self.new_site("remoteinterview")
        self.pads_site = self.new_site("codeinterview")
        for site in (self.tests_site, self.pads_site):
            site.unknown_route = lambda request: self.missing().response
        self.files = Files(self.new_site("remoteinterview-files"), self)
        self.candidates = Candidates(self)
        self._pad_routes = PadRoutes(self)

    @property
    def sites(self) -> Iterable[Site]:
        return (self.tests_site, self.pads_site, self.files_site)

    @property
    def files_site(self) -> Site:
        """The site of submissions and invitation pages."""
        return self.files.site

    @property
    def pads_base_url(self) -> str:
        """The origin of the live pads' API."""
        return self.pads_site.base_url

    @property
    def credentials(self) -> dict[str, str]:
        """Keywords of the provider."""
        return {
            "api_key": self.api_key,
            "pads_api_key": self.pads_api_key,
            "base_url": self.base_url,
            "pads_base_url": self.pads_base_url,
        }

    def authenticate(self, request: web.Request) -> str:
        return _check(request, self.api_key)

    def authenticate_pads(self, request: web.Request) -> str:
        """The caller's key at the pads' host."""
        return _check(request, self.pads_api_key)

    def throttled(self, wait: float) -> Refusal:
        return Refusal(429, {"message": "too many requests"}, headers={"Retry-After": str(int(wait) + 1)})

    def unknown_parameter(self, name: str) -> Refusal:
        return Refusal(400, {"message": f"unknown argument {name}"})

    def work(self, ident: str, until: str) -> bool:
        pad = self.pads.find(ident)
        if pad is not None:
            self.pads.perform(pad, until)
            done = pad.ended_at is not None
        else:
            applicant = self._applicant(ident)
            if applicant is None:
                return False
            finished = applicant.is_finished
            self.applicants.perform(applicant, until)
            if applicant.is_finished and not finished:
                self.setup.webhooks.post(self._letter(applicant, url) for url in self.outgoing_webhooks)
            ident = applicant.place
            done = applicant.is_evaluated
        if done:
            self.touched.pop(ident, None)
        return True

    def remove(self, ident: str) -> bool:
        pad = self.pads.find(ident)
        applicant = None if pad is not None else self._applicant(ident)
        if pad is not None:
            self.pads.remove(pad)
        elif applicant is not None:
            self.applicants.remove(applicant)
            ident = applicant.place
        self.touched.pop(ident, None)
        return pad is not None or applicant is not None

    def touch(self, ident: str) -> bool:
        pad = self.pads.find(ident)
        applicant = None if pad is not None else self._applicant(ident)
        if pad is not None:
            self.pads.rename(pad)
        elif applicant is not None:
            self.applicants.touch(applicant)
        return pad is not None or applicant is not None

    def callback_urls(self, ident: str | None, event: str) -> Sequence[str]:
        return self.outgoing_webhooks

    def letter(self, ident: str, event: str, url: str) -> Letter:
        applicant = self._applicant(ident)
        if applicant is None:
            raise LookupError("the sandbox knows no session by this id")
        return self._letter(applicant, url)

    def made_up_letter(self, event: str, url: str) -> Letter:
        return self._letter(self.applicants.nobody(), url)

    def another(self, ident: str) -> str:
        everybody = (one for test in self.applicants.tests for one in self.applicants.of_test(test))
        return next(one.place for one in everybody if ident not in (one.id, one.place))

    def refs(self, *, organization: bool) -> Iterator[str]:
        for test in self.applicants.tests:
            for one in self.applicants.of_test(test):
                yield f"remoteinterview:take_home:{quote(test.id, safe='')}/{quote(one.id, safe='')}"
        for pad in self.pads.all():
            yield f"remoteinterview:live:{pad.id}"

    def add_test_route(self, method: str, path: str, handler: Handler) -> None:
        """Answer a path of the tests' host."""
        self.tests_site.route(method, path, self.guarded(handler, KEY, self.authenticate))

    def add_pad_route(self, method: str, path: str, handler: Handler) -> None:
        """Answer a path of the pads' host."""
        self.pads_site.route(method, path, self.guarded(handler, KEY, self.authenticate_pads))

    def _letter(self, applicant: Applicant, url: str) -> Letter:
        """The report as its route answers it; the vendor signs nothing and names no test."""
        document = {"type": TEST_REPORT, "data": self.candidates.report(applicant)}
        return Letter(
            vendor=self.name,
            event=TEST_REPORT,
            id=applicant.place,
            url=url,
            body=json.dumps(document, ensure_ascii=False).encode(),
            headers={"Content-Type": JSON},
        )

    def _applicant(self, ident: str) -> Applicant | None:
        test_id, _, candidate = ident.rpartition("/")
        tests = [test for test in self.applicants.tests if test_id in ("", test.id)]
        return next((found for test in tests if (found := self.applicants.find(test, candidate))), None)

    def missing(self) -> Refusal:
        """The vendor's 404."""
        # No error text is public; a page is what a client must be ready for.
        return Refusal(404, HTML("<h1>Not found</h1>") if self.setup.quirks else {"message": "not found"})

    async def body(self, request: web.Request, known: frozenset[str]) -> dict[str, Any]:
        """The body's fields, all of them known."""
        try:
            fields, _ = await read_fields(request, frozenset({JSON, FORM}))
        except BadBodyError as error:
            raise Refusal(415 if error.unsupported else 400, {"message": "unreadable body"}) from error
        if self.setup.strict:
            self.refuse_unknown(fields, known)
        return fields


def _check(request: web.Request, key: str) -> str:
    given = dict(parse_qsl(request.rel_url.raw_query_string)).get("key", "")
    if not secrets.compare_digest(given.encode(), key.encode()):
        raise Refusal(401, {"message": "invalid key"})
    return key
