"""A provider's way to its vendor: hosts checked, credentials cleaned, one runner over one transport."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypedDict, TypeVar
from urllib.parse import urlsplit

import attrs

from interviewkit.errors import ConfigurationError, InvalidArgumentError
from interviewkit.http.credentials import Credential
from interviewkit.http.limits import Limiter, RateLimit, shared_limiter
from interviewkit.http.observe import Observer
from interviewkit.http.retry import RetryPolicy
from interviewkit.http.runner import Endpoint, Refuse, Runner, Sender
from interviewkit.http.wire import Call

if TYPE_CHECKING:
    import aiohttp

    from interviewkit.ledger import CommitModel, InviteLedger


T = TypeVar("T")


class Carrier(Sender, Protocol):
    """A transport: sends requests, streams files, and is closed with its provider."""

    def stream(
        self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int
    ) -> AbstractAsyncContextManager[tuple[int, Mapping[str, str], AsyncIterator[bytes]]]: ...

    async def aclose(self) -> None: ...


class Settings(TypedDict, total=False):
    """Keywords that every provider takes."""

    session: aiohttp.ClientSession | None
    """A borrowed session: its connector is used and left open."""
    account: str | None
    """The caller's label for this set of credentials."""
    timeout: float
    """Seconds for one call: attempts, pauses and reading."""
    retry: RetryPolicy
    limit: RateLimit | None
    """At most so many requests in any such window, shared by all with the same credentials; `None`: no limit, not even
    the vendor's published one."""
    limiter: Limiter | None
    """A limiter of the caller's own instead of the shared one."""
    max_response_bytes: int
    """The largest answer that is read, counted after decompression."""
    reconcile_timeout: float
    """Seconds to look, by reading, for what became of a write whose answer stayed away; it takes a ledger."""
    ledger: InviteLedger | None
    """What makes invitations and sessions happen once: every one is written down before it is sent."""
    commit_model: CommitModel | None
    """How long the vendor may be at a write whose answer stayed away; `None`: what is known of the vendor."""
    unsupported: Literal["raise", "warn"]
    """What happens to an instruction that the vendor cannot be told."""
    observers: Sequence[Observer]
    allow_http: bool
    """Allow plain `http` to hosts that are not loopback."""
    clock: Callable[[], float]
    """Seconds that never go back (`time.monotonic`)."""
    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]
    """A number from 0 to 1, for jitter."""
    transport: Carrier | None
    """What carries requests instead of aiohttp: scripted answers in tests (`interviewkit.testing.Scripted`)."""


class Changes(TypedDict, total=False):
    """What `with_options` may change."""

    timeout: float
    retry: RetryPolicy
    max_response_bytes: int
    observers: Sequence[Observer]
    limiters: Callable[[str, str, Limiter], Limiter]
    """Given a host's name, a fingerprint of its credentials and its limiter: the limiter to ask instead."""


