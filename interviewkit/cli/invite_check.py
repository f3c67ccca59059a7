"""Whether an earlier result may be gone on from: nothing of it is lost, and nobody in it is invited twice."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from interviewkit.cli.invite_result import TOLD_OF, State
from interviewkit.cli.invite_rows import MADE, RESULT, Row, Table, read, reference_of
from interviewkit.errors import InvalidArgumentError

if TYPE_CHECKING:
    from interviewkit.ledger import Journal, Operation

_NUMBER = re.compile("[0-9a-f]{32}")
_OTHER_FILE = "name another file with --result, or say --overwrite"


@attrs.frozen(kw_only=True)
class Checker:
    """Holds results against what one ledger knows."""

    journal: Journal
    account: str
    assessment: str | None
    asked: Mapping[str, Row] = attrs.field(repr=False)
    """The rows of the input, by their reference."""
    known: Mapping[str, Operation] = attrs.field(repr=False)
    """What the ledger knows of them, by reference."""

    async def ours(self, path: Path, table: Table, *, reference_column: str | None = None) -> Table:
        """A result that is the input, so that nothing is lost or done twice by going on from it.

        References that were made for another assessment, which invited nobody, give way to those for this one.
        Raises `InvalidArgumentError` that names the first line that was sent and is not known here.
        """
        others = await self._others(table.rows)
        for row in table.rows:
            if self._is_strange(row, others):
                raise _unreadable(path, row) or self._sent_before(path, row, others)
        elsewhere = self._elsewhere(others)
        if not elsewhere:
            return table
        return read(path, assessment=self.assessment, reference_column=reference_column, made_for=elsewhere)

    async def replaceable(self, path: Path) -> None:
        """See that a file that is there is the result of an earlier run over the same candidates.

        Raises `InvalidArgumentError`.
        """
        try:
            there = read(path, assessment=self.assessment)
        except InvalidArgumentError:
            raise _foreign(path) from None
        if not there.is_result:
            raise _foreign(path)
        others = await self._others(there.rows)
        for row in there.rows:
            if self._is_strange(row, others):
                raise _unreadable(path, row) or self._of_others(path, row, others)
        elsewhere = self._elsewhere(others)
        if elsewhere:
            there = read(path, assessment=self.assessment, made_for=elsewhere)
        if any(row.reference and row.reference not in self.asked for row in there.rows):
            raise _foreign(path)

    async def _others(self, rows: Sequence[Row]) -> dict[int, Operation]:
        """The operations of rows, by their lines, that are not those of this run."""
        found = {row.line: await self._other(row) for row in rows}
        return {line: one for line, one in found.items() if one is not None}

    async def _other(self, row: Row) -> Operation | None:
        ident, reference = row.before.get("operation_id", ""), row.reference or ""
        known = self.known.get(reference)
        if ident:
            is_other = (known is None or ident != known.id) and _NUMBER.fullmatch(ident)
            return await self.journal.get(ident) if is_other else None
        if known is not None or row.request is None or not reference.startswith(MADE):
            return None
        candidate = row.request.candidate  # a process that was killed may have left its number out of the result
        begun = await self.journal.find(account=self.account, reference=reference)
        return next((one for one in begun if reference == reference_of(one.assessment_id, candidate)), None)

    def _elsewhere(self, others: Mapping[int, Operation]) -> Collection[str | None]:
        """The assessments, but this one, that invited nobody of a result's rows."""
        return {one.assessment_id for one in others.values()} - {self.assessment}

    def _is_strange(self, row: Row, others: Mapping[int, Operation]) -> bool:
        """Whether a row was sent that is not known here."""
        found = self.known.get(row.reference or "")
        ref, ident = (row.before.get(name) for name in ("ref", "operation_id"))
        is_same = found is not None and ref in {"", found.ref} and ident in {"", found.id}
        return _was_sent(row, others) and not is_same

    def _sent_before(self, path: Path, row: Row, others: Mapping[int, Operation]) -> InvalidArgumentError:
        other = others.get(row.line)
        anew = f"take out the columns {', '.join(RESULT)}, if all are to be invited anew"
        if other is not None:
            return InvalidArgumentError(
                f"{path}: line {row.line} was sent before, {self._place(other)}; nothing was sent",
                hint=f"say the same to go on with it; or {anew}",
            )
        return InvalidArgumentError(
            f"{path}: line {row.line} was sent before, but this store knows nothing of it for this account and "
            "assessment; nothing was sent",
            hint=f"name the store, account and assessment of that run; take out who was erased since; or {anew}",
        )

    def _of_others(self, path: Path, row: Row, others: Mapping[int, Operation]) -> InvalidArgumentError:
        other = others.get(row.line)
        if other is None or (other.account, other.assessment_id) == (self.account, self.assessment):
            return _foreign(path)
        return InvalidArgumentError(
            f"{path} is there, and its line {row.line} was sent {self._place(other)}; nothing was sent",
            hint=_OTHER_FILE,
        )

    def _place(self, other: Operation) -> str:
        """In what an operation differs from what this run asks for."""
        if other.account != self.account:
            return f"by the account {other.account}"
        if other.assessment_id != self.assessment:
            return f"for assessment {other.assessment_id}" if other.assessment_id else "for no assessment"
        return "under another reference"


def is_taken(path: Path, source: Path) -> bool:
    """Whether a file is in the result's place that is not the input itself."""
    return path.exists() and path.resolve() != source.resolve()


def check_place(path: Path) -> None:
    """See that a result can have its place there. Raises `InvalidArgumentError`."""
    if path.is_dir():
        raise InvalidArgumentError(f"{path} is a folder", hint="name a file with --result")
    if not path.parent.is_dir():
        raise InvalidArgumentError(
            f"{path} cannot be written: there is no folder {path.parent}", hint="make it, or name another with --result"
        )


def _was_sent(row: Row, others: Mapping[int, Operation]) -> bool:
    """Whether somebody may have been invited by a row of a result."""
    ref, ident, state = (row.before.get(name, "") for name in ("ref", "operation_id", "state"))
    if ref or state in TOLD_OF:
        return True
    if state == State.REFUSED:
        return False  # who is refused is not invited, whatever its reference belongs to, and may be given another one
    if row.line in others:
        return others[row.line].state.value != "not_done"
    return bool(ident) and state != State.FAILED  # which says that nothing took effect


def _unreadable(path: Path, row: Row) -> InvalidArgumentError | None:
    if row.error is None:
        return None
    return InvalidArgumentError(
        f"{path}: line {row.line} was sent before, and {row.error.message}; nothing was sent", hint=row.error.hint
    )


def _foreign(path: Path) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{path} is there, and is not the result of these candidates; nothing was sent", hint=_OTHER_FILE
    )
