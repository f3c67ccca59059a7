"""RemoteInterview's tests and CodeInterview's live pads, two hosts with a key each
(https://www.remoteinterview.io/api and https://codeinterview.io/api, read 2026-11)."""

from __future__ import annotations

import hashlib
import io
import secrets
import zipfile
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from .bodies import FORM, JSON, BadBodyError, read_fields
from .site import HTML, Handler, Refusal, Site, public, reply
from .vendor import Setup, Vendor
from .world.remoteinterview_people import Applicant, Applicants, LivePad, LivePads, Test

KEY = frozenset({"key"})
CANDIDATES = "/1/tests/{test_id}/candidates"

TEST_ROUTES: tuple[tuple[str, str, str], ...] = (
    ("GET", "/1/tests", "list_tests"),
    ("GET", CANDIDATES, "list_candidates"),
    ("POST", CANDIDATES, "invite"),
    ("GET", f"{CANDIDATES}/{{candidate_id}}/", "show_candidate"),
    ("GET", f"{CANDIDATES}/{{candidate_id}}", "show_candidate"),
    ("GET", f"{CANDIDATES}/{{candidate_id}}/report", "show_report"),
    ("GET", "/1/pads", "list_pads_of_old"),
    ("POST", "/1/pads/new", "create_pad"),
)
PAD_ROUTES: tuple[tuple[str, str, str], ...] = (
    ("GET", "/1/pads", "list_pads"),
    ("POST", "/1/pads/new", "create_pad"),
    ("GET", "/1/pads/{pad_id}", "show_pad"),
    ("POST", "/1/pads/{pad_id}/end", "end_pad"),
)


