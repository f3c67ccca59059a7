"""Which accounts a command works with: a file's, the environment's, or a sandbox's."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import attrs
from cyclopts import Parameter

from interviewkit import config
from interviewkit.cli import sandboxed
from interviewkit.config import Account
from interviewkit.errors import ConfigurationError, InvalidArgumentError
from interviewkit.hub import Hub
from interviewkit.provider import InterviewProvider

if TYPE_CHECKING:
    from interviewkit.ledger import InviteLedger

T = TypeVar("T")
DEFAULT_FILE = Path("interviewkit.toml")


@Parameter(name="*", group="Accounts and output")
@attrs.frozen(kw_only=True)
class Common:
    """Options of every command that talks to vendors."""

    config: Annotated[
        Path | None, Parameter(help="Accounts file. Unless given: ./interviewkit.toml, else the environment.")
    ] = None
    sandbox: Annotated[
        bool,
        Parameter(
            negative="",
            help="Use a sandbox of the vendors, without any account: a new one for each command, gone with it. "
            "`interviewkit sandbox` serves one that stays.",
        ),
    ] = False
    account: Annotated[
        tuple[str, ...], Parameter(negative="", allow_leading_hyphen=True, help="Only this account; may be repeated.")
    ] = ()
    json: Annotated[bool, Parameter(negative="", help="JSON Lines instead of tables.")] = False


COMMON = Common()


@contextlib.asynccontextmanager
async def chosen(common: Common) -> AsyncIterator[tuple[Account, ...]]:
    """The accounts that the options mean. Raises `ConfigurationError`."""
    if common.sandbox:
        if common.config is not None:
            raise ConfigurationError("--sandbox and --config exclude each other")
        async with sandboxed.running() as box:
            yield _narrowed(box.accounts, common.account)
        return
    yield _configured(common)


@contextlib.asynccontextmanager
async def opened(common: Common) -> AsyncIterator[Hub]:
    """The accounts that the options mean, connected, and closed in the end. Raises `ConfigurationError`."""
    async with chosen(common) as found, connected(found) as hub:
        yield hub


@contextlib.asynccontextmanager
async def writer(
    common: Common, ledger: Callable[[], Awaitable[InviteLedger]] | None,
    first: Callable[[InterviewProvider], Awaitable[None]] | None = None,
) -> AsyncIterator[InterviewProvider]:  # fmt: skip
    """The one account that the options mean, connected; it writes through the ledger that is opened for it.

    `first` is done before the ledger is opened: when it raises, no store was made. Raises `ConfigurationError` and
    `InvalidArgumentError`, as a rule before the ledger is opened.
    """
    async with chosen(common) as found, contextlib.AsyncExitStack() as stack:
        account = _the_one(found, [one.label for one in found])
        if first is not None:
            async with account.connect() as reader:
                await first(reader)
        if ledger is None:
            provider = account.connect()
        else:
            provider = account.connect(ledger=await stack.enter_async_context(await ledger()))
        yield await stack.enter_async_context(provider)


def _configured(common: Common) -> tuple[Account, ...]:
    path = common.config or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    if path is not None:
        return config.load(path, only=common.account)
    accounts = config.from_environment()
    if not accounts:
        raise ConfigurationError(
            "no account is configured",
            hint=f"write interviewkit.toml, set {config.WANTED_VARIABLES}, or try --sandbox",
        )
    return _narrowed(accounts, common.account)


def connected(accounts: tuple[Account, ...]) -> Hub:
    """A hub over these accounts."""
    return Hub(account.connect() for account in accounts)


def _narrowed(accounts: tuple[Account, ...], labels: tuple[str, ...]) -> tuple[Account, ...]:
    known = [account.label for account in accounts]
    unknown = [label for label in labels if label not in known]
    if unknown:
        raise ConfigurationError(f"no account {', '.join(unknown)}", hint=f"there are: {', '.join(known)}")
    return tuple(account for account in accounts if not labels or account.label in labels)


def the_one(hub: Hub) -> InterviewProvider:
    """The only account. Raises `InvalidArgumentError` that names them all when there are several."""
    return _the_one(tuple(hub), hub.labels)


def _the_one(found: tuple[T, ...], labels: Sequence[str]) -> T:
    if len(found) != 1:
        raise InvalidArgumentError("this needs one account", hint=f"say --account with one of: {', '.join(labels)}")
    return found[0]
