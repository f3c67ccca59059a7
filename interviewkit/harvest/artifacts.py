"""The files beside a report, in a folder where each one is named by the SHA-256 of its content and by nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs

from interviewkit.capabilities import Feature, Support
from interviewkit.errors import InterviewKitError, StoreError, UnsupportedError
from interviewkit.model import Artifact, ArtifactKind, Report
from interviewkit.provider import InterviewProvider

PART = ".part"
"""The end of a temporary file's name, which begins with a dot."""
_STALE_SECONDS = 3600.0
_AT_ONCE = 4
_ATTEMPTS = 3
_LATE = datetime.max.replace(tzinfo=UTC)


@attrs.frozen(kw_only=True)
class Collected:
    """What was fetched of one report's files."""

    rows: tuple[dict[str, Any], ...] = attrs.field(default=(), repr=lambda rows: f"<{len(rows)} files>")
    """Rows of the table `artifact` without `account` and `ref`; one that could not be had says why in `error`."""
    files: Mapping[str, str] = attrs.field(factory=dict, repr=lambda files: f"<{len(files)} links>")
    """Link -> SHA-256 of the file behind it."""
    retryable: bool = False
    """Whether a file that is missing may be had later."""


@attrs.frozen(kw_only=True)
class _File:
    """An artifact with its place among all of its report."""

    position: int
    artifact: Artifact


def folder_of(root: Path, account: str) -> Path:
    """An account's folder; its name is the label percent-quoted, so that no label leads elsewhere."""
    name = quote(account, safe="")
    return root / (f"%2E{name[1:]}" if name.startswith(".") else name)


def path_of(root: Path, account: str, sha256: str) -> Path:
    """Where an account's file lies."""
    return folder_of(root, account) / sha256[:2] / sha256


def files_of(provider: InterviewProvider, report: Report) -> tuple[Artifact, ...]:
    """The artifacts of a report that a harvest fetches: files, but no pages behind a login.

    What the vendor makes on request, for a request of its budget each, waits until the report is final.
    """
    return tuple(file.artifact for file in _chosen(provider, report))


def requests_of(provider: InterviewProvider, report: Report) -> int:
    """How many requests of the vendor's budget the files of a report take: none for those that lie at other hosts.

    A link that has expired counts as one, as the vendor has to be asked for another.
    """
    now = datetime.now(UTC)
    return sum(
        _is_request(artifact) or (artifact.expires_at is not None and artifact.expires_at <= now)
        for artifact in files_of(provider, report)
    )


def _chosen(provider: InterviewProvider, report: Report) -> list[_File]:
    if provider.capabilities[Feature.DOWNLOAD].support is Support.UNSUPPORTED:
        return []
    named = [*report.artifacts, *(artifact for task in report.tasks for artifact in task.artifacts)]
    known = {artifact.url for artifact in named}
    for task in report.tasks:
        for file in task.files:
            if file.history_url is not None and file.history_url not in known:
                known.add(file.history_url)
                named.append(_history(report, file.path, file.history_url))
    return [
        _File(position=position, artifact=artifact)
        for position, artifact in enumerate(named)
        if not _is_page(artifact) and (report.is_final or not _is_request(artifact))
    ]


def _history(report: Report, path: str, url: str) -> Artifact:
    return Artifact(ref=report.ref, kind=ArtifactKind.HISTORY, url=url, media_type="application/json", name=path)


def _is_page(artifact: Artifact) -> bool:
    """Whether it is a page for a person who is logged in, of which nothing can be fetched."""
    return artifact.needs_auth and artifact.media_type == "text/html"


def _is_request(artifact: Artifact) -> bool:
    """Whether the vendor's API gives the file: it has no address of its own, or one that takes the credentials."""
    return artifact.url is None or artifact.needs_auth


