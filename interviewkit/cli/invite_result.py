"""What became of the candidates of a file: the input's rows with the outcome beside them, in a file that is an input.

The result is written to a file of its own first and put in place whole, so that a killed process leaves the last one.
"""

from __future__ import annotations

import csv
import enum
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from interviewkit.cli.folders import unwritable
from interviewkit.cli.invite_rows import RESULT, Row, Table, as_written, plain
from interviewkit.cli.messages import told
from interviewkit.errors import (
    ConflictError,
    InterviewKitError,
    InvalidArgumentError,
    InvalidRequestError,
    Outcome,
    ReferenceConflictError,
    UnsupportedError,
)
from interviewkit.model import Dropped, Invitation
from interviewkit.serialize import to_json

if TYPE_CHECKING:
    from interviewkit.ledger import Operation

ENDING = ".result"
_REFUSALS = (
    ConflictError, InvalidArgumentError, InvalidRequestError, ReferenceConflictError, UnsupportedError
)  # fmt: skip
"""Asking again changes nothing."""


class State(enum.StrEnum):
    """What became of a row."""

    INVITED = "invited"
    ALREADY_INVITED = "already_invited"
    """An earlier run did it; nothing was sent."""
    FAILED = "failed"
    """It was not done this time; the next run tries again."""
    UNKNOWN = "unknown"
    """Nobody knows whether it was done; the next run looks first."""
    REFUSED = "refused"
    """It was not done, and will not be as it stands there."""
    DUPLICATE = "duplicate"
    """An earlier row of the file asks for the very same."""
    PENDING = "pending"
    """It was not tried yet."""
    WOULD_INVITE = "would_invite"
    """What a dry run says of what the next run sends."""

    @property
    def word(self) -> str:
        """It in words."""
        return self.value.replace("_", " ")


TOLD_OF = frozenset({State.INVITED, State.ALREADY_INVITED, State.UNKNOWN})
"""What tells of an invitation that there is or may be."""
THERE = frozenset({State.INVITED, State.ALREADY_INVITED, State.WOULD_INVITE})
"""There is an invitation, or would be."""
GOOD = frozenset({State.INVITED, State.ALREADY_INVITED, State.DUPLICATE, State.WOULD_INVITE})


@attrs.frozen(kw_only=True)
class Fate:
    """What is known of one row."""

    state: State
    invitation: Invitation | None = attrs.field(default=None, repr=False)
    error: InterviewKitError | None = None
    warnings: tuple[Dropped, ...] = ()
    operation_id: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether nobody has to look at it. What was done before and lost its answer was looked at then."""
        return self.state in GOOD and not (self.state is State.INVITED and self.error is not None)

    def cells(self) -> dict[str, str]:
        """It in `RESULT`'s columns."""
        made = self.invitation
        sent = None if made is None else made.email_sent
        found = {
            "state": self.state.value,
            "url": made and made.url,
            "ref": made and str(made.ref),
            "email_sent": None if sent is None else str(sent).lower(),
            "operation_id": self.operation_id or (self.error and self.error.operation_id),
            "error": self.error and told(self.error),
            "warnings": "; ".join(f"{one.field}: {one.reason}" for one in self.warnings),
        }
        return {name: found[name] or "" for name in RESULT}

    def json(self, row: Row) -> dict[str, Any]:
        """It as a line for a program."""
        values: dict[str, Any] = {name: cell or None for name, cell in self.cells().items()}
        return {"line": row.line, "reference": row.reference} | values | {
            "email_sent": None if self.invitation is None else self.invitation.email_sent,
            "error": self.error and {"error": type(self.error).__name__, "message": told(self.error)},
            "warnings": [to_json(one) for one in self.warnings],
        }  # fmt: skip


def of_row(row: Row) -> Fate | None:
    """What a row says of itself, where it asks for nothing."""
    if row.error is not None:
        return Fate(state=State.REFUSED, error=row.error)
    if row.same_as is not None:
        return Fate(
            state=State.DUPLICATE,
            warnings=(Dropped(field="duplicate", reason=f"line {row.same_as} asks for the same"),),
        )
    return None


