"""One file's way through one account: what is known of its rows before, while they are sent, and in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs
from rich.progress import Progress

from interviewkit.cli.invite_journal import NotedJournal, find
from interviewkit.cli.invite_rehearsal import Rehearsal
from interviewkit.cli.invite_result import Fate, State, of_operation, of_outcome, of_row
from interviewkit.cli.invite_rows import Row, Table
from interviewkit.cli.render import Screen
from interviewkit.errors import (
    AuthenticationError,
    ConfigurationError,
    InterviewKitError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    StoreError,
)
from interviewkit.ledger.operations import Intent
from interviewkit.model import InviteRequest
from interviewkit.provider import InterviewProvider

if TYPE_CHECKING:
    from interviewkit.ledger import InviteLedger, Operation

_OF_ALL = (AuthenticationError, PermissionDeniedError, QuotaExceededError, NotFoundError, StoreError)
"""What ends the run: every other row would meet it too. Who is not found is the assessment."""


@attrs.define(eq=False)
class Run:
    """One file's way through one account."""

    screen: Screen
    table: Table
    provider: InterviewProvider
    assessment: str | None
    shared: Mapping[str, Any]
    asked: dict[str, Row] = attrs.field(factory=dict)
    known: dict[str, Operation] = attrs.field(factory=dict)
    """What the ledger knew before, by reference."""
    fates: dict[int, Fate] = attrs.field(factory=dict)
    """What is known now, by line."""
    bar: Progress = attrs.field(init=False)
    told: set[int] = attrs.field(factory=set)
    """The lines whose outcome has come."""
    is_stopped: bool = False
    is_interrupted: bool = False
    ended_by: InterviewKitError | None = None
    broken: OSError | None = None
    """Nobody reads our lines any more."""

    def __attrs_post_init__(self) -> None:
        self.bar = self.screen.bar()

    @property
    def ledger(self) -> InviteLedger:
        """The ledger that the provider writes through. Raises `ConfigurationError` where it has none."""
        once = getattr(self.provider, "once", None)
        if once is None:
            raise ConfigurationError(
                f"{self.provider.name} keeps no ledger: invitations from a file could be doubled",
                hint="invite one by one, or ask the provider's author",
            )
        found: InviteLedger = once.ledger
        return found

    @property
    def is_rehearsal(self) -> bool:
        """Whether nothing is sent."""
        return isinstance(self.ledger.journal, Rehearsal)

    @property
    def noted(self) -> Mapping[str, Operation]:
        """What the ledger knows now of the rows that were begun, by reference."""
        journal = self.ledger.journal
        return journal.noted if isinstance(journal, NotedJournal) else {}

    async def prepare(self) -> None:
        """Check what all rows share, and look up what the ledger knows of them. Raises; then nothing was sent."""
        journal = self.ledger.journal
        async for _ in self.provider.invite_candidates(self.assessment, [], **self.shared):
            pass  # without a request, this only checks
        self.asked = self.table.asked()
        for reference in self.asked:
            known = await find(journal, Intent(
                account=self.provider.account, provider=self.provider.name, name="invite_candidate",
                assessment_id=self.assessment, reference=reference,
            ))  # fmt: skip
            if known is not None:
                self.known[reference] = known
        self.fates = {
            row.line: of_row(row) or of_operation(self.known.get(row.reference or "")) for row in self.table.rows
        }

    async def send(self, progressed: Callable[[], None]) -> None:
        """Invite whoever asks for it; begins nothing more when that makes no sense for the others."""
        for row in self.table.rows:
            if not row.is_asked:
                self._line(row)
        with self.bar as bar:
            task = bar.add_task("checking" if self.is_rehearsal else "inviting", total=len(self.asked))
            ends = Counter[State]()
            try:
                async for outcome in self.provider.invite_candidates(self.assessment, self._requests(), **self.shared):
                    row = self.asked[str(outcome.request.reference)]
                    made = outcome.invitation or outcome.error
                    assert made is not None  # noqa: S101 - an outcome is one of them
                    reference = str(row.reference)
                    fate = of_outcome(made, self.known.get(reference), self.noted.get(reference))
                    self._note(row, fate)
                    ends[fate.state] += 1
                    bar.update(task, advance=1, description=None if self.is_rehearsal else _counted(ends))
                    progressed()
            except InterviewKitError as error:
                self.ended_by = error

    def _requests(self) -> Iterator[InviteRequest]:
        for row in self.asked.values():
            if self.is_stopped:
                return
            assert row.request is not None  # noqa: S101 - it is asked
            yield row.request

    def interrupt(self) -> None:
        """Begin nothing new."""
        self.is_stopped = self.is_interrupted = True
        self.screen.say("finishing what is in flight; Ctrl-C once more ends at once")

    def leave(self) -> int:
        """Note how far the rows have come that are in flight, for a process that ends now; returns how many."""
        left = 0
        for reference, row in self.asked.items():
            noted = None if row.line in self.told else self.noted.get(reference)
            if noted is None:
                continue
            fate = of_operation(noted)
            if fate.state is State.ALREADY_INVITED and reference not in self.known:
                fate = attrs.evolve(fate, state=State.INVITED)
            self.fates[row.line] = fate
            left += not fate.is_good
        return left

    def _note(self, row: Row, fate: Fate) -> None:
        self.fates[row.line] = fate
        self.told.add(row.line)
        if isinstance(fate.error, _OF_ALL) and fate.state is not State.ALREADY_INVITED:
            self.is_stopped, self.ended_by = True, self.ended_by or fate.error
        self._line(row)

    def _line(self, row: Row) -> None:
        if not self.screen.as_json or self.broken is not None or self.is_rehearsal:
            return
        try:
            self.screen.line(self.fates[row.line].json(row))
        except OSError as error:  # whoever reads has seen enough, or the disk is full
            self.broken, self.is_stopped = error, True

    def counts(self) -> Counter[State]:
        """How many rows there are of each state."""
        return Counter(fate.state for fate in self.fates.values())

    def unsettled(self) -> list[Row]:
        """The rows that somebody has to look at."""
        wants_mail = bool(self.shared["email"])
        return [
            row for row in self.table.rows
            if not (fate := self.fates[row.line]).is_good
            or (wants_mail and fate.invitation is not None and fate.invitation.email_sent is not True)
        ]  # fmt: skip


def _counted(ends: Counter[State]) -> str:
    return ", ".join(f"{count} {state.word}" for state, count in ends.items())