class Artifacts:
    """Fetches reports' files into `folder/<account>/<first two digits>/<SHA-256>`. A folder belongs to one store."""

    def __init__(self, folder: Path, *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self.folder = folder
        self._sleep = sleep
        self._tidied: set[str] = set()

    async def collect(
        self, provider: InterviewProvider, report: Report, *, still: Callable[[], Awaitable[object]] | None = None
    ) -> Collected:
        """Fetch what can be had of a report's files, those first whose links expire first.

        `still` is awaited before a file gets its name; what it raises, such as `LeaseLostError`, ends the collection.
        Raises `StoreError` when the folder cannot be written: that is no fault of one file.
        """
        files = sorted(_chosen(provider, report), key=lambda file: file.artifact.expires_at or _LATE)
        if not files:
            return Collected()
        folder = folder_of(self.folder, report.account)
        await asyncio.to_thread(self._make, folder, report.account)
        gate = asyncio.Semaphore(_AT_ONCE)
        results: list[tuple[_File, str | InterviewKitError | None, int]] = []

        async def fetch(file: _File) -> None:
            async with gate:
                results.append((file, *await self._fetch(provider, file.artifact, folder, still)))

        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for file in files:
                    group.create_task(fetch(file))
        except BaseExceptionGroup as several:
            failure = several.exceptions[0]
        if failure is not None:
            raise failure
        return _collected(results)

    def _make(self, folder: Path, account: str) -> None:
        """Make the account's folder; at the first use remove what a killed process left unfinished."""
        with writable():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if account in self._tidied:
                return
            old = time.time() - _STALE_SECONDS
            for part in unfinished(folder):
                with contextlib.suppress(FileNotFoundError):
                    if part.stat().st_mtime < old:
                        part.unlink()
        self._tidied.add(account)

    async def _fetch(
        self, provider: InterviewProvider, artifact: Artifact, folder: Path,
        still: Callable[[], Awaitable[object]] | None,
    ) -> tuple[str | InterviewKitError | None, int]:  # fmt: skip
        """The file's SHA-256 and size, or why there is none; `None`: the vendor does not give it."""
        # The API's own calls are repeated by the provider; a host of files is asked again here.
        for left in reversed(range(1 if _is_request(artifact) else _ATTEMPTS)):
            with _temporary(folder) as (file, part):
                try:
                    await provider.download(artifact, file)
                except UnsupportedError:
                    return None, 0
                except InterviewKitError as error:
                    _check(file)
                    if not left or not error.retryable:
                        return error, 0
                except Exception as error:  # noqa: BLE001  # a provider of somebody else: one file ends nothing
                    _check(file)
                    return InterviewKitError(f"the provider failed ({type(error).__name__})"), 0
                else:
                    _check(file)
                    sha256, size = await asyncio.to_thread(_digest, file)
                    if still is not None:
                        await still()
                    await asyncio.to_thread(_keep, file, part, folder / sha256[:2] / sha256)
                    return sha256, size
            await self._sleep(0.5 * 2 ** (_ATTEMPTS - 1 - left))
        raise AssertionError("the last attempt returns")


class _Part(io.FileIO):
    """A temporary file that remembers why it could not be written, and is written whole."""

    failed: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write all of it: a raw file may take less at a time."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while done < len(view):
                done += super().write(view[done:]) or 0
        except OSError as error:
            self.failed = error
            raise
        return done


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[tuple[_Part, Path]]:
    """A new file in the folder, removed at the end unless it got another name."""
    # Made here and not in a thread: a cancelled task would never learn what the thread has made.
    with writable():
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=PART)
        file = _Part(handle, "w+b")
    path = Path(name)
    try:
        yield file, path
    finally:
        file.close()
        with contextlib.suppress(OSError):  # it has its name now, or its folder is gone
            path.unlink()


def _check(file: _Part) -> None:
    """Raise `StoreError` when it was our disk that failed, and not the file that could not be had."""
    if file.failed is not None:
        with writable():
            raise file.failed


def _digest(file: _Part) -> tuple[str, int]:
    with writable():
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return sha256, file.tell()


def _keep(file: _Part, part: Path, path: Path) -> None:
    """Give the file its name, so that it is there whole after a loss of power, or not at all."""
    with writable():
        os.fsync(file.fileno())
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part.replace(path)
        for folder in (path.parent, path.parent.parent):
            _sync(folder)


def _sync(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there, and need not be
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def writable() -> Iterator[None]:
    """Turn errors of the file system into `StoreError`, without the path: it is the user's own folder."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the folder of artifacts cannot be written: {error.strerror or type(error).__name__}",
            hint="free some space or name another folder, and harvest again",
        ) from None


def unfinished(folder: Path) -> Iterator[Path]:
    """The temporary files in an account's folder."""
    return folder.glob(f".*{PART}")


def _collected(results: list[tuple[_File, str | InterviewKitError | None, int]]) -> Collected:
    now = datetime.now(UTC)
    rows, files, retryable = [], {}, False
    for file, found, size in sorted(results, key=lambda result: result[0].position):
        if found is None:
            continue
        row = _row(file, now)
        if isinstance(found, str):
            row |= {"sha256": found, "size": size}
            if file.artifact.url is not None:
                files[file.artifact.url] = found
        else:
            row["error"] = _told(found)
            retryable = retryable or found.retryable
        rows.append(row)
    return Collected(rows=tuple(rows), files=files, retryable=retryable)


def _row(file: _File, now: datetime) -> dict[str, Any]:
    artifact = file.artifact
    return {
        "position": file.position,
        "kind": artifact.kind.value,
        "name": artifact.name,
        "media_type": artifact.media_type,
        "sha256": None,
        "size": None,
        "error": None,
        "fetched_at": now,
    }


def _told(error: InterviewKitError) -> str:
    """One line; an error of ours holds neither links nor people."""
    return f"{type(error).__name__}: {error.message.splitlines()[0] if error.message else 'no reason given'}"
