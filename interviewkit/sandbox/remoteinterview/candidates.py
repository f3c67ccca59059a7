"""RemoteInterview's tests, their candidates and reports (https://www.remoteinterview.io/api, read 2026-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from interviewkit.sandbox.site import Refusal, reply

from .applicants import Applicant, Test
from .shapes import milliseconds

if TYPE_CHECKING:
    from . import RemoteInterview

CANDIDATES = "/1/tests/{test_id}/candidates"
CANDIDATE = f"{CANDIDATES}/{{candidate_id}}"


class Candidates:
    """The routes below /1/tests."""

    def __init__(self, vendor: RemoteInterview) -> None:
        self._vendor = vendor
        for method, path, handler in (
            ("GET", "/1/tests", self.list_tests),
            ("GET", CANDIDATES, self.list_candidates),
            ("POST", CANDIDATES, self.invite),
            ("GET", f"{CANDIDATE}/", self.show_candidate),
            ("GET", CANDIDATE, self.show_candidate),
            ("GET", f"{CANDIDATE}/report", self.show_report),
        ):
            vendor.add_test_route(method, path, handler)

    async def list_tests(self, request: web.Request) -> web.Response:
        tests = self._vendor.applicants.tests
        return reply([{"title": t.title, "timestamp": milliseconds(t.created_at), "id": t.id} for t in tests])

    async def list_candidates(self, request: web.Request) -> web.Response:
        test = self._test(request)
        # Accounts of the older page have no score in this list.
        scored = not self._vendor.setup.quirks or self._vendor.applicants.tests.index(test) % 3 != 2
        return reply([self._candidate(one, scored=scored) for one in self._vendor.applicants.listed(test)])

    async def show_candidate(self, request: web.Request) -> web.Response:
        return reply(self._candidate(self._found(request), scored=not self._vendor.setup.quirks))

    async def show_report(self, request: web.Request) -> web.Response:
        return reply(self.report(self._found(request)))

    def report(self, applicant: Applicant) -> dict[str, Any]:
        """The report as its route answers it."""
        report = self._candidate(applicant, scored=False)
        extras = {"phone": applicant.phone, "notes": applicant.notes}
        report |= {name: value for name, value in extras.items() if value is not None}
        report["tasks"] = (
            self._vendor.applicants.tasks(applicant, self._vendor.files.upload(applicant))
            if applicant.is_finished
            else []
        )
        if applicant.is_evaluated:
            report["score"] = self._score(applicant)
        return report

    async def invite(self, request: web.Request) -> web.Response:
        test = self._test(request)
        email = (await self._vendor.body(request, frozenset({"email"}))).get("email")
        if not isinstance(email, str) or "@" not in email:
            raise Refusal(400, {"message": "email is required"})
        applicant = self._vendor.applicants.invite(test, email)
        self._vendor.touched[applicant.place] = None
        self._vendor.commit("candidate.invite", applicant.id, test=test.id, email=email)
        await self._vendor.invited([applicant.place])
        room = test.id.removeprefix("-")
        url = f"{self._vendor.files_site.base_url}/tests/#?roomid={room}&candidateemail={applicant.id}"
        return reply({"message": "success", "id": applicant.id, "url": url})

    def _candidate(self, one: Applicant, *, scored: bool) -> dict[str, Any]:
        row: dict[str, Any] = {"id": one.id, "status": self._status(one), "added_at": milliseconds(one.added_at)}
        row |= {"email": one.email, "name": one.name if one.name is not None or self._vendor.setup.quirks else ""}
        if not self._vendor.setup.quirks or one.number % 9 != 4:
            row["tags"] = one.tags
        if scored and one.is_evaluated:
            row["score"] = self._score(one)
        return row

    def _status(self, one: Applicant) -> str:
        # Only two words are published; with quirks on, one that nobody has seen yet comes up now and then.
        odd = self._vendor.setup.quirks and one.number < self._vendor.applicants.size and one.number % 19 == 8
        return "shortlisted" if odd and one.status == "accepted" else one.status

    def _score(self, one: Applicant) -> dict[str, int]:
        # As in the vendor's sample, only test cases count, not the points of the other tasks.
        cases = [case for task in self._vendor.applicants.tasks(one, "") for case in task.get("testcases", [])]
        return {"total": sum(c["points"] for c in cases), "got": sum(c["points"] for c in cases if c["result"])}

    def _test(self, request: web.Request) -> Test:
        test = self._vendor.applicants.test(request.match_info["test_id"])
        if test is None:
            raise self._vendor.missing()
        return test

    def _found(self, request: web.Request) -> Applicant:
        applicant = self._vendor.applicants.find(self._test(request), request.match_info["candidate_id"])
        if applicant is None:
            raise self._vendor.missing()
        return applicant
