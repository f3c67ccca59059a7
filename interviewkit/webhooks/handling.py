"""One event, from the row to the callbacks: which session, what the vendor says of it, who is told."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import attrs

from interviewkit.errors import (
    BadEventError,
    ConfigurationError,
    InterviewKitError,
    InvalidArgumentError,
    InvalidRequestError,
    NotFoundError,
    StoreError,
)
from interviewkit.harvest.intake import Intake, Taken
from interviewkit.hub import Hub
from interviewkit.model import Report, WebhookEvent
from interviewkit.provider import InterviewProvider
from interviewkit.webhooks.locating import Locator
from interviewkit.webhooks.parsing import parse
from interviewkit.webhooks.rows import Claimed, EventState
from interviewkit.webhooks.scanning import NotYetError
from interviewkit.webhooks.schedule import Schedule

logger = logging.getLogger("interviewkit.webhooks")

OnEvent = Callable[[WebhookEvent], Awaitable[None]]


@attrs.frozen(kw_only=True)
class Ending:
    """How an event ended. `state` is `None` where nothing is to be kept of it: it is about an erased person."""

    state: EventState | None
    ref: str | None = attrs.field(default=None, repr=False)
    error: str | None = None


class PutOffError(Exception):
    """The event has to be processed again in so many seconds; with `is_failure`, since something failed."""

    def __init__(self, seconds: float, why: str, *, is_failure: bool = True) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.why = why
        self.is_failure = is_failure


class UnbelievedError(Exception):
    """The vendor does not know the session, or says something else of it."""


@attrs.frozen(kw_only=True, eq=False)
class Handler:
    """Does what there is to do about an event."""

    hub: Hub
    locator: Locator
    intake: Intake
    fetch_back: bool
    store_reports: bool
    on_event: Sequence[OnEvent]
    schedule: Schedule

    async def handle(self, one: Claimed, still_ours: Callable[[], bool]) -> Ending:
        """Process an event; `still_ours` is asked before each callback. Raises `PutOffError` and `StoreError`."""
        try:
            return await self._handle(one, still_ours)
        except (StoreError, PutOffError):
            raise
        except BadEventError as error:
            return Ending(state=EventState.UNREADABLE, error=error.message)
        except UnbelievedError as error:
            return Ending(state=EventState.REFUSED, error=str(error))
        except NotYetError as error:
            raise PutOffError(error.seconds, "the vendor's lists are yet to be read", is_failure=False) from None
        except InterviewKitError as error:
            if isinstance(error, ConfigurationError):
                logger.error("events of the account %s cannot be processed: %s", one.account, error)  # noqa: TRY400
            pause = self.schedule.pause(one.tries, error)
            raise PutOffError(pause, f"{type(error).__name__}: {error.message}") from None
        except Exception as error:  # noqa: BLE001 - a bug in one provider must not end the other accounts' events
            pause = self.schedule.pause(one.tries)
            raise PutOffError(pause, f"the provider failed with {type(error).__name__}") from None

    async def _handle(self, one: Claimed, still_ours: Callable[[], bool]) -> Ending:
        provider = self.hub[one.account]
        event = _read(provider, one)
        await self._await_invite(one, event)
        event = await self._believe(provider, one, event)
        if not await self._keep(provider, event):
            return Ending(state=None)
        for call in self.on_event:
            if not still_ours():
                raise StoreError("the event was held up too long, and others may have taken it over", retryable=True)
            await self._call(call, event, tries=one.tries)
        return Ending(state=EventState.DONE, ref=None if event.ref is None else str(event.ref))

    async def _await_invite(self, one: Claimed, event: WebhookEvent) -> None:
        """Put the event off while the answer of an invite that it may belong to has not come. Raises `PutOffError`."""
        age = one.age
        if age <= self.schedule.join_within and await self.locator.is_expected(one.account, event):
            pause = self.schedule.joining_pause(age)
            raise PutOffError(pause, "the invite's answer has not come yet", is_failure=False)

    async def _believe(self, provider: InterviewProvider, one: Claimed, event: WebhookEvent) -> WebhookEvent:
        """The event with what the vendor says. Raises `UnbelievedError` and what the provider raises."""
        if self.fetch_back:
            report = await self._fetch(provider, event, age=one.age, tries=one.tries)
            event = attrs.evolve(event, ref=report.ref, report=report, reference=report.session.reference)
        else:
            event = await self._complete(provider, one, event)
        if event.ref is None or event.reference is not None:
            return event
        operation = await self.locator.operation(one.account, event.ref)
        return event if operation is None else attrs.evolve(event, reference=operation.reference)

    async def _complete(self, provider: InterviewProvider, one: Claimed, event: WebhookEvent) -> WebhookEvent:
        """The event as it was delivered, with its whole reference where that is known without asking the vendor."""
        refs = await self.locator.known(provider, event)
        if event.ref is None and len(refs) == 1:
            event = event.with_ref(refs[0])
        report = event.report
        if report is None or report.fetched_at is not None:
            return event
        return attrs.evolve(event, report=attrs.evolve(report, fetched_at=one.received_at))

    async def _fetch(
        self, provider: InterviewProvider, event: WebhookEvent, *, age: float, tries: int
    ) -> Report:  # fmt: skip
        """The report of the session that the event means, as the vendor has it now."""
        reason, is_missing = "the vendor's lists show no session with this id", False
        async with contextlib.aclosing(self.locator.refs(provider, event, age=age)) as refs:
            async for ref in refs:
                asked = datetime.now(UTC)
                try:
                    report = await provider.fetch_report(ref)
                except (NotFoundError, InvalidRequestError, InvalidArgumentError) as error:
                    is_missing = isinstance(error, NotFoundError)
                    reason = f"the vendor does not know the session ({type(error).__name__})"
                    continue
                if _fits(event, report):
                    return attrs.evolve(report, fetched_at=asked)
                reason = "the vendor's report is of another candidate or invitation"
        if is_missing and age < self.schedule.missing_for:
            raise PutOffError(self.schedule.pause(tries), reason)
        raise UnbelievedError(reason)

    async def _keep(self, provider: InterviewProvider, event: WebhookEvent) -> bool:
        """Store the report where that is asked for; false when it is about a person who was erased."""
        report = event.report
        if report is None:
            return True
        if not self.store_reports or event.ref is None or report.fetched_at is None:
            return not await self.intake.is_erased(report)
        taken, _ = await self.intake.take(provider, report)
        return taken is not Taken.ERASED

    async def _call(self, call: OnEvent, event: WebhookEvent, *, tries: int) -> None:
        """Call back. Raises `PutOffError` when that fails: without the error's text, which may hold anything."""
        try:
            await call(event)
        except Exception as error:  # noqa: BLE001 - whatever the caller's own code raises
            name = getattr(call, "__qualname__", type(call).__name__)
            told = f"the callback {name} failed with {type(error).__name__}"
            logger.warning("%s", told)
            raise PutOffError(self.schedule.pause(tries), told) from None


def _read(provider: InterviewProvider, one: Claimed) -> WebhookEvent:
    """The event as it was delivered; whether it was signed was found out on arrival."""
    headers = json.loads(one.headers) if one.headers else []
    event = parse(provider, [(name, value) for name, value in headers], one.body)
    return attrs.evolve(event, is_verified=one.is_verified)


def _fits(event: WebhookEvent, report: Report) -> bool:
    """Whether a fetched report is of the session that the delivery describes, as far as both tell.

    RemoteInterview's ids are made of the mailbox: the same person has the same one in several tests.
    """
    is_meant = report.ref.id == event.session_id if event.ref is None else report.ref == event.ref
    if not is_meant:
        return False
    if event.reference is not None and report.session.reference != event.reference:
        return False
    told = None if event.report is None else event.report.session.created_at
    known = report.session.created_at
    return told is None or known is None or told == known
