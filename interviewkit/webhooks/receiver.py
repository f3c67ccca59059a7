"""The receiver of webhooks: what a delivery is answered, what is kept of it, and what follows from it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import attrs

from interviewkit.capabilities import Feature, Support
from interviewkit.errors import ConfigurationError, InvalidArgumentError, StoreError
from interviewkit.harvest.intake import Intake
from interviewkit.harvest.journal import StoreJournal
from interviewkit.harvest.screening import Screen
from interviewkit.harvest.store import Store
from interviewkit.hub import Hub
from interviewkit.ledger import InviteLedger
from interviewkit.provider import InterviewProvider
from interviewkit.webhooks import accounts, paths, reading
from interviewkit.webhooks.answers import Answer, Verdict, answer
from interviewkit.webhooks.committing import GroupCommit
from interviewkit.webhooks.handling import Handler, OnEvent, logger
from interviewkit.webhooks.inbox import Inbox
from interviewkit.webhooks.locating import Locator
from interviewkit.webhooks.parsing import GivenHeaders
from interviewkit.webhooks.processing import Processing
from interviewkit.webhooks.schedule import Schedule

if TYPE_CHECKING:
    from aiohttp import web

    from interviewkit.webhooks.asgi import AsgiApp

MIB = 1024 * 1024
_LOOK = 0.02


@attrs.frozen(kw_only=True)
class ReceiverCounters:
    """What a receiver has done since it was made, in plain numbers; nothing here is about a person."""

    answers: Counter[tuple[str | None, str]]
    """(account, or `None` where the path is nobody's; a word of `Verdict`) → deliveries."""
    settled: Counter[tuple[str, str, str | None, str]]
    """(account, provider, event type, a word of `EventState` or "forgotten") → events."""
    retried: Counter[str]
    """Account → how often an event was put off by a failure."""
    lag: float
    """Seconds from arrival to the end of the event that was settled last."""
    in_flight: int
    """Events being processed."""
    is_processing: bool
    """See `WebhookReceiver.is_processing`."""


class WebhookReceiver:
    """Takes vendors' webhooks: stored before they are answered, fetched back before they are believed, delivered once.

    `secrets` are the accounts' path secrets, one or, while one is exchanged for another, several; `callback_url` uses
    the first. `tokens` sign the deliveries of an account whose vendor signs (Codility); without them an account's
    deliveries are taken unsigned. `base_url` and `prefix` are what stands before the accounts' paths. Events find the
    invitations that they belong to in `ledger`, the one that the providers write through; unless told, in that of the
    store. `fetch_back=False` believes the payload; `store_reports=False` keeps reports out of the harvest's tables.
    `on_event` is called with each event, at least once: once, unless a process dies. `concurrency` events are processed
    at a time; `max_scan_requests` requests an hour and account may go into looking for a session whose test is not
    known. `erasure_key` is the key of erased people, unless it is found in the environment or its file; `grace` are the
    seconds that events under way get when the receiver is closed; `schedule` says when failures are tried again.

    As an async context manager it processes events while it is open, those included that an earlier process left;
    `receive` works without that, too. Raises `ConfigurationError` for an unknown account, a secret that is too short, a
    vendor that sends no webhooks, and tokens where the vendor signs nothing.
    """

    def __init__(
        self, hub: Hub, store: Store, *, secrets: Mapping[str, str | Sequence[str]],
        tokens: Mapping[str, str | Sequence[str]] | None = None, base_url: str | None = None, prefix: str = "",
        ledger: InviteLedger | None = None, fetch_back: bool = True, store_reports: bool = True,
        on_event: OnEvent | Sequence[OnEvent] = (), max_body_bytes: int = 32 * MIB, concurrency: int = 4,
        max_scan_requests: int = 50, erasure_key: bytes | None = None, grace: float = 30.0,
        schedule: Schedule | None = None,
    ) -> None:  # fmt: skip
        _check_numbers(max_body_bytes=max_body_bytes, concurrency=concurrency, max_scan_requests=max_scan_requests)
        self._hub = hub
        self._store = store
        self._secrets = {account: accounts.several(given) for account, given in secrets.items()}
        self._tokens = {account: accounts.several(given) for account, given in (tokens or {}).items()}
        accounts.check(hub, self._secrets, self._tokens, fetch_back=fetch_back)
        self._doors = paths.Doors(self._secrets)
        self._base_url = paths.check_base_url(base_url)
        self._prefix = f"/{prefix.strip('/')}" if prefix.strip("/") else ""
        self._max_body_bytes = max_body_bytes
        self._grace = grace
        self._screen = Screen(store, erasure_key)
        self._inbox = Inbox(store, self._screen)
        self._commits = GroupCommit(self._inbox)
        self._answers: Counter[tuple[str | None, str]] = Counter()
        known = ledger or InviteLedger(StoreJournal(store))
        handler = Handler(
            hub=hub, locator=Locator(store, known, max_scan_requests=max_scan_requests),
            intake=Intake(store, self._screen), fetch_back=fetch_back, store_reports=store_reports,
            on_event=(on_event,) if callable(on_event) else tuple(on_event), schedule=schedule or Schedule(),
        )  # fmt: skip
        self._processing = Processing(
            self._inbox, handler, accounts=self.accounts, concurrency=concurrency, lease_seconds=store.lease_seconds
        )
        self._running: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<WebhookReceiver {', '.join(self._secrets)}>"

    @property
    def accounts(self) -> tuple[str, ...]:
        """The labels of the accounts whose webhooks are taken."""
        return tuple(self._secrets)

    @property
    def counters(self) -> ReceiverCounters:
        """What was done so far."""
        tally = self._processing.tally
        return ReceiverCounters(
            answers=Counter(self._answers), settled=Counter(tally.settled), retried=Counter(tally.retried),
            lag=tally.lag, in_flight=tally.in_flight, is_processing=self.is_processing,
        )  # fmt: skip

    # --- life ---

    @property
    def is_started(self) -> bool:
        """Whether it was started, and not closed since."""
        return self._running is not None

    @property
    def is_processing(self) -> bool:
        """Whether it processes events: false also when a bug or the store's end has ended that, which is logged.

        Deliveries are stored all the same; `start` begins anew.
        """
        return self._running is not None and not self._running.done()

    async def start(self) -> None:
        """Begin to process events. Raises `StoreError`; `ConfigurationError` when the key of erasures is missing."""
        if self.is_processing:
            raise InvalidArgumentError("this receiver is started already")
        await self._screen.prepare()
        self._running = asyncio.create_task(self._processing.run())
        self._running.add_done_callback(_say_why)
        self._store.accompany(self._running)

    async def aclose(self) -> None:
        """Finish the events under way, within `grace` seconds; the others are given back for the next process."""
        running, self._running = self._running, None
        self._processing.stop()
        if running is not None:
            await asyncio.wait([running], timeout=self._grace)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await self._commits.flush()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def idle(self, timeout: float | None = None) -> bool:
        """Wait until no event waits any more, also none that was put off; false when that takes longer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while await self._inbox.waiting(accounts=self.accounts):  # noqa: ASYNC110 - or in other processes
                    await asyncio.sleep(_LOOK)
                return True
        return False

    # --- deliveries ---

    async def receive(
        self, method: str, path: str, headers: GivenHeaders, body: AsyncIterable[bytes] | bytes
    ) -> Answer:
        """Take one request: whatever it holds, the answer says what became of it.

        `path` is percent-decoded, and begins below the place where the receiver is mounted. `body` is read only as far
        as it is wanted. A 2xx is answered once the event is stored for good. Raises `InvalidArgumentError` for
        arguments of a wrong type; what a body raises while it is read is raised here, with nothing stored.
        """
        door = self._doors.find(_text("path", path))
        verdict = Verdict.NOWHERE
        if door is not None and _text("method", method).upper() == "POST":
            try:
                verdict = await self._take(door, headers, body)
            except reading.TurnedAwayError as away:
                verdict = away.verdict
            except StoreError as error:
                logger.warning("a delivery for the account %s was not stored: %s", door.account, error)
                verdict = Verdict.UNAVAILABLE
        self._answers[None if verdict is Verdict.NOWHERE or door is None else door.account, verdict.value] += 1
        if verdict is Verdict.STORED:
            self._processing.wake()
        return answer(verdict)

    async def _take(self, door: paths.Door, headers: GivenHeaders, body: AsyncIterable[bytes] | bytes) -> Verdict:
        provider: InterviewProvider = self._hub[door.account]
        pairs = reading.pairs_of(headers)
        whole = await reading.read_body(pairs, body, most=self._max_body_bytes)
        tokens = self._tokens.get(door.account, ())
        return await self._commits.put(reading.arrival_of(provider, door, pairs, whole, tokens=tokens))

    # --- where to post ---

    def callback_url(self, account: str, *, reference: str | None = None) -> str:
        """The URL for the vendor's settings, or for the `callback_url=` of an invitation. It holds a secret.

        With `reference`, the URL is for the events of that invitation alone: an event about another session is refused
        there. A batch of invitations shares one URL, so leave it out there. Raises `ConfigurationError` without a
        `base_url`, `InvalidArgumentError` for an account without a secret and for a reference where the vendor has one
        URL for the whole account.
        """
        if account not in self._secrets:
            raise InvalidArgumentError(
                f"no webhooks are taken for the account {account!r}", hint=f"there are: {', '.join(self._secrets)}"
            )
        if self._base_url is None:
            raise ConfigurationError("without base_url= nobody knows where the receiver can be reached")
        if reference is not None:
            _text("reference", reference)
            if self._hub[account].capabilities[Feature.CALLBACK].support is Support.UNSUPPORTED:
                raise InvalidArgumentError(
                    f"the vendor of the account {account!r} has one URL for all sessions",
                    hint="leave reference= out, and paste the URL into the vendor's settings",
                )
        return f"{self._base_url}{self._prefix}{paths.path_of(account, self._secrets[account][0], reference)}"

    def application(self) -> web.Application:
        """An `aiohttp.web` application that takes every path below it: `app.add_subapp("/hooks", ...)`.

        It starts and closes the receiver with itself, unless that was started before.
        """
        from interviewkit.webhooks.web import application

        return application(self)

    def asgi(self) -> AsgiApp:
        """An ASGI application that takes every path below it: `app.mount("/hooks", ...)` in Starlette and FastAPI.

        As the server's own application it starts and closes the receiver by the lifespan protocol; frameworks tell
        mounted applications nothing of that: open the receiver in the lifespan of yours.
        """
        from interviewkit.webhooks.asgi import application

        return application(self)


def _check_numbers(**numbers: Any) -> None:
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigurationError(f"{name}= is a whole number from 1 on")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidArgumentError(f"{name} is text, not {type(value).__name__}")
    return value


def _say_why(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error(
            "processing events ended with %s: deliveries are stored, and wait until a receiver is started",
            type(error).__name__,
        )
