"""A vendor of a few lines: what it is told to do with each write, what it did, and what its list shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import attrs

from interviewkit import (
    Candidate,
    CommitModel,
    InterviewKitError,
    Invitation,
    InviteLedger,
    Outcome,
    SessionKind,
    SessionRef,
    TransportError,
)
from interviewkit.ledger import Operation
from interviewkit.ledger.looking import Look, Pacing
from interviewkit.ledger.operations import Intent
from interviewkit.ledger.writing import Write, Writing

MODEL = CommitModel(commit_within=30.0, index_lag=30.0)


@attrs.define
class Time:
    """A clock that only sleeping moves."""

    now: float = 1000.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


class Vendor:
    """Commits writes by their reference. `script` says, attempt by attempt, how a send goes; then all go well."""

    name = "scripted"
    account = "acme"
    provider = "scripted"

    def __init__(self, ledger: InviteLedger | None = None, *, reconcile_timeout: float = 120.0) -> None:
        self.ledger = ledger or InviteLedger()
        self.time = Time()
        self.pacing = Pacing(
            model=MODEL, reconcile_timeout=reconcile_timeout, clock=self.time.clock, sleep=self.time.sleep
        )
        self.script: list[str | Callable[[], Awaitable[Any]]] = []
        self.sent: list[tuple[float, tuple[str, ...]]] = []
        self.committed: list[str] = []
        self.listed: list[str] = []
        self.looks: list[float] = []
        self.look_fails = 0
        self.cannot_tell = False
        self.can_look = True
        self.ledger.attach(self)

    # --- what a provider has ---

    def look_for(self, name: str) -> Look | None:
        return self.look if self.can_look else None

    async def send(self, operations: Sequence[Operation]) -> list[Invitation | InterviewKitError]:
        self.sent.append((self.time.now, tuple(str(one.reference) for one in operations)))
        return [await self._one(one) for one in operations]

    async def _one(self, operation: Operation) -> Invitation | InterviewKitError:
        step = self.script.pop(0) if self.script else "ok"
        if callable(step):
            await step()
            step = "ok"
        if step in {"ok", "lost answer", "hidden"}:
            self.committed.append(str(operation.reference))
        if step in {"ok", "lost answer"}:
            self.listed.append(str(operation.reference))
        if step == "ok":
            return invitation(str(operation.reference))
        return error_of(step)

    async def look(self, operations: Sequence[Operation]) -> dict[str, Invitation | None]:
        self.looks.append(self.time.now)
        if self.look_fails:
            self.look_fails -= 1
            raise TransportError("the list could not be read")
        if self.cannot_tell:
            return {one.id: None for one in operations}
        return {
            one.id: attrs.evolve(invitation(str(one.reference)), url=None)
            for one in operations
            if one.reference in self.listed
        }

    # --- what a caller does ---

    def intent(self, reference: str | None, email: str = "qa@example.com", **more: Any) -> Intent:
        more.setdefault("leaves_at_once", True)
        return Intent(
            account=self.account, provider=self.provider, name="invite_candidate", assessment_id="1",
            reference=reference, fields={"candidate.email": email}, request={"email": email}, **more,
        )  # fmt: skip

    def writing(self, **more: Any) -> Writing[Invitation]:
        write = Write(shape=Invitation, send=self.send, look=self.look_for("invite_candidate"), **more)
        return Writing(self.ledger.hands, write, self.pacing)

    async def invite(self, reference: str | None = "a-1", email: str = "qa@example.com", **more: Any) -> Invitation:
        return await self.writing(**more).one(self.intent(reference, email))


def invitation(reference: str) -> Invitation:
    return Invitation(
        ref=SessionRef(provider="scripted", kind=SessionKind.TAKE_HOME, id=f"S{reference}"), provider="scripted",
        account="acme", url=f"https://vendor.example/{reference}", candidate=Candidate(email="qa@example.com"),
        reference=reference, email_sent=False, raw={"id": f"S{reference}"},
    )  # fmt: skip


def error_of(step: str) -> InterviewKitError:
    outcome = {
        "lost answer": Outcome.UNKNOWN, "hidden": Outcome.UNKNOWN, "lost": Outcome.UNKNOWN, "refused": Outcome.REFUSED,
        "not sent": Outcome.NOT_SENT, "applied": Outcome.APPLIED,
    }[step]  # fmt: skip
    return TransportError(f"scripted: {step}", outcome=outcome)