def is_loopback(host: str | None) -> bool:
    """Whether a host name is this machine."""
    if not host:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_base_url(url: str, *, provider: str, allow_http: bool) -> str:
    """A base URL without its trailing slash. Raises `ConfigurationError` for one that would give a key away."""
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname, parts.port
    except (ValueError, AttributeError):
        raise ConfigurationError("base_url is not a URL", provider=provider) from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError(
            "base_url is not a URL", provider=provider, hint="write it like https://vendor.example"
        )
    text = url.strip()
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ConfigurationError("base_url holds letters that no URL has", provider=provider)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError("base_url holds a user, a query or a fragment", provider=provider)
    if parts.scheme == "http" and not (allow_http or is_loopback(host)):
        raise ConfigurationError(
            "base_url is plain http, which would show the key to everyone on the way",
            provider=provider,
            hint="use https, or allow_http=True where the network is trusted",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


@attrs.frozen(eq=False, kw_only=True)
class Host:
    """One host of a vendor as a provider configures it."""

    base_url: str
    credential: Credential
    limit: RateLimit | None = None
    """The vendor's published limit; `limit=` of the caller goes before it."""


class Connection:
    """Sends calls over a pooled transport that opens at the first one."""

    def __init__(self, runner: Runner, transport: Carrier, *, owner: bool) -> None:
        self.runner = runner
        self.transport = transport
        self._owner = owner

    @classmethod
    def open(cls, provider: str, hosts: Mapping[str, Host], refuse: Refuse, settings: Settings) -> Self:
        """Check the settings and get ready; nothing is sent. Raises `ConfigurationError`."""
        from interviewkit.http.transport import Transport

        _know(settings, provider)
        _check(settings, provider)
        limiter = settings.get("limiter")
        allow_http = settings.get("allow_http", False)
        endpoints = {
            name: Endpoint(
                check_base_url(host.base_url, provider=provider, allow_http=allow_http),
                host.credential,
                limiter
                or shared_limiter(f"{provider}:{host.credential.fingerprint}", settings.get("limit", host.limit)),
            )
            for name, host in hosts.items()
        }
        transport = settings.get("transport") or Transport(settings.get("session"))
        runner = Runner(
            provider=provider,
            account=settings.get("account") or provider,
            transport=transport,
            endpoints=endpoints,
            refuse=refuse,
            timeout=settings.get("timeout", 30.0),
            retry=settings.get("retry", RetryPolicy()),
            max_response_bytes=settings.get("max_response_bytes", 64 * 1024 * 1024),
            observers=tuple(settings.get("observers", ())),
            clock=settings.get("clock", time.monotonic),
            sleep=settings.get("sleep", asyncio.sleep),
            jitter=settings.get("random") or _jitter(),
        )
        return cls(runner, transport, owner=True)

    async def send(self, call: Call[T]) -> T:
        """Send one call. Raises what `Runner.send` raises, and `InvalidArgumentError` for another vendor's call."""
        if call.provider != self.runner.provider:
            raise InvalidArgumentError(
                f"a call of {call.provider} was given to {self.runner.provider}", provider=self.runner.provider,
                operation=call.operation, account=self.runner.account,
            )  # fmt: skip
        return await self.runner.send(call)

    def with_options(self, changes: Changes) -> Connection:
        """The same connections with other settings; closing the copy leaves them open."""
        unknown = set(changes) - set(Changes.__annotations__)
        if unknown:
            raise ConfigurationError(
                f"with_options cannot change {', '.join(sorted(unknown))}", provider=self.runner.provider
            )
        _check(changes, self.runner.provider)
        kept: dict[str, Any] = {**changes}
        limited = kept.pop("limiters", None)
        if limited is not None:
            kept["endpoints"] = {
                name: attrs.evolve(one, limiter=limited(name, one.credential.fingerprint, one.limiter))
                for name, one in self.runner.endpoints.items()
            }
        return Connection(attrs.evolve(self.runner, **kept), self.transport, owner=False)

    async def aclose(self) -> None:
        """Close what this connection opened."""
        if self._owner:
            await self.transport.aclose()


def _jitter() -> Callable[[], float]:
    import random

    return random.random


def _know(settings: Mapping[str, Any], provider: str) -> None:
    """Raise `ConfigurationError` for a keyword that nobody knows: a misspelt `timeout` must not be ignored."""
    unknown = sorted(set(settings) - set(Settings.__annotations__))
    if unknown:
        import difflib

        close = difflib.get_close_matches(unknown[0], Settings.__annotations__, n=1)
        raise ConfigurationError(
            f"no keyword is called {', '.join(unknown)}", provider=provider,
            hint=f"did you mean {close[0]}?" if close else f"known: {', '.join(Settings.__annotations__)}",
        )  # fmt: skip


def _check(settings: Mapping[str, Any], provider: str) -> None:
    """Raise `ConfigurationError` for a setting of the wrong kind, before it goes wrong in the middle of a call."""
    for name, (fits, wanted) in _KINDS.items():
        if name in settings and not fits(settings[name]):
            raise ConfigurationError(f"{name}= is {wanted}", provider=provider)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _limiter(value: Any) -> bool:
    return value is None or all(callable(getattr(value, name, None)) for name in ("take", "done", "give_back", "pause"))


def _observers(value: Any) -> bool:
    return isinstance(value, Sequence) and all(
        callable(getattr(one, name, None)) for one in value for name in ("on_request", "on_response")
    )


_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "account": (lambda value: value is None or (isinstance(value, str) and bool(value.strip())), "a label, as text"),
    "timeout": (_number, "a number of seconds above zero"),
    "reconcile_timeout": (_number, "a number of seconds above zero"),
    "ledger": (lambda value: value is None or callable(getattr(value, "resolve", None)), "an InviteLedger"),
    "commit_model": (lambda value: value is None or hasattr(value, "certain_after"), "a CommitModel"),
    "max_response_bytes": (lambda value: isinstance(value, int) and _number(value), "a whole number above zero"),
    "retry": (lambda value: isinstance(value, RetryPolicy), "a RetryPolicy"),
    "limit": (lambda value: value is None or isinstance(value, RateLimit), "a RateLimit"),
    "limiter": (_limiter, "a Limiter"),
    "limiters": (callable, "a function that gives a Limiter"),
    "observers": (_observers, "a list of Observers"),
    "allow_http": (lambda value: isinstance(value, bool), "True or False"),
    "clock": (callable, "a function that gives seconds"),
    "sleep": (callable, "a function that waits"),
    "random": (callable, "a function that gives a number from 0 to 1"),
}