class RemoteInterview(Vendor):
    """Both hosts on loopback, and the site of submissions and invitation pages."""

    name = "remoteinterview"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.api_key = hashlib.sha256(f"{setup.seed}:tests".encode()).hexdigest()[:20]
        self.pads_api_key = hashlib.sha256(f"{setup.seed}:pads".encode()).hexdigest()[:20]
        self.outgoing_webhooks: list[str] = []
        """The account's setting of the same name; kept for the day the sandbox sends reports."""
        pads = setup.sessions // 3
        self.applicants = Applicants(setup.seed, setup.sessions - pads, self.clock)
        self.pads = LivePads(setup.seed, pads, self.clock)
        self.tests_site = self.new_site("remoteinterview")
        self.pads_site = self.new_site("codeinterview")
        self.files_site = self.new_site("remoteinterview-files")
        self._add(self.tests_site, TEST_ROUTES, self.authenticate)
        self._add(self.pads_site, PAD_ROUTES, self.authenticate_pads)
        for path, handler in (
            ("/uploads/{name}", self.submission),
            ("/tests/", self.page),
            ("/pads/{pad_id}", self.page),
        ):
            self.files_site.route("GET", path, public(self.files_site, handler))

    @property
    def sites(self) -> Iterable[Site]:
        return (self.tests_site, self.pads_site, self.files_site)

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
            self.applicants.perform(applicant, until)
            ident = f"{applicant.test.id}/{applicant.id}"
            done = applicant.is_evaluated
        if done:
            self.touched.pop(ident, None)
        return True

    async def list_tests(self, request: web.Request) -> web.Response:
        tests = self.applicants.tests
        return reply([{"title": t.title, "timestamp": milliseconds(t.created_at), "id": t.id} for t in tests])

    async def list_candidates(self, request: web.Request) -> web.Response:
        test = self._test(request)
        # Accounts of the older page have no score in this list.
        scored = not self.setup.quirks or self.applicants.tests.index(test) % 3 != 2
        return reply([self._candidate(one, scored=scored) for one in self.applicants.of_test(test)])

    async def show_candidate(self, request: web.Request) -> web.Response:
        return reply(self._candidate(self._found(request), scored=not self.setup.quirks))

    async def show_report(self, request: web.Request) -> web.Response:
        applicant = self._found(request)
        report = self._candidate(applicant, scored=False)
        extras = {"phone": applicant.phone, "notes": applicant.notes}
        report |= {name: value for name, value in extras.items() if value is not None}
        report["tasks"] = self.applicants.tasks(applicant, self._upload(applicant)) if applicant.is_finished else []
        if applicant.is_evaluated:
            report["score"] = self._score(applicant)
        return reply(report)

    async def invite(self, request: web.Request) -> web.Response:
        test = self._test(request)
        email = (await self._body(request, frozenset({"email"}))).get("email")
        if not isinstance(email, str) or "@" not in email:
            raise Refusal(400, {"message": "email is required"})
        applicant = self.applicants.invite(test, email)
        self.touched[f"{test.id}/{applicant.id}"] = None
        self.commit("candidate.invite", applicant.id, test=test.id, email=email)
        room = test.id.removeprefix("-")
        url = f"{self.files_site.base_url}/tests/#?roomid={room}&candidateemail={applicant.id}"
        return reply({"message": "success", "id": applicant.id, "url": url})

    async def list_pads_of_old(self, request: web.Request) -> web.Response:
        return reply([{"id": p.id, "name": p.name, "timestamp": milliseconds(p.created_at)} for p in self.pads.all()])

    async def list_pads(self, request: web.Request) -> web.Response:
        return reply([self._pad(pad) for pad in self.pads.all()])

    async def create_pad(self, request: web.Request) -> web.Response:
        name = (await self._body(request, frozenset({"name"}))).get("name")
        pad = self.pads.create(name if isinstance(name, str) else None)
        self.touched[pad.id] = None
        self.commit("pad.create", pad.id, name=pad.name)
        return reply({"message": "success", "id": pad.id, "url": f"{self.files_site.base_url}/pads/{pad.id}"})

    async def show_pad(self, request: web.Request) -> web.Response:
        pad = self._found_pad(request)
        return reply({**self._pad(pad), "code": pad.code, "notes": pad.notes, "language": pad.language})

    async def end_pad(self, request: web.Request) -> web.Response:
        pad = self._found_pad(request)
        if self.setup.strict and await request.read():
            raise Refusal(400, {"message": "the body has to be empty"})
        self.pads.end(pad)
        self.touched.pop(pad.id, None)
        self.commit("pad.end", pad.id)
        return reply({"msg": "success"})

    async def submission(self, request: web.Request) -> web.Response:
        number, _, digest = request.match_info["name"].removesuffix(".zip").partition("-")
        if not number.isdigit() or digest != self._digest(int(number)):
            raise Refusal(404, HTML("<h1>Not found</h1>"))
        return web.Response(body=archive(number), content_type="application/zip")

    async def page(self, request: web.Request) -> web.Response:
        return reply(HTML("<!doctype html><title>Sandbox</title><h1>A page of the sandbox</h1>"))

    def _add(self, site: Site, routes: Iterable[tuple[str, str, str]], check: Callable[[web.Request], str]) -> None:
        for method, path, name in routes:
            handler: Handler = getattr(self, name)
            site.route(method, path, self.guarded(handler, KEY, check))
        site.unknown_route = lambda request: self._missing().response

    def _candidate(self, one: Applicant, *, scored: bool) -> dict[str, Any]:
        row: dict[str, Any] = {"id": one.id, "status": self._status(one), "added_at": milliseconds(one.added_at)}
        row |= {"email": one.email, "name": one.name if one.name is not None or self.setup.quirks else ""}
        if not self.setup.quirks or one.number % 9 != 4:
            row["tags"] = one.tags
        if scored and one.is_evaluated:
            row["score"] = self._score(one)
        return row

    def _status(self, one: Applicant) -> str:
        # Only two words are published; with quirks on, one that nobody has seen yet comes up now and then.
        odd = self.setup.quirks and one.number < self.applicants.size and one.number % 19 == 8
        return "shortlisted" if odd and one.status == "accepted" else one.status

    def _score(self, one: Applicant) -> dict[str, int]:
        # As in the vendor's sample, only test cases count, not the points of the other tasks.
        cases = [case for task in self.applicants.tasks(one, "") for case in task.get("testcases", [])]
        return {"total": sum(c["points"] for c in cases), "got": sum(c["points"] for c in cases if c["result"])}

    def _pad(self, pad: LivePad) -> dict[str, Any]:
        row: dict[str, Any] = {"id": pad.id, "name": pad.name, "timestamp": milliseconds(pad.created_at)}
        if pad.ended_at is not None:
            row["ended_at"] = milliseconds(pad.ended_at)
        elif not self.setup.quirks or pad.number % 2:
            row["ended_at"] = None
        return row if pad.tags is None else {**row, "tags": pad.tags}

    def _upload(self, one: Applicant) -> str:
        return f"{self.files_site.base_url}/uploads/{one.number}-{self._digest(one.number)}.zip"

    def _digest(self, number: int) -> str:
        return hashlib.sha256(f"{self.api_key}:{number}".encode()).hexdigest()[:16]

    def _applicant(self, ident: str) -> Applicant | None:
        test_id, _, candidate = ident.rpartition("/")
        tests = [test for test in self.applicants.tests if test_id in ("", test.id)]
        return next((found for test in tests if (found := self.applicants.find(test, candidate))), None)

    def _test(self, request: web.Request) -> Test:
        test = self.applicants.test(request.match_info["test_id"])
        if test is None:
            raise self._missing()
        return test

    def _found(self, request: web.Request) -> Applicant:
        applicant = self.applicants.find(self._test(request), request.match_info["candidate_id"])
        if applicant is None:
            raise self._missing()
        return applicant

    def _found_pad(self, request: web.Request) -> LivePad:
        pad = self.pads.find(request.match_info["pad_id"])
        if pad is None:
            raise self._missing()
        return pad

    def _missing(self) -> Refusal:
        # No error text is public; a page is what a client must be ready for.
        return Refusal(404, HTML("<h1>Not found</h1>") if self.setup.quirks else {"message": "not found"})

    async def _body(self, request: web.Request, known: frozenset[str]) -> dict[str, Any]:
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


def milliseconds(moment: Any) -> int:
    """Milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def archive(name: str) -> bytes:
    """A small ZIP archive with one file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as files:
        files.writestr(zipfile.ZipInfo("README.md"), f"# Submission {name}\n")
    return target.getvalue()