def of_operation(known: Operation | None) -> Fate:
    """What the ledger knows before a run."""
    if known is None:
        return Fate(state=State.PENDING)
    states = {"done": State.ALREADY_INVITED, "sent": State.UNKNOWN, "unknown": State.UNKNOWN, "erased": State.REFUSED}
    result = known.read()
    invitation = result if isinstance(result, Invitation) else None
    return Fate(
        state=states.get(known.state.value, State.PENDING), invitation=invitation, operation_id=known.id,
        warnings=() if invitation is None else invitation.warnings,
    )  # fmt: skip


def of_outcome(
    outcome: Invitation | InterviewKitError, known: Operation | None, noted: Operation | None = None
) -> Fate:
    """What a run has come to, given what the ledger knew before, and knows now."""
    was_done = known is not None and known.state.value == "done"
    latest = noted or known
    ident = None if latest is None else latest.id
    if isinstance(outcome, Invitation):
        state = State.ALREADY_INVITED if was_done else State.INVITED
        return Fate(state=state, invitation=outcome, warnings=outcome.warnings, operation_id=ident)
    if outcome.outcome is Outcome.APPLIED:
        state = State.ALREADY_INVITED if was_done else State.INVITED
    elif outcome.outcome is Outcome.UNKNOWN:
        state = State.UNKNOWN
    else:
        state = State.REFUSED if isinstance(outcome, _REFUSALS) else State.FAILED
    return Fate(state=state, error=outcome, operation_id=outcome.operation_id or ident)


# --- the file ---


def place(source: Path) -> Path:
    """Where the result of a file goes unless told: beside it, or, where it is a result, in its place."""
    stem = source.stem.removesuffix(ENDING)
    return source.with_name(f"{stem}{ENDING}{source.suffix or '.csv'}")


class ResultFile:
    """Writes the result of one table."""

    def __init__(self, path: Path, table: Table, source: Path) -> None:
        self._path = path
        self._table = table
        self._source = source
        self._names = [plain(column) for column in table.columns]
        has_reference = "reference" in self._names
        self.added = RESULT if has_reference else ("reference", *RESULT)
        self.renamed = [] if table.is_result else [one for one in table.columns if plain(one) in RESULT]
        """Columns of the input that are called like the result's."""

    def clean(self) -> None:
        """Remove what killed processes left half written."""
        for left in self._path.parent.glob(f".{self._path.name}.*.part"):
            left.unlink(missing_ok=True)

    def save(self, fates: Mapping[int, Fate]) -> None:
        """Put the whole result in place; `fates` are those of the rows, by line. Raises `InterviewKitError`."""
        made: Path | None = None
        try:
            number, name = tempfile.mkstemp(prefix=f".{self._path.name}.", suffix=".part", dir=self._path.parent)
            made = Path(name)
            with os.fdopen(number, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                self._write(file, fates)
                file.flush()
                os.fsync(file.fileno())
            shutil.copymode(self._source, made)
            made.replace(self._path)
        except OSError as error:
            if made is not None:
                made.unlink(missing_ok=True)
            raise unwritable(self._path, error) from None

    def _write(self, file: Any, fates: Mapping[int, Fate]) -> None:
        table = self._table
        file.write(table.begins)
        writer = csv.writer(file, delimiter=table.delimiter, lineterminator=table.newline)
        head = [f"input_{plain(one)}" if one in self.renamed else one for one in table.columns]
        writer.writerow([*head, *self.added])
        for row in table.rows:
            made = (
                (row.reference or "") if row.is_asked else ""
            )  # whoever mends another row may change what it is made of
            told_of = {"reference": made} | fates[row.line].cells()
            own = [
                (made or cell) if word == "reference" else as_written(name, cell)
                for word, name, cell in zip(self._names, table.names, row.cells, strict=True)
            ]
            added = [as_written("" if name != "reference" else name, told_of[name]) for name in self.added]
            writer.writerow([*own, *added, *(as_written("", cell) for cell in row.surplus)])
