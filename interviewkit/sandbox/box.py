"""The sandbox itself: its vendors on loopback, the accounts that lead to them, and the hands that play candidate."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from .checks import NonsenseError, number, one_of, text
from .clock import VirtualClock
from .control import Control
from .deliveries import Delivery
from .faults import Fault
from .forgery import forged
from .site import Site
from .traffic import Commit, Violation
from .vendor import MANY, STAGES, Setup, Vendor
from .vendors import Vendors
from .webhooks import Webhooks

MIXED_FAULTS = (
    Fault.server_error(503),
    Fault.server_error(500, committed=True),
    Fault.rate_limited(1),
    Fault.reset(),
    Fault.reset(committed=True),
    Fault.truncated(),
)
LAST_PORT = 65_535


class Sandbox(Vendors):
    """All vendors of the table on loopback, stateful and seeded.

    `sessions` is the size of the base population, in about equal shares; it is made up when it is asked for, so
    100,000 start as fast as 30. `quirks` turns the oddities on that the vendors' documents show; `strict` answers 400
    to a parameter that no document names; `strict_limits` (with quirks unless told) holds Codility's 500 requests an
    hour; `list_lag` are the seconds by which CoderPad's lists are behind (its documents say: up to a minute), on the
    sandbox's clock; `index_lag` are the seconds of real time by which all lists are behind the writes, per vendor to
    be set by its `index_lag`; `callback_token` lets Codility sign its callbacks; `faults` is the share of requests, 0
    to 1, that fail in a mixed way; `port` is the first of the ports taken, free ones unless told. Raises `ValueError`
    for an argument that makes no sense, before anything listens.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        sessions: int = 30,
        quirks: bool = True,
        strict: bool = True,
        strict_limits: bool | None = None,
        list_lag: float = 0.0,
        index_lag: float = 0.0,
        callback_token: str | None = None,
        faults: float = 0.0,
        port: int = 0,
        clock: VirtualClock | None = None,
    ) -> None:
        number("sessions", sessions, 0, MANY, whole=True)
        number("faults", faults, 0, 1)
        if callback_token is not None:
            text("callback_token", callback_token)
        self.clock = clock or VirtualClock()
        self.violations: list[Violation] = []
        self.webhooks = Webhooks(clock=self.clock, seed=seed)
        super().__init__(
            lambda share: Setup(
                seed=seed,
                sessions=share,
                clock=self.clock,
                quirks=quirks,
                strict=strict,
                strict_limits=quirks if strict_limits is None else strict_limits,
                list_lag=list_lag,
                index_lag=index_lag,
                callback_token=callback_token,
                webhooks=self.webhooks,
                violations=self.violations,
            ),
            sessions,
        )
        self.control = Control(self)
        self._port = self._first_port(port)
        self._credentials: dict[str, dict[str, str]] = {}
        for vendor in self.vendors:
            for fault in MIXED_FAULTS if faults else ():
                vendor.fail(fault, route="/*", times=None, probability=faults / len(MIXED_FAULTS))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Listen on loopback, one port a site. Raises `OSError` that names the port which cannot be had."""
        try:
            for place, site in enumerate(self._sites):
                await _listen(site, self._port + place if self._port else 0)
        except BaseException:
            await self.close()
            raise
        self.webhooks.start()
        self._credentials = {vendor.name: vendor.credentials for vendor in self.vendors}

    async def close(self) -> None:
        """Stop listening, and end the deliveries that are on their way."""
        await self.webhooks.close()
        for site in reversed(self._sites):
            await site.close()

    @property
    def control_url(self) -> str:
        """The origin of the control routes, by which another process can play candidate."""
        return self.control.site.base_url

    @property
    def commits(self) -> list[Commit]:
        """All writes that took effect, oldest first."""
        return sorted((commit for vendor in self.vendors for commit in vendor.commits), key=lambda commit: commit.at)

    @property
    def accounts(self) -> dict[str, dict[str, str]]:
        """Label to keywords of a provider."""
        return {f"sandbox-{name}": {"provider": name, **keywords} for name, keywords in self._credentials.items()}

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables under which the providers find the sandbox."""
        return {
            variable: self._credentials[vendor.name][keyword]
            for vendor in self.vendors
            for variable, keyword in vendor.variables.items()
        }

    def config_toml(self) -> str:
        """The accounts as an interviewkit.toml whose secrets are references to the environment."""
        references = {
            (vendor.name, keyword): f"env:{variable}"
            for vendor in self.vendors
            for variable, keyword in vendor.variables.items()
            if keyword in vendor.secret_keywords
        }
        lines = []
        for label, keywords in self.accounts.items():
            lines.append(f"[accounts.{label}]")
            for keyword, value in keywords.items():
                lines.append(f'{keyword} = "{references.get((keywords["provider"], keyword), value)}"')
            lines.append("")
        return "\n".join(lines)

    def export_lines(self) -> str:
        """The shell lines that set the environment."""
        return "".join(f"export {name}='{value}'\n" for name, value in self.environment.items())

    @property
    def deliveries(self) -> list[Delivery]:
        """The last webhooks that left or should have left, oldest first."""
        return list(self.webhooks.deliveries)

    async def work(self, ref: Any = None, *, until: str = "evaluated", settle: bool = False) -> list[str]:
        """Let candidates act: start, submit, be evaluated; everyone of this run who has not finished, or just one.

        `ref` is a reference, an object with a `ref`, or a vendor's bare id. The vendors' webhooks leave at once; with
        `settle` they are answered, too, when the ids that were worked on come back. `LookupError` when nobody is
        known by that id, `ValueError` for a stage that is none.
        """
        if until not in STAGES:
            raise ValueError(f"until is one of {', '.join(STAGES)}")
        if ref is None:
            waiting = [(vendor, ident) for vendor in self.vendors for ident in list(vendor.touched)]
            worked = [ident for vendor, ident in waiting if vendor.work(ident, until)]
        else:
            worked = [self._handle(ref, lambda vendor, ident: vendor.work(ident, until))]
        if settle:
            await self.webhooks.settled()
        return worked

    async def forge(
        self,
        ref: Any = None,
        how: str = "made_up",
        *,
        vendor: str | None = None,
        event: str | None = None,
        url: str | None = None,
        other: Any = None,
    ) -> Delivery:
        """Post a webhook that no vendor sent, wrong in one respect (see `Forgery`), and wait for its answer.

        `ref` is the session whose URL and, but for a made-up one, whose content it has; `other` the one whose content
        it has for `how="other_session"`, any unless told. Without `ref` the `vendor` is told, and where no webhook of
        the account is set, the `url`. Raises `LookupError` for an unknown session, `ValueError` for what makes no
        sense.
        """
        if ref is None:
            one_of("vendor", vendor, [one.name for one in self.vendors])
            found, ident = getattr(self, str(vendor)), None
        else:
            found, ident = self._owner(ref)
        subject = None if other is None else self._locate(str(getattr(other, "ref", other)))[1]
        letter = forged(found, ident, how, event=event, url=url, other=subject)
        return (await self.webhooks.deliver([letter], forgery=how))[0]

    def remove(self, ref: Any) -> str:
        """Let a person delete a session in the vendor's own pages: lists lose it, and asking for it is a 404.

        `ref` as for `work`; the id comes back. `LookupError` when nobody is known by it.
        """
        return self._handle(ref, lambda vendor, ident: vendor.remove(ident))

    def touch(self, ref: Any) -> str:
        """Let a person change something of a session that the vendor's lists show, each time something else.

        CoderPad: title and notes. RemoteInterview: the verdict on who has finished, a tag and the name of who has not,
        a live pad's name. Codility: the similarity word once there is a result, before that the next step of the
        candidate, and the last name of who will never start. `ref` as for `work`; the id comes back. `LookupError`
        when nobody is known by it.
        """
        return self._handle(ref, lambda vendor, ident: vendor.touch(ident))

    def refs(self, vendor: str | None = None, *, organization: bool = False) -> Iterator[str]:
        """References of all sessions that there are now, as text, from the sandbox's own books.

        Of one vendor or of all; at CoderPad the pads of the key's user or, with `organization`, of everybody.
        """
        for one in self.vendors:
            if vendor in (None, one.name):
                yield from one.refs(organization=organization)

    @property
    def _sites(self) -> list[Site]:
        return [self.control.site, *(site for vendor in self.vendors for site in vendor.sites)]

    def _first_port(self, port: int) -> int:
        taken = len(self._sites)
        last = LAST_PORT - taken + 1
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= last:
            raise NonsenseError(f"port is 0, for free ones, or 1 to {last}: the sandbox takes {taken} in a row")
        return port

    def _handle(self, ref: Any, act: Callable[[Vendor, str], bool]) -> str:
        vendors, ident = self._locate(str(getattr(ref, "ref", ref)))
        if not any(act(vendor, ident) for vendor in vendors):
            raise LookupError("the sandbox knows no session by this id")
        return ident

    def _owner(self, ref: Any) -> tuple[Vendor, str]:
        """The vendor that sends webhooks about this session, and its id there."""
        vendors, ident = self._locate(str(getattr(ref, "ref", ref)))
        for vendor in vendors:
            with contextlib.suppress(LookupError, NotImplementedError):
                vendor.letter(ident, vendor.events[0] if vendor.events else "", "")
                return vendor, ident
        raise LookupError("no vendor sends webhooks about a session of this id")

    def _locate(self, text: str) -> tuple[tuple[Vendor, ...], str]:
        parts = text.split(":")
        named = tuple(vendor for vendor in self.vendors if vendor.name == parts[0])
        if len(parts) == 3 and named:
            return named, "/".join(unquote(part) for part in parts[2].split("/"))
        return self.vendors, text


async def _listen(site: Site, port: int) -> None:
    try:
        await site.start(port)
    except OSError as error:
        number = error.errno or 0
        raise OSError(number, f"port {port} of the sandbox cannot be had: {os.strerror(number)}") from error
