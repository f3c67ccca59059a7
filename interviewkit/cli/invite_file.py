"""`invite` with a file: many candidates, each invited once however often the file is fed in."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter

from interviewkit.cli import accounts, invite_rows, invite_view, signals, stores
from interviewkit.cli.accounts import Common
from interviewkit.cli.exits import INTERRUPTED
from interviewkit.cli.invite_check import Checker, check_place, is_taken
from interviewkit.cli.invite_journal import NotedLedger
from interviewkit.cli.invite_rehearsal import Rehearsal, rehearsal
from interviewkit.cli.invite_result import ResultFile, place
from interviewkit.cli.invite_run import Run
from interviewkit.cli.render import Screen
from interviewkit.errors import InterviewKitError, InvalidArgumentError, UnsupportedError
from interviewkit.provider import InterviewProvider

if TYPE_CHECKING:
    from interviewkit.ledger import InviteLedger

_SAVED_EVERY = 1.0
"""Seconds between two results on the disk, while outcomes come in."""


@Parameter(name="*", group="A file of candidates")
@attrs.frozen(kw_only=True)
class FileOptions:
    """Options of inviting from a file."""

    result: Annotated[
        Path | None, Parameter(help="Where the result goes: beside the file, as NAME.result.csv, unless given.")
    ] = None
    reference_column: Annotated[
        str | None, Parameter(help="The column that holds your own id for each invitation, if not `reference`.")
    ] = None
    overwrite: Annotated[
        bool, Parameter(negative="", help="Replace a result that is there and that this run does not go on from.")
    ] = False
    dry_run: Annotated[bool, Parameter(negative="", help="Check everything, and say what would be sent.")] = False

    @property
    def given(self) -> bool:
        """Whether any was given."""
        return self != NO_OPTIONS


NO_OPTIONS = FileOptions()


async def invite_file(
    path: Path, *, assessment: str | None, shared: Mapping[str, Any], store: str | None, options: FileOptions,
    common: Common,
) -> int:  # fmt: skip
    """Invite everybody in a file; `shared` are the arguments of `invite_candidates`. Returns the exit code."""
    screen = Screen(as_json=common.json)
    table = invite_rows.read(path, assessment=assessment, reference_column=options.reference_column)
    target = options.result or place(path)
    check_place(target)
    url = store or stores.DEFAULT
    stores.check(url)

    async def ledger() -> InviteLedger:
        return await (rehearsal(url) if options.dry_run else NotedLedger.open(url))

    async def first(provider: InterviewProvider) -> None:
        await _check_assessment(provider, assessment)

    async with accounts.writer(common, ledger, first) as provider:
        run = Run(screen, table, provider, assessment, shared)
        await run.prepare()
        if table.is_result:
            ours = await _checker(run).ours(path, table, reference_column=options.reference_column)
            if ours is not table:
                run = Run(screen, ours, provider, assessment, shared)
                await run.prepare()
        if not options.overwrite and is_taken(target, path):
            await _checker(run).replaceable(target)
        file = ResultFile(target, run.table, path)
        invite_view.tell_before(run, file)
        if options.dry_run:
            return await _rehearse(run, target)
        return await _carry_out(run, file, source=path, target=target)


def _checker(run: Run) -> Checker:
    return Checker(
        journal=run.ledger.journal, account=run.provider.account, assessment=run.assessment, asked=run.asked,
        known=run.known,
    )  # fmt: skip


async def _carry_out(run: Run, file: ResultFile, *, source: Path, target: Path) -> int:
    file.clean()
    file.save(run.fates)
    saved = time.monotonic()

    def save_now_and_then() -> None:
        nonlocal saved
        if time.monotonic() - saved >= _SAVED_EVERY:
            with contextlib.suppress(InterviewKitError):  # the last one says so
                file.save(run.fates)
            saved = time.monotonic()

    def end() -> None:
        left, onward = run.leave(), source
        with contextlib.suppress(InterviewKitError, OSError):
            file.save(run.fates)
            onward = target
        with contextlib.suppress(OSError):
            invite_view.tell_left(run, left, str(onward))
        os._exit(INTERRUPTED)  # the ledger is whole at any moment: the next run looks for what was in flight

    try:
        with signals.handled(run.interrupt, end):
            await run.send(save_now_and_then)
    finally:
        file.save(run.fates)
    return invite_view.tell_after(run, str(target))


async def _rehearse(run: Run, target: Path) -> int:
    journal = run.ledger.journal
    assert isinstance(journal, Rehearsal)  # noqa: S101 - `invite_file` made it so
    await run.send(lambda: None)
    for reference, row in run.asked.items():
        run.fates[row.line] = journal.told(run.fates[row.line], reference)
    invite_view.show_rows(run)
    return invite_view.tell_after(run, str(target))


async def _check_assessment(provider: InterviewProvider, assessment: str | None) -> None:
    """See that there is such an assessment, where the vendor lists them. Raises what listing raises."""
    if assessment is None:
        return
    with contextlib.suppress(UnsupportedError):
        async with contextlib.aclosing(aiter(provider.list_assessments(include_archived=True))) as found:
            async for one in found:
                if one.id == assessment:
                    return
        raise InvalidArgumentError(
            f"{provider.account} has no assessment {assessment}; nothing was sent",
            hint="`interviewkit assessments` shows the ids",
        )
