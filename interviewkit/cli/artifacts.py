"""The files beside a report, saved under names that tell nothing about the candidate."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from interviewkit.cli.exits import DONE, PARTLY
from interviewkit.cli.render import Screen
from interviewkit.errors import InterviewKitError, UnsupportedError
from interviewkit.model import Artifact, Report
from interviewkit.provider import InterviewProvider


async def save(provider: InterviewProvider, report: Report, folder: Path, screen: Screen) -> int:
    """Download what can be downloaded; what is a page for people is said, what fails makes the exit code 3."""
    _make(folder)
    found = [*report.artifacts, *(one for task in report.tasks for one in task.artifacts)]
    code = DONE
    with screen.bar() as bar:
        task = bar.add_task("files", total=len(found))
        for number, artifact in enumerate(found, 1):
            target = folder / file_name(artifact, number)
            try:
                size = await provider.download(artifact, target)
                screen.say(f"{target}: {size} bytes")
            except UnsupportedError as error:
                screen.warn(f"{artifact.kind}: {error.message}")
            except InterviewKitError as error:
                screen.fail(error)
                code = PARTLY
            except OSError as error:
                screen.fail(f"{target} cannot be written: {error.strerror or type(error).__name__}")
                code = PARTLY
            bar.advance(task)
    return code


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InterviewKitError(f"{folder} cannot be made: {error.strerror or type(error).__name__}") from None


def file_name(artifact: Artifact, number: int) -> str:
    """Number, kind and extension: `02-pdf.pdf`."""
    ending = mimetypes.guess_extension(artifact.media_type or "") or _ending(artifact.name)
    return f"{number:02d}-{artifact.kind.value}{ending}"


def _ending(name: str | None) -> str:
    suffix = Path(name).suffix if name else ""
    return suffix.lower() if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 6 else ""
