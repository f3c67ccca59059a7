"""Files beside reports: fetched once each, named by their content, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit import Artifact, ArtifactKind, Report, Session, SessionKind, SessionRef, SessionStatus
from interviewkit.capabilities import Capabilities, Capability, Feature, Support
from interviewkit.errors import (
    PermissionDeniedError,
    StoreError,
    UnsupportedError,
    VendorUnavailableError,
)
from interviewkit.harvest import artifacts as module
from interviewkit.harvest import content
from interviewkit.harvest.artifacts import Artifacts, Collected, files_of, requests_of
from interviewkit.harvest.content import PART, folder_of, path_of
from interviewkit.harvest.documents import document
from interviewkit.model import SourceFile, TaskResult
from interviewkit.provider import BaseProvider
from interviewkit.registry import connect
from interviewkit.sandbox import Fault, Sandbox, VirtualClock

REF = SessionRef(provider="acme", kind=SessionKind.TAKE_HOME, id="S-1")
HOST = "https://files.acme.example"
NOW = datetime.now(UTC)


class Acme(BaseProvider):
    """Answers downloads from a table: content, an error, or a function that writes."""

    name = "acme"
    capabilities = Capabilities({Feature.DOWNLOAD: Capability(Support.NATIVE)})

    def __init__(self, **answers: Any) -> None:
        super().__init__(account="acme")
        self.answers = answers
        self.asked: list[str] = []

    async def download(self, artifact: Artifact, target: Any) -> int:
        name = artifact.name or artifact.kind.value
        self.asked.append(name)
        answer = self.answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return int(target.write(answer))


def one(name: str, *, kind: ArtifactKind = ArtifactKind.SUBMISSION, **fields: Any) -> Artifact:
    fields.setdefault("url", f"{HOST}/{name}")
    return Artifact(ref=REF, kind=kind, name=name, **fields)


def report(*listed: Artifact, account: str = "acme", is_final: bool = True, **fields: Any) -> Report:
    session = Session(
        ref=REF, provider="acme", account=account, kind=SessionKind.TAKE_HOME, status=SessionStatus.COMPLETED
    )
    return Report(
        ref=REF, provider="acme", account=account, session=session, status=session.status, artifacts=listed,
        is_final=is_final, **fields,
    )  # fmt: skip


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def beside(tmp_path: Path) -> Artifacts:
    async def no_sleep(_seconds: float) -> None:
        return None

    return Artifacts(tmp_path / "files", sleep=no_sleep)


async def test_a_file_is_named_by_its_content_alone(beside: Artifacts) -> None:
    made = await beside.collect(Acme(cv=b"work"), report(one("cv", media_type="text/plain")))
    digest = sha(b"work")
    assert files_in(beside.folder) == {f"acme/{digest[:2]}/{digest}": b"work"}
    assert path_of(beside.folder, "acme", digest).read_bytes() == b"work"
    (row,) = made.rows
    assert row | {"fetched_at": None} == {
        "position": 0, "kind": "submission", "name": "cv", "media_type": "text/plain", "sha256": digest, "size": 4,
        "error": None, "fetched_at": None,
    }  # fmt: skip
    assert made.files == {f"{HOST}/cv": digest}


async def test_files_of_the_report_its_tasks_and_its_edit_histories_are_fetched_once_each(beside: Artifacts) -> None:
    history = f"{HOST}/history.json"
    tasks = (
        TaskResult(artifacts=(one("zip"),)),
        TaskResult(files=(SourceFile(path="a.py", history_url=history), SourceFile(path="b.py", history_url=history))),
        TaskResult(files=(SourceFile(path="c.py", history_url=f"{HOST}/known"), SourceFile(path="d.py"))),
    )
    provider = Acme(zip=b"z", known=b"k", **{"a.py": b"h"})
    made = await beside.collect(provider, report(one("known"), tasks=tasks))
    assert sorted(provider.asked) == ["a.py", "known", "zip"]
    assert [(row["position"], row["kind"], row["name"]) for row in made.rows] == [
        (0, "submission", "known"), (1, "submission", "zip"), (2, "history", "a.py"),
    ]  # fmt: skip


async def test_what_expires_first_is_fetched_first(beside: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    lives = {"forever": None, "hour": 3600, "minute": 60}
    listed = [one(name, expires_at=life and NOW + timedelta(seconds=life)) for name, life in lives.items()]
    provider = Acme(forever=b"1", hour=b"2", minute=b"3")
    made = await beside.collect(provider, report(*listed))
    assert provider.asked == ["minute", "hour", "forever"]
    assert [row["name"] for row in made.rows] == ["forever", "hour", "minute"]


async def test_no_more_than_four_are_fetched_at_once(beside: Artifacts) -> None:
    import asyncio

    running = most = 0

    class Slow(Acme):
        async def download(self, artifact: Artifact, target: Any) -> int:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.002)
            running -= 1
            return int(target.write((artifact.name or "").encode()))

    made = await beside.collect(Slow(), report(*(one(f"f{number}") for number in range(12))))
    assert (most, len(made.rows)) == (4, 12)


@pytest.mark.parametrize(
    "page",
    [
        one("report", kind=ArtifactKind.REPORT, media_type="text/html", needs_auth=True),
        one("feedback", kind=ArtifactKind.FEEDBACK),
    ],
)
async def test_what_the_vendor_does_not_give_is_no_row(beside: Artifacts, page: Artifact) -> None:
    made = await beside.collect(Acme(feedback=UnsupportedError("a page")), report(page))
    assert made == Collected()


async def test_one_file_that_cannot_be_had_is_a_row_that_says_why_and_the_others_are_there(beside: Artifacts) -> None:
    secret = f"{HOST}/x?Signature=abc jane@example.com\nmore"
    provider = Acme(good=b"1", gone=PermissionDeniedError("the file cannot be had (HTTP 403)"), odd=ValueError(secret))
    made = await beside.collect(provider, report(one("gone"), one("odd"), one("good")))
    assert [(row["name"], row["error"], row["size"]) for row in made.rows] == [
        ("gone", "PermissionDeniedError: the file cannot be had (HTTP 403)", None),
        ("odd", "InterviewKitError: the provider failed (ValueError)", None),
        ("good", None, 1),
    ]
    assert (list(made.files), made.retryable) == ([f"{HOST}/good"], False)
    assert sorted(provider.asked) == ["gone", "good", "odd"]
    assert len(files_in(beside.folder)) == 1


async def test_a_host_that_fails_for_a_moment_is_asked_again(beside: Artifacts) -> None:
    away = VendorUnavailableError("away")
    provider = Acme(late=[away, away, b"1"], never=[away, away, away])
    made = await beside.collect(provider, report(one("late"), one("never")))
    assert [row["error"] for row in made.rows] == [None, "VendorUnavailableError: away"]
    assert (made.retryable, sorted(provider.asked)) == (True, ["late"] * 3 + ["never"] * 3)


async def test_the_vendors_api_is_not_asked_again_for_a_file(beside: Artifacts) -> None:
    provider = Acme(pdf=[VendorUnavailableError("away"), b"1"])
    await beside.collect(provider, report(one("pdf", kind=ArtifactKind.PDF, url=None)))
    assert provider.asked == ["pdf"]


async def test_a_file_for_which_the_vendor_is_asked_waits_until_the_report_is_final(beside: Artifacts) -> None:
    pdf, link = one("pdf", url=None, needs_auth=True), one("zip")
    provider = Acme(pdf=b"1", zip=b"2")
    assert files_of(provider, report(pdf, link, is_final=False)) == (link,)
    assert files_of(provider, report(pdf, link)) == (pdf, link)
    assert (requests_of(provider, report(pdf, link, is_final=False)), requests_of(provider, report(pdf, link))) == (
        0,
        1,
    )


def test_a_link_that_has_expired_costs_a_request() -> None:
    old = one("drawing", expires_at=NOW - timedelta(seconds=1))
    young = one("other", expires_at=NOW + timedelta(hours=1))
    assert requests_of(Acme(), report(old, young)) == 1


async def test_a_provider_that_downloads_nothing_is_not_asked(beside: Artifacts) -> None:
    provider = Acme()
    provider.capabilities = Capabilities({Feature.DOWNLOAD: Capability(Support.UNSUPPORTED, note="no files")})
    assert await beside.collect(provider, report(one("zip"))) == Collected()
    assert (provider.asked, beside.folder.exists()) == ([], False)


@pytest.mark.parametrize("account", ["../../etc", "..", ".", "a/b", "name@example.com", "Zoë", ".hidden"])
async def test_no_label_leads_out_of_the_folder(beside: Artifacts, account: str) -> None:
    await beside.collect(Acme(zip=b"1"), report(one("zip"), account=account))
    (found,) = beside.folder.rglob(sha(b"1"))
    assert found.parents[2] == beside.folder
    assert folder_of(beside.folder, account).name.isascii()
    assert not folder_of(beside.folder, account).name.startswith(".")


async def test_equal_content_is_one_file(beside: Artifacts) -> None:
    made = await beside.collect(Acme(a=b"same", b=b"same"), report(one("a"), one("b")))
    assert len({row["sha256"] for row in made.rows}) == len(files_in(beside.folder)) == 1


async def test_a_provider_may_move_about_in_the_file(beside: Artifacts) -> None:
    class Zips(Acme):
        async def download(self, artifact: Artifact, target: Any) -> int:
            target.write(b"____tail")
            target.seek(0)
            target.write(b"head")
            return 8

    made = await beside.collect(Zips(), report(one("zip")))
    assert (made.rows[0]["sha256"], made.rows[0]["size"]) == (sha(b"headtail"), 8)


def full(*_args: Any, **_named: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device", "/secret/path")


def full_while_writing(part: Any, _data: Any) -> int:
    part.failed = OSError(errno.ENOSPC, "No space left on device", "/secret/path")
    raise part.failed


@pytest.mark.parametrize(
    ("owner", "name", "fails"),
    [
        (content.Part, "write", full_while_writing),
        (Path, "mkdir", full),
        (os, "fsync", full),
        (Path, "replace", full),
        (tempfile, "mkstemp", full),
    ],
)
async def test_a_full_disk_is_the_stores_error_and_leaves_nothing(
    beside: Artifacts, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, fails: Any
) -> None:
    monkeypatch.setattr(owner, name, fails)
    with pytest.raises(StoreError) as caught:
        await beside.collect(Acme(a=b"1", b=b"2"), report(one("a"), one("b")))
    assert str(caught.value).startswith("the folder of artifacts cannot be written: No space left on device")
    assert caught.value.__cause__ is None
    assert "secret" not in str(caught.value)
    monkeypatch.undo()
    assert files_in(beside.folder) == {}


async def test_a_raw_file_that_takes_less_at_a_time_is_written_whole(
    beside: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = io.FileIO.write

    class Small(io.FileIO):
        def write(self, data: Any, /) -> int:
            return whole(self, bytes(data)[:3])

    part = type("Part", (content.Part, Small), {})
    monkeypatch.setattr(content, "Part", part)
    made = await beside.collect(Acme(a=b"0123456789"), report(one("a")))
    assert made.rows[0]["sha256"] == sha(b"0123456789")


async def test_a_process_that_lost_its_lease_keeps_no_file(beside: Artifacts) -> None:
    async def lost() -> None:
        raise StoreError("the lease was lost")

    with pytest.raises(StoreError, match="lease was lost"):
        await beside.collect(Acme(a=b"1"), report(one("a")), still=lost)
    assert files_in(beside.folder) == {}


async def test_what_a_killed_process_left_unfinished_is_removed_and_what_another_writes_now_is_not(
    beside: Artifacts,
) -> None:
    folder = folder_of(beside.folder, "acme")
    folder.mkdir(parents=True)
    old, young = folder / f".old{PART}", folder / f".young{PART}"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    await beside.collect(Acme(a=b"1"), report(one("a")))
    assert (old.exists(), young.exists()) == (False, True)


async def test_what_was_collected_shows_neither_links_nor_names(beside: Artifacts) -> None:
    made = await beside.collect(Acme(**{"jane.zip": b"1"}), report(one("jane.zip")))
    assert "jane" not in repr(made)
    assert "acme.example" not in repr(made)


async def test_the_folder_is_for_the_owners_eyes_only(beside: Artifacts) -> None:
    await beside.collect(Acme(a=b"1"), report(one("a")))
    path = path_of(beside.folder, "acme", sha(b"1"))
    assert [one.stat().st_mode & 0o077 for one in (path, path.parent, path.parents[1])] == [0, 0, 0]


# --- the vendors, on the sandbox ---


@attrs.frozen
class Found:
    """A vendor's reports, and the provider that read them."""

    box: Sandbox
    provider: Any
    reports: list[Report]

    def with_files(self, kind: ArtifactKind) -> list[Report]:
        return [one for one in self.reports if any(file.kind is kind for file in files_of(self.provider, one))]


