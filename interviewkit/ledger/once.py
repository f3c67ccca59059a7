"""A provider's side of the ledger: an argument list becomes an intent, and a call becomes a write that happens once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import attrs

from interviewkit.errors import InterviewKitError, InvalidArgumentError
from interviewkit.ledger.invite_ledger import InviteLedger
from interviewkit.ledger.looking import Look, Pacing
from interviewkit.ledger.operations import CommitModel, Intent, Operation, OperationState, digest, hashed
from interviewkit.ledger.writing import R, Write, Writing
from interviewkit.model import Candidate, Dropped
from interviewkit.serialize import from_json, to_json

if TYPE_CHECKING:
    from interviewkit.http.connection import Connection, Settings


LONGEST_REFERENCE = 1000
"""Bytes: databases index no more than a few thousand."""


_RIVALS = 1_000_000
_MAY_BE_THERE = frozenset(OperationState) - {OperationState.NOT_DONE, OperationState.ERASED}


class LookingProvider(Protocol):
    """A provider that can look for what became of its writes."""

    name: str
    commit_times: ClassVar[Mapping[str, float]]

    @property
    def account(self) -> str: ...
    def look_for(self, name: str) -> Look | None: ...


class Once:
    """Writes once for one provider, in one ledger."""

    def __init__(self, provider: LookingProvider, ledger: InviteLedger, pacing: Pacing) -> None:
        self._provider = provider
        self.ledger = ledger
        self.pacing = pacing
        ledger.attach(self)

    @property
    def name(self) -> str:
        """The provider's name."""
        return self._provider.name

    @property
    def account(self) -> str:
        """The provider's account."""
        return self._provider.account

    def look_for(self, name: str) -> Look | None:
        """How the provider looks for what a method wrote."""
        return self._provider.look_for(name)

    def intent(
        self, name: str, *, assessment_id: str | None, reference: str | None, given: Mapping[str, Any],
        candidate: Candidate | None = None, subject: Sequence[str] | None = None,
        request: Mapping[str, Any] | None = None, leaves_at_once: bool = True,
    ) -> Intent:  # fmt: skip
        """What is asked for. `given` are the arguments by which a repeat with other data is told."""
        account = self.account
        if reference is not None and len(reference.encode("utf-8", "replace")) > LONGEST_REFERENCE:
            raise InvalidArgumentError(
                f"a ledger takes references of up to {LONGEST_REFERENCE} bytes", provider=self._provider.name,
                operation=name, account=account,
            )  # fmt: skip
        try:
            person = {} if candidate is None else to_json(candidate)
            json.dumps([person, request], allow_nan=False)
        except InvalidArgumentError as error:
            raise error.locate(provider=self._provider.name, operation=name, account=account) from None
        except (TypeError, ValueError, RecursionError):
            raise InvalidArgumentError(
                "a ledger keeps a candidate as JSON: attributes hold something else", provider=self._provider.name,
                operation=name, account=account,
            ) from None  # fmt: skip
        asked = {**person, "email": person["email"].strip().casefold()} if person.get("email") else person
        data = {f"candidate.{field}": value for field, value in asked.items()} | {
            field: to_json(value) if attrs.has(type(value)) else value for field, value in given.items()
        }
        return Intent(
            account=account, provider=self._provider.name, name=name, assessment_id=assessment_id, reference=reference,
            fields=hashed(account, data), request={**(request or {}), "candidate": person or None},
            subject=None if subject is None else digest(account, name, assessment_id, *subject),
            leaves_at_once=leaves_at_once,
        )  # fmt: skip

    async def write(
        self, intent: Intent, send: Callable[[Operation], Awaitable[R]], write: Write[R], *,
        warnings: tuple[Dropped, ...] = (),
    ) -> R:  # fmt: skip
        """Send one intent, unless it was before; raises what came instead of a result. `warnings` are the caller's."""

        async def send_one(operations: Sequence[Operation]) -> Sequence[R | InterviewKitError]:
            return [await send(one) for one in operations]

        def complete(result: R, _operation: Operation) -> R:
            return attrs.evolve(result, warnings=(*warnings, *result.warnings))

        return await self.writing(attrs.evolve(write, send=send_one, complete=complete)).one(intent)

    def write_many(
        self, intents: Sequence[Intent], write: Write[R]
    ) -> AsyncGenerator[tuple[Intent, R | InterviewKitError], None]:
        """Send many in one go, but for those that were sent before; outcomes as they are known."""
        return self.writing(write).many(intents)

    def writing(self, write: Write[R]) -> Writing[R]:
        """What carries a write out."""
        return Writing(self.ledger.hands, write, self.pacing)

    async def rivals(self, operation: Operation) -> tuple[frozenset[str], bool]:
        """What others wrote that lists cannot tell apart: the refs that came of it, and whether some fate is open."""
        if operation.subject is None:
            return frozenset(), False
        others = [
            one
            for one in await self.ledger.journal.find(subject=operation.subject, states=_MAY_BE_THERE, limit=_RIVALS)
            if one.id != operation.id
        ]
        return (
            frozenset(one.ref for one in others if one.ref is not None),
            any(one.ref is None for one in others),
        )


def start(provider: LookingProvider, connection: Connection | None, settings: Settings) -> Once:
    """A provider's side of the ledger in its settings, on the provider's own clock."""
    ledger = settings.get("ledger")
    assert ledger is not None  # noqa: S101
    pacing = Pacing(
        model=settings.get("commit_model") or CommitModel(**provider.commit_times),
        reconcile_timeout=settings.get("reconcile_timeout", 120.0),
        clock=time.monotonic if connection is None else connection.runner.clock,
        sleep=asyncio.sleep if connection is None else connection.runner.sleep,
        asks_before_it_leaves=connection is not None,
    )
    return Once(provider, ledger, pacing)


async def by_caller(_operations: Sequence[Operation]) -> Sequence[Any]:
    """Stands in for `Write.send` where each call brings its own."""
    raise AssertionError("each call brings its own")


def candidate_of(operation: Operation) -> Candidate | None:
    """The candidate that an operation is about."""
    found = operation.request.get("candidate")
    return None if found is None else from_json(found, Candidate)
