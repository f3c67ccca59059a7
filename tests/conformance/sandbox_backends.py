"""The sandbox's three vendors as backends of conformance runs: what is there, and what each operation must send."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from interviewkit import (
    Artifact,
    ArtifactKind,
    CoderPad,
    Codility,
    InvitationEmail,
    RemoteInterview,
    Report,
    SessionKind,
    SessionRef,
    SessionStatus,
)
from interviewkit.http.transport import Transport
from interviewkit.sandbox import Fault as SandboxFault
from interviewkit.sandbox import Sandbox
from interviewkit.testing import Backend, Expected, Fault

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
OPEN = {SessionStatus.CREATED, SessionStatus.INVITED, SessionStatus.IN_PROGRESS}

_found: dict[str, dict[str, Any]] = {}
"""What stands in the seeded sandbox is the same every time: it is looked up once."""


def wire_of(vendor: Any) -> Callable[[Fault, bool, int | None], bool]:
    """Let the sandbox itself fail, so that the break goes through sockets and aiohttp."""

    def wire(fault: Fault, writes_only: bool, times: int | None) -> bool:
        after = fault.headers.get("retry-after")
        made = {
            "status": SandboxFault.server_error(fault.status, retry_after=after and float(after)),
            "reset": SandboxFault.reset(),
            "truncated": SandboxFault.truncated(),
            "redirect": SandboxFault.redirect(),
            "garbage": SandboxFault.garbage(fault.flavour),
        }.get(fault.kind)
        if made is None:
            return False
        for method in ("POST", "PUT", "DELETE") if writes_only else (None,):
            vendor.fail(made, method=method, times=times)
        return True

    return wire


def keywords(box: Sandbox, name: str) -> dict[str, str]:
    """The keywords of a provider of this sandbox."""
    return {key: value for key, value in box.accounts[f"sandbox-{name}"].items() if key != "provider"}


@contextlib.asynccontextmanager
async def opened(name: str) -> AsyncIterator[tuple[Sandbox, Any, dict[str, Any]]]:
    """A fresh sandbox, its vendor, and what a backend of it has in common with others."""
    async with Sandbox(seed=7, sessions=240, quirks=True) as box:
        vendor = getattr(box, name)
        shared = {"transport": Transport, "wire": wire_of(vendor), "calm": vendor.heal}
        yield box, vendor, shared


async def look(name: str, provider: Any, *, kind: SessionKind | None = None) -> dict[str, Any]:
    """A finished session, two open ones, and counts; `kind` narrows it down to one space of ids."""
    key = f"{name}-{kind}"
    if key not in _found:
        async with provider:
            rows = await provider.list_sessions(kind=kind).collect()
            tests = await provider.list_assessments().collect()
            finished: Report | None = None
            artifact: Artifact | None = None
            for row in rows:
                if row.kind is (kind or row.kind) and row.status not in {SessionStatus.CREATED, SessionStatus.INVITED}:
                    report = await provider.fetch_report(row)
                    whole = report.is_final and bool(report.tasks) and report.status is SessionStatus.COMPLETED
                    finished = finished or (report if whole else None)
                    files = [*report.artifacts, *(one for task in report.tasks for one in task.artifacts)]
                    artifact = artifact or next((one for one in files if one.kind in _FILES), None)
                if finished and artifact:
                    break
            still_open = [row.ref for row in rows if row.status in OPEN and row.started_at is None]
            unknown = [row.ref for row in rows if row.status is SessionStatus.UNKNOWN and row.score is None]
            assert finished is not None
            _found[key] = {
                "rows": len(rows), "tests": [one.id for one in tests], "finished": finished, "artifact": artifact,
                "open": still_open + unknown,
            }  # fmt: skip
    return _found[key]


_FILES = {ArtifactKind.PDF, ArtifactKind.DRAWING, ArtifactKind.HISTORY, ArtifactKind.SUBMISSION}


@contextlib.asynccontextmanager
async def coderpad_backend(hold: dict[str, str]) -> AsyncIterator[Backend]:
    """CoderPad with 64 pads on two pages."""
    async with opened("coderpad") as (box, _vendor, shared):
        hold.update(keywords(box, "coderpad"))
        found = await look("coderpad", CoderPad(**hold))  # type: ignore[arg-type]
        report: Report = found["finished"]
        pad = report.ref.id
        unfinished, endable = found["open"][:2]
        environments = [str(one["id"]) for one in report.raw["environments"]]
        question = found["tests"][0]
        artifact: Artifact = found["artifact"]
        async with CoderPad(**hold) as provider:  # type: ignore[arg-type]  # links of this very sandbox
            fresh = await provider.fetch_report(artifact.ref)
        files = [*fresh.artifacts, *(one for task in fresh.tasks for one in task.artifacts)]
        yield Backend(
            **shared, credentials=[hold["api_key"]], sessions=found["rows"], finished=report.ref, unfinished=unfinished,
            unknown=SessionRef(provider="coderpad", kind=SessionKind.LIVE, id="ZZZZZZZZ"), endable=endable,
            assessment_id=question, artifact=next(one for one in files if one.kind is artifact.kind),
            status_keys=("state",),
            expected={
                "create_session": [Expected("POST", "/api/pads", b"title=Pairing%20exercise", FORM)],
                "list_sessions": [
                    Expected("GET", "/api/pads?sort=created_at,asc"),
                    Expected("GET", "/api/pads?sort=created_at,asc&cursor=WyJjcmVhdGVkX2F0IiwgdHJ1ZSwgMl0%3D"),
                ],
                "get_session": [Expected("GET", f"/api/pads/{pad}")],
                "fetch_report": [
                    Expected("GET", f"/api/pads/{pad}"),
                    *(Expected("GET", f"/api/pad_environments/{number}") for number in environments),
                    Expected("GET", f"/api/pads/{pad}/events?sort=created_at,asc"),
                ],
                "invite_candidate": [
                    Expected(
                        "POST", "/api/pads", f"title=Interview%20with%20Jo%20Doe&question_id={question}".encode(), FORM
                    )
                ],
                "list_assessments": [Expected("GET", "/api/questions?sort=created_at,asc")],
                "end_session": [Expected("PUT", f"/api/pads/{endable.id}", b"ended=true", FORM)],
                "check": [Expected("GET", "/api/quota")],
            },
        )  # fmt: skip


@contextlib.asynccontextmanager
async def codility_backend(hold: dict[str, str]) -> AsyncIterator[Backend]:
    """Codility with 80 sessions on four pages."""
    async with opened("codility") as (box, _vendor, shared):
        hold.update(keywords(box, "codility"))
        found = await look("codility", Codility(**hold))  # type: ignore[arg-type]
        report: Report = found["finished"]
        session, test = report.ref.id, found["tests"][0]
        unfinished, endable = found["open"][:2]
        yield Backend(
            **shared, credentials=[hold["token"]], sessions=found["rows"], finished=report.ref, unfinished=unfinished,
            unknown=SessionRef(provider="codility", kind=SessionKind.TAKE_HOME, id="ZZZZZZ-ZZZ"), endable=endable,
            assessment_id=test, artifact=found["artifact"], score=report.score, lists_know_less=True,
            invite={"reference": "candidate-77"},
            email=InvitationEmail(subject="Your test", content="Begin here: [PRIVATE_TEST_LINK]"),
            expected={
                "create_session": [
                    Expected("POST", "/api/codelive/create_whiteboard/", b'{"room_name":"Pairing exercise"}', JSON)
                ],
                "list_sessions": [
                    Expected("GET", "/api/sessions/"),
                    *(Expected("GET", f"/api/sessions/?page={page}") for page in (2, 3, 4)),
                ],
                "get_session": [Expected("GET", f"/api/sessions/{session}/")],
                "fetch_report": [Expected("GET", f"/api/sessions/{session}/")],
                "invite_candidate": [
                    Expected(
                        "POST", f"/api/tests/{test}/invite/",
                        b'{"candidates":[{"id":"candidate-77","first_name":"Jo","last_name":"Doe",'
                        b'"email":"jo.doe@example.com"}]}', JSON,
                    )
                ],
                "list_assessments": [Expected("GET", "/api/tests/?is_archived=False")],
                "end_session": [Expected("POST", f"/api/sessions/{endable.id}/cancel/")],
                "report_link": [Expected("POST", f"/api/sessions/{session}/embed_report/")],
                "check": [Expected("GET", "/api/account/credit-level/")],
            },
        )  # fmt: skip


@contextlib.asynccontextmanager
async def remoteinterview_backend(hold: dict[str, str], kind: SessionKind) -> AsyncIterator[Backend]:
    """RemoteInterview with two tests' candidates and live pads; `kind` says which of its spaces of ids is tried."""
    async with opened("remoteinterview") as (box, _vendor, shared):
        hold.update(keywords(box, "remoteinterview"))
        found = await look("remoteinterview", RemoteInterview(**hold), kind=kind)  # type: ignore[arg-type]
        pads = await look("remoteinterview", RemoteInterview(**hold), kind=SessionKind.LIVE)  # type: ignore[arg-type]
        homework = await look("remoteinterview", RemoteInterview(**hold), kind=SessionKind.TAKE_HOME)  # type: ignore[arg-type]
        report: Report = found["finished"]
        key, pads_key = f"key={hold['api_key']}", f"key={hold['pads_api_key']}"
        endable = pads["open"][0]
        first, second = found["tests"]
        live = kind is SessionKind.LIVE
        candidate = f"/1/tests/{report.ref.parent}/candidates/{report.ref.id}"
        async with RemoteInterview(**hold) as provider:  # type: ignore[arg-type]  # links of this very sandbox
            fresh = await provider.fetch_report(homework["artifact"].ref)
        yield Backend(
            **shared, credentials=[hold["api_key"], hold["pads_api_key"]], sessions=found["rows"], finished=report.ref,
            unfinished=found["open"][0], endable=endable, assessment_id=first, score=report.score,
            listing={"kind": kind}, unknown=SessionRef(
                provider="remoteinterview", kind=kind, id="ffffffffffff0", parent=None if live else first
            ),
            artifact=next(one for task in fresh.tasks for one in task.artifacts), names_next_page=False,
            status_keys=() if live else ("status",),
            expected={
                "create_session": [Expected("POST", f"/1/pads/new?{pads_key}", b'{"name":"Pairing exercise"}', JSON)],
                "list_sessions": [Expected("GET", f"/1/pads?{pads_key}")] if live else [
                    Expected("GET", f"/1/tests?{key}"),
                    Expected("GET", f"/1/tests/{first}/candidates?{key}"),
                    Expected("GET", f"/1/tests/{second}/candidates?{key}"),
                ],
                "get_session": [
                    Expected("GET", f"/1/pads/{report.ref.id}?{pads_key}" if live else f"{candidate}/?{key}")
                ],
                "fetch_report": [
                    Expected("GET", f"/1/pads/{report.ref.id}?{pads_key}" if live else f"{candidate}/report?{key}")
                ],
                "invite_candidate": [
                    Expected("POST", f"/1/tests/{first}/candidates?{key}", b'{"email":"jo.doe@example.com"}', JSON)
                ],
                "list_assessments": [Expected("GET", f"/1/tests?{key}")],
                "end_session": [Expected("POST", f"/1/pads/{endable.id}/end?{pads_key}")],
                "check": [Expected("GET", f"/1/tests?{key}")],
            },
        )  # fmt: skip