@contextlib.asynccontextmanager
async def found_at(name: str) -> AsyncIterator[Found]:
    """What a sandboxed vendor has."""
    async with Sandbox(seed=7, sessions=90, clock=VirtualClock(frozen=True)) as box:
        keywords = {key: value for key, value in box.accounts[f"sandbox-{name}"].items() if key != "provider"}
        async with connect(name, **keywords) as provider:
            rows = await provider.list_sessions().collect()
            outcomes = [one async for one in provider.fetch_reports(rows)]
            yield Found(box, provider, [one.report for one in outcomes if one.report is not None])


@pytest.mark.parametrize(
    ("name", "kind", "requests", "start"),
    [
        ("coderpad", ArtifactKind.DRAWING, 0, b"\x89PNG"),
        ("coderpad", ArtifactKind.HISTORY, 0, b"{"),
        ("remoteinterview", ArtifactKind.SUBMISSION, 0, b"PK"),
        ("codility", ArtifactKind.PDF, 1, b"%PDF"),
    ],
)
async def test_a_vendors_files_take_as_many_requests_of_its_budget_as_was_said_and_no_credential_leaves(
    beside: Artifacts, name: str, kind: ArtifactKind, requests: int, start: bytes
) -> None:
    async with found_at(name) as found:
        report = found.with_files(kind)[0]
        vendor = getattr(found.box, name)
        before = len(vendor.seen)
        made = await beside.collect(found.provider, report)
        of_the_api = [one for one in list(vendor.seen)[before:] if not one.site.endswith("-files")]
        assert len(of_the_api) == requests == requests_of(found.provider, report)
        assert found.box.violations == []
    assert [row["error"] for row in made.rows] == [None] * len(made.rows)
    (row, *_) = [row for row in made.rows if row["kind"] == kind.value]
    assert path_of(beside.folder, report.account, row["sha256"]).read_bytes().startswith(start)


