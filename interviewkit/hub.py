"""Several accounts at several vendors as one object: listed side by side, reports routed by their reference."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Collection, Iterable, Iterator
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from interviewkit import config
from interviewkit.errors import ConfigurationError, InterviewKitError, InvalidArgumentError
from interviewkit.fanout import fan_out
from interviewkit.http.wire import Problem
from interviewkit.model import Assessment, Invitation, Ref, Report, ReportOutcome, Session, SessionKind, SessionRef
from interviewkit.model.arguments import check_arguments
from interviewkit.pager import Pager
from interviewkit.provider import InterviewProvider

if TYPE_CHECKING:
    from interviewkit.ledger import InviteLedger

T = TypeVar("T")


class Hub:
    """Providers under their account labels. An async context manager that closes them all.

    Raises `ConfigurationError` for what is no provider, and when two providers carry the same label.
    """

    def __init__(self, providers: Iterable[InterviewProvider]) -> None:
        self._providers: dict[str, InterviewProvider] = {}
        self._failures: dict[str, InterviewKitError] = {}
        self._problems: dict[str, list[Problem]] = {}
        for provider in _providers(providers):
            if provider.account in self._providers:
                raise ConfigurationError(
                    f"two providers carry the label {provider.account!r}", hint="give each its own account="
                )
            self._providers[provider.account] = provider

    @classmethod
    def from_config(
        cls, path: str | os.PathLike[str], *, only: Collection[str] | str = (), ledger: InviteLedger | None = None
    ) -> Self:
        """The accounts of a TOML file, or those that `only` names. Raises `ConfigurationError`.

        With a `ledger`, invitations and sessions happen once at all of them; it is left open.
        """
        return cls(_connected(config.load(path, only=_labels(only)), ledger))

    @classmethod
    def from_env(cls, *, ledger: InviteLedger | None = None) -> Self:
        """One account for each built-in provider whose environment variables are set; `ledger` as for `from_config`.

        Raises `ConfigurationError` that names the variables when none is set.
        """
        accounts = config.from_environment()
        if not accounts:
            raise ConfigurationError(
                "no account is configured in the environment", hint=f"set {config.WANTED_VARIABLES}"
            )
        return cls(_connected(accounts, ledger))

    def __repr__(self) -> str:
        return f"<Hub {', '.join(self._providers)}>"

    def __getitem__(self, label: str) -> InterviewProvider:
        found = self._providers.get(label)
        if found is None:
            raise InvalidArgumentError(
                f"no account {label!r}", hint=f"there are: {', '.join(self._providers) or 'none'}"
            )
        return found

    def __contains__(self, label: object) -> bool:
        return label in self._providers

    def __iter__(self) -> Iterator[InterviewProvider]:
        return iter(self._providers.values())

    def __len__(self) -> int:
        return len(self._providers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every provider, also when closing one fails; then raise what failed first."""
        ends = await asyncio.gather(*(provider.aclose() for provider in self), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    @property
    def labels(self) -> tuple[str, ...]:
        """The accounts' labels."""
        return tuple(self._providers)

    @property
    def failures(self) -> dict[str, InterviewKitError]:
        """What ended an account's part of the listing that was begun last: label → error."""
        return self._failures

    @property
    def problems(self) -> dict[str, list[Problem]]:
        """Rows of the listing that was begun last that could not be read: label → problems."""
        return self._problems

    def list_sessions(
        self,
        *,
        kind: SessionKind | None = None,
        assessment_id: str | None = None,
        updated_since: datetime | None = None,
        accounts: Collection[str] | str = (),
    ) -> Listing[Session]:
        """The sessions of all accounts (or of `accounts`), as they come in; see `Listing`.

        Raises `InvalidArgumentError` at once for a filter that is wrong for every vendor, and an unknown account.
        """
        _check("list_sessions", kind=kind, assessment_id=assessment_id, updated_since=updated_since)
        return self._list(
            lambda provider: provider.list_sessions(
                kind=kind, assessment_id=assessment_id, updated_since=updated_since
            ),
            accounts,
        )

    def list_assessments(
        self, *, include_archived: bool = False, accounts: Collection[str] | str = ()
    ) -> Listing[Assessment]:
        """The assessments of all accounts (or of `accounts`), as they come in; see `Listing`."""
        if not isinstance(include_archived, bool):
            raise InvalidArgumentError("include_archived is True or False", operation="list_assessments")
        return self._list(lambda provider: provider.list_assessments(include_archived=include_archived), accounts)

    def _list(self, ask: Callable[[InterviewProvider], Pager[T]], accounts: Collection[str]) -> Listing[T]:
        chosen = [self[label] for label in _labels(accounts)] if accounts else list(self)
        return Listing(chosen, ask, self._begin)

    def _begin(self, failures: dict[str, InterviewKitError], problems: dict[str, list[Problem]]) -> None:
        self._failures, self._problems = failures, problems

    def provider_for(self, ref: Ref, account: str | None = None) -> InterviewProvider:
        """The provider that a reference belongs to: by `account`, by the object's own account, or by its vendor.

        Raises `InvalidArgumentError` when no account fits, or when several do.
        """
        if account is not None:
            return self[account]
        vendor = reference(ref)
        if isinstance(vendor, str):
            raise InvalidArgumentError(
                "a bare id belongs to no account", hint="write PROVIDER:KIND:ID, or say account="
            )
        fitting = [provider for provider in self if provider.name == vendor.provider]
        if isinstance(ref, Session | Invitation):
            fitting = [provider for provider in fitting if provider.account == ref.account] or fitting
        if not fitting:
            raise InvalidArgumentError(
                f"no account at {vendor.provider}", hint=f"the accounts are: {', '.join(self._providers) or 'none'}"
            )
        if len(fitting) > 1:
            labels = ", ".join(provider.account for provider in fitting)
            raise InvalidArgumentError(
                f"the reference may belong to any of the accounts {labels}", hint="say which with account="
            )
        return fitting[0]

    async def fetch_report(self, ref: Ref, account: str | None = None) -> Report:
        """Read one report from the account that the reference belongs to.

        Raises `InvalidArgumentError` that names the accounts when several may be meant, and what the provider raises.
        """
        return await self.provider_for(ref, account).fetch_report(ref)

    async def fetch_reports(
        self,
        refs: Iterable[Ref] | AsyncIterable[Ref],
        *,
        account: str | None = None,
        concurrency: int = 8,
        patience: float | None = None,
    ) -> AsyncIterator[ReportOutcome]:
        """Fetch many reports of all accounts, `concurrency` at a time, each outcome as it is done.

        A reference that fails, also one that fits no account or several, is its outcome's `error`. Requests wait for
        each account's rate limiter as long as it takes, or for `patience` seconds. Raises `InvalidArgumentError` for an
        unknown `account`.
        """
        _check("fetch_reports", required=("refs",), refs=refs)
        if account is not None:
            self[account]

        async def fetch(ref: Ref) -> ReportOutcome:
            label = account or ""
            known: SessionRef | str = str(ref) if isinstance(ref, str) else "?"
            try:
                provider = self.provider_for(ref, account)
                label = provider.account
                report = await provider.fetch_report(ref)
                return ReportOutcome(ref=report.ref, account=label, report=report)
            except InterviewKitError as error:
                with contextlib.suppress(InvalidArgumentError):
                    known = reference(ref)
                return ReportOutcome(ref=known, account=label, error=error)

        async for outcome in fan_out(fetch, refs, concurrency=concurrency, patience=patience):
            yield outcome


def _providers(given: object) -> Iterator[InterviewProvider]:
    """What was given as providers, each seen to be one; an error names its type only, for text may be a key."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ConfigurationError(f"a hub is made of a list of providers, not of a {type(given).__name__}")
    for one in given:
        if isinstance(one, type) or not all(isinstance(getattr(one, name, None), str) for name in ("account", "name")):
            raise ConfigurationError(
                f"a hub holds providers, not a {one.__name__ if isinstance(one, type) else type(one).__name__}",
                hint="make them first: Hub([interviewkit.connect(NAME, account=LABEL, ...), ...])",
            )
        yield one


def _connected(accounts: Iterable[config.Account], ledger: InviteLedger | None) -> Iterator[InterviewProvider]:
    """The accounts' providers; `ledger=` is said only where there is one, since not every plugin takes it."""
    return (account.connect() if ledger is None else account.connect(ledger=ledger) for account in accounts)


def _labels(given: Collection[str] | str) -> Collection[str]:
    """Account labels; one alone may be plain text."""
    return (given,) if isinstance(given, str) and given else given


def _check(operation: str, *, required: tuple[str, ...] = (), **given: object) -> None:
    """Raise `InvalidArgumentError` for what no vendor could make sense of, not as each account's failure."""
    try:
        check_arguments(given, required=required)
    except InvalidArgumentError as error:
        raise error.locate(provider=None, operation=operation) from None


def reference(ref: Ref) -> SessionRef | str:
    """The reference that `ref` names; a bare id stays text. Raises `InvalidArgumentError` for what is none."""
    if isinstance(ref, Session | Invitation):
        return ref.ref
    if isinstance(ref, str):
        return SessionRef.parse(ref) if ":" in ref else ref
    if isinstance(ref, SessionRef):
        return ref
    raise InvalidArgumentError("a reference is a SessionRef, a Session, an Invitation or text")


class Listing(Generic[T]):
    """Rows of several accounts, read at the same time and yielded as they come: `async for item in listing`.

    A slow account holds up nobody, and no more pages wait to be read than there are accounts. What ends one
    account's part is in `failures`, rows that could not be read in `problems`, both by label; iterating anew resets
    them, and the hub shows those of the listing begun last.
    """

    def __init__(
        self,
        providers: list[InterviewProvider],
        ask: Callable[[InterviewProvider], Pager[T]],
        begin: Callable[[dict[str, InterviewKitError], dict[str, list[Problem]]], None],
    ) -> None:
        self._providers = providers
        self._ask = ask
        self._begin = begin
        self.failures: dict[str, InterviewKitError] = {}
        self.problems: dict[str, list[Problem]] = {}

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        self.failures, self.problems = {}, {}
        self._begin(self.failures, self.problems)
        pages: asyncio.Queue[tuple[T, ...] | None] = asyncio.Queue(maxsize=max(1, len(self._providers)))
        readers = [asyncio.ensure_future(self._read(provider, pages)) for provider in self._providers]
        open_accounts = len(readers)
        try:
            while open_accounts:
                items = await pages.get()
                if items is None:
                    open_accounts -= 1
                    continue
                for item in items:
                    yield item
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)

    async def collect(self, limit: int | None = None) -> list[T]:
        """All rows, or the first `limit`; failures stay apart."""
        if limit is not None and limit < 1:
            raise InvalidArgumentError("limit is at least 1")
        found: list[T] = []
        async with contextlib.aclosing(aiter(self)) as rows:
            async for item in rows:
                found.append(item)
                if limit is not None and len(found) >= limit:
                    break
        return found

    async def _read(self, provider: InterviewProvider, pages: asyncio.Queue[tuple[T, ...] | None]) -> None:
        label = provider.account
        try:
            async for page in self._ask(provider).pages():
                if page.problems:
                    self.problems.setdefault(label, []).extend(page.problems)
                await pages.put(page.items)
        except InterviewKitError as error:
            self.failures[label] = error.locate(provider=provider.name, operation=None, account=label)
        except Exception as error:  # noqa: BLE001 - a bug in one plugin must not end the other accounts' lists
            failure = InterviewKitError(
                f"the provider failed with {type(error).__name__}", provider=provider.name, account=label,
                hint="this is a bug in the provider: the cause is in the error's __cause__",
            )  # fmt: skip
            failure.__cause__ = error
            self.failures[label] = failure
        await pages.put(None)
