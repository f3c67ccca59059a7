"""`report` and `create`: one session at one account."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from interviewkit.cli import accounts, artifacts, render
from interviewkit.cli.accounts import COMMON, Common
from interviewkit.cli.exits import DONE
from interviewkit.cli.render import Screen
from interviewkit.cli.report_view import report_view
from interviewkit.errors import InterviewKitError
from interviewkit.model import Dropped, Invitation, Session
from interviewkit.serialize import dumps, to_json


async def report(
    ref: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    output: Path | None = None,
    artifacts_to: Annotated[Path | None, Parameter(name="--artifacts")] = None,
    common: Common = COMMON,
) -> int:
    """Fetch one report: shown in full at a terminal, one line of JSON elsewhere.

    Parameters
    ----------
    ref
        PROVIDER:KIND:ID as `sessions` shows it.
    output
        Write the report as JSON to this file instead.
    artifacts_to
        Download the files beside the report into this folder.
    """
    screen = Screen(as_json=common.json)
    async with accounts.opened(common) as hub:
        provider = accounts.the_one(hub) if len(hub) == 1 or ":" not in ref else hub.provider_for(ref)
        found = await provider.fetch_report(ref)
        if output is not None:
            _write(output, dumps(found) + "\n")
            screen.say(f"the report is in {output}")
        elif screen.as_json:
            screen.line(found)
        else:
            screen.show(report_view(found))
        if artifacts_to is not None:
            return await artifacts.save(provider, found, artifacts_to, screen)
    return DONE


async def create(
    *,
    title: str | None = None,
    language: str | None = None,
    template: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    notes: str | None = None,
    private: bool | None = None,
    reference: str | None = None,
    common: Common = COMMON,
) -> int:
    """Create a live session and show its links and access code.

    Parameters
    ----------
    title
        What the session is called.
    language
        The language that it starts with, in the vendor's word.
    template
        The id of the question or template it is made from.
    notes
        Notes that interviewers see.
    private
        Keep it from other interviewers of the account.
    reference
        Your own id for it, where the vendor has a place for one.
    """
    screen = Screen(as_json=common.json)
    async with accounts.opened(common) as hub:
        provider = accounts.the_one(hub)
        with writing(screen, "session"):
            made = await provider.create_session(
                title=title, language=language, template_id=template, notes=notes, private=private, reference=reference
            )
    show_made(screen, made, made.warnings, ("account", "ref", "status", "title", "candidate_url", "interviewer_url",
                                             "access_code", "playback_url"))  # fmt: skip
    return DONE


@contextlib.contextmanager
def writing(screen: Screen, what: str, *, is_noted: bool = False) -> Iterator[None]:
    """Say, when Ctrl-C falls into a write, that nobody knows whether it happened, or that a ledger does."""
    try:
        yield
    except asyncio.CancelledError:
        then = (
            "Repeat the same command: the ledger finds out" if is_noted
            else "Look with `interviewkit sessions` before you repeat it"
        )  # fmt: skip
        screen.warn(f"interrupted: the {what} may have been made. {then}")
        raise


def show_made(
    screen: Screen, made: Session | Invitation, warnings: tuple[Dropped, ...], shown: tuple[str, ...]
) -> None:
    """What a write made, with the links and codes that the user made it for."""
    if screen.as_json:
        screen.line(render.without(to_json(made), "raw"))
    else:
        rows = ((name.replace("_", " "), getattr(made, name)) for name in shown)
        screen.table(("", ""), (row for row in rows if row[1] is not None))
    for warning in warnings:
        screen.warn(f"{warning.field}: {warning.reason}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InterviewKitError(f"{path} cannot be written: {error.strerror or type(error).__name__}") from None