async def test_a_report_that_is_not_final_costs_no_pdf(beside: Artifacts) -> None:
    async with found_at("codility") as found:
        open_ones = [one for one in found.reports if not one.is_final and one.artifacts]
        assert open_ones
        assert [requests_of(found.provider, one) for one in open_ones] == [0] * len(open_ones)


async def test_a_drawings_link_gives_way_to_the_hash_of_its_file_in_the_store(beside: Artifacts) -> None:
    async with found_at("coderpad") as found:
        report = found.with_files(ArtifactKind.DRAWING)[0]
        made = await beside.collect(found.provider, report)
    (drawing,) = [row for row in made.rows if row["kind"] == "drawing"]
    payload = document(report, made.files).columns["payload"]
    assert f'{{"expired_link":"{drawing["sha256"]}"}}' in payload.replace(" ", "")
    assert "Signature" not in payload


async def test_a_drawings_link_that_expired_and_a_host_in_trouble_end_nothing(beside: Artifacts) -> None:
    async with found_at("coderpad") as found:
        report = found.with_files(ArtifactKind.DRAWING)[0]
        found.box.clock.advance(600)
        found.box.coderpad.fail(Fault.server_error(503), route="*history.json", times=2)
        made = await beside.collect(found.provider, report)
    errors = {row["kind"]: row["error"] for row in made.rows}
    assert errors["drawing"] is not None
    assert errors["history"] is None
