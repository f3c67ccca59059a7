"""The files beside a report: which of them a harvest fetches, and how."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from interviewkit.capabilities import Feature, Support
from interviewkit.errors import InterviewKitError, UnsupportedError
from interviewkit.harvest.content import check_written, digest, folder_of, keep, make_folder, path_of, temporary
from interviewkit.model import Artifact, ArtifactKind, Report
from interviewkit.provider import InterviewProvider

__all__ = ["Artifacts", "Collected", "files_of", "folder_of", "path_of", "requests_of"]

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
        make_folder(folder, tidy=account not in self._tidied)
        self._tidied.add(account)

    async def _fetch(
        self, provider: InterviewProvider, artifact: Artifact, folder: Path,
        still: Callable[[], Awaitable[object]] | None,
    ) -> tuple[str | InterviewKitError | None, int]:  # fmt: skip
        """The file's SHA-256 and size, or why there is none; `None`: the vendor does not give it."""
        # The API's own calls are repeated by the provider; a host of files is asked again here.
        for left in reversed(range(1 if _is_request(artifact) else _ATTEMPTS)):
            with temporary(folder) as (file, part):
                try:
                    await provider.download(artifact, file)
                except UnsupportedError:
                    return None, 0
                except InterviewKitError as error:
                    check_written(file)
                    if not left or not error.retryable:
                        return error, 0
                except Exception as error:  # noqa: BLE001  # a provider of somebody else: one file ends nothing
                    check_written(file)
                    return InterviewKitError(f"the provider failed ({type(error).__name__})"), 0
                else:
                    check_written(file)
                    sha256, size = await asyncio.to_thread(digest, file)
                    if still is not None:
                        await still()
                    await asyncio.to_thread(keep, file, part, folder / sha256[:2] / sha256)
                    return sha256, size
            await self._sleep(0.5 * 2 ** (_ATTEMPTS - 1 - left))
        raise AssertionError("the last attempt returns")


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
