"""What `invite` with a file says: of its columns before it sends anything, and of its rows in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from interviewkit import registry
from interviewkit.cli.exits import DONE, FAILED, INTERRUPTED, PARTLY, code
from interviewkit.cli.invite_result import THERE, ResultFile, State
from interviewkit.cli.invite_rows import plain
from interviewkit.cli.invite_run import Run
from interviewkit.cli.render import person

_LINES = 20
"""Rows that are named one by one on stderr."""


def tell_before(run: Run, file: ResultFile) -> None:
    """What becomes of columns and rows that may be meant otherwise, and what this account cannot find out."""
    screen, table, provider = run.screen, run.table, run.provider
    carried = [one for one in table.carried if one not in file.renamed]
    if carried:
        would = "would be " if run.is_rehearsal else ""
        screen.say(f"note: {would}carried through to the result, and told to nobody: {', '.join(carried)}")
    for one in file.renamed:
        named = "would be called" if run.is_rehearsal else "is called"
        screen.say(f"note: the column {one} {named} input_{plain(one)} in the result")
    if table.made_references:
        rows = "1 row has" if table.made_references == 1 else f"{table.made_references} rows have"
        screen.say(f"note: {rows} no reference: the id stands for it, or a hash of assessment and e-mail")
    _tell_of_mailboxes(run)
    look_for = getattr(provider, "look_for", None)
    if look_for is None or look_for("invite_candidate") is None:
        can_agree = "marker" in (registry.keywords(type(provider)) or {})
        agree = ', or agree to a marker with marker = "notes" in the account\'s table' if can_agree else ""
        screen.say(
            f"note: {provider.account}: no list shows what became of an invitation whose answer is lost; such a row "
            f"stays unknown until `interviewkit ledger resolve` settles it{agree}"
        )


def _tell_of_mailboxes(run: Run) -> None:
    seen: dict[str, int] = {}
    both = "both would be invited" if run.is_rehearsal else "both are invited"
    for row in run.asked.values():
        mailbox = row.request and row.request.candidate.email
        first = seen.setdefault(mailbox.casefold(), row.line) if mailbox else row.line
        if first != row.line:
            run.screen.warn(f"line {row.line}: the mailbox of line {first} under another reference: {both}")


def show_rows(run: Run) -> None:
    """Every row with what would become of it."""
    if run.screen.as_json:
        for row in run.table.rows:
            run.screen.line({**run.fates[row.line].json(row), "dry_run": True})
        return
    columns = ("line", "reference", "candidate", "state")
    run.screen.table(
        columns,
        [
            (row.line, row.reference, row.request and person(row.request.candidate), _would(run.fates[row.line].state))
            for row in run.table.rows
        ],
        cut=(2, 1),
    )


def tell_after(run: Run, target: str) -> int:
    """Say what became of the file, whose result is in `target` or would be, and return the exit code."""
    counts, screen = run.counts(), run.screen
    unsettled = run.unsettled()
    if screen.as_json and run.broken is None:
        named = {state.value: counts[state] for state in State if counts[state]}
        screen.line({"summary": {
            **named, "result": None if run.is_rehearsal else target, "dry_run": run.is_rehearsal,
        }})  # fmt: skip
    _tell_of_failures(run)
    _tell_of_warnings(run)
    if run.is_rehearsal:
        screen.say(f"a dry run, nothing was sent: {_counted(counts, _would)}")
        screen.say(f"without --dry-run the result would go to {target}")
    else:
        if not screen.as_json:
            screen.say(_counted(counts, _is))
        screen.say(f"the result is in {target}{'; feed it in again to go on' if unsettled else ''}")
    if run.broken is not None:
        raise run.broken
    if run.is_interrupted:
        return INTERRUPTED
    if not unsettled:
        return DONE if run.ended_by is None else FAILED
    if any(counts[state] for state in THERE):
        return PARTLY
    return FAILED if run.ended_by is None else code(run.ended_by)


def tell_left(run: Run, count: int, source: str) -> None:
    """Say what a run leaves open that was ended at once, and how to go on: by feeding `source` in."""
    rows = "1 row was" if count == 1 else f"{count} rows were"
    run.bar.stop()  # it would stay on the screen
    if count:
        left, onward = f"{rows} in flight, and the ledger knows how far each came", ": it looks before it sends"
    else:
        left, onward = "nothing was in flight", ""
    run.screen.say(f"ended at once: {left}; to go on feed {source} in again{onward}")


def _counted(counts: Counter[State], word: Callable[[State], str]) -> str:
    return ", ".join(f"{counts[state]} {word(state)}" for state in State if counts[state]) or "nobody to invite"


def _is(state: State) -> str:
    return state.word


def _would(state: State) -> str:
    """What a dry run says of a state."""
    return "would look first" if state is State.UNKNOWN else state.word


def _tell_of_failures(run: Run) -> None:
    """The error that ended the run once, those of rows by their lines."""
    if run.ended_by is not None:
        run.screen.fail(run.ended_by, run.provider.account)
    fates = run.fates
    failed = [
        (row.line, error) for row in run.table.rows
        if (error := fates[row.line].error) is not None and not fates[row.line].is_good
        and type(error) is not type(run.ended_by)
    ]  # fmt: skip
    for line, error in failed[:_LINES]:
        run.screen.fail(error, f"line {line}")
    if len(failed) > _LINES:
        rehearsed = "the lines on standard output say why" if run.screen.as_json else "--json says why"
        where = rehearsed if run.is_rehearsal else "the result says why"
        run.screen.fail(f"{len(failed) - _LINES} rows more: {where}")


def _tell_of_warnings(run: Run) -> None:
    """Each warning once, with the first line that it is about."""
    lines: dict[str, list[int]] = {}
    for row in run.table.rows:
        for one in run.fates[row.line].warnings:
            lines.setdefault(f"{one.field}: {one.reason}", []).append(row.line)
    for text, found in lines.items():
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        run.screen.warn(f"line {found[0]}{more}: {text}")
