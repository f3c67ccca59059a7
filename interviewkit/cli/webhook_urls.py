"""`webhooks url`: the URLs that vendors are given, and whom a receiver works for."""

from __future__ import annotations

import contextlib
import secrets
import shlex
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter

from interviewkit import config, registry
from interviewkit.capabilities import Capabilities, Feature, Support
from interviewkit.cli import accounts, sandboxed
from interviewkit.cli.accounts import Common
from interviewkit.cli.exits import DONE
from interviewkit.cli.render import Screen
from interviewkit.config import WebhookSettings
from interviewkit.errors import ConfigurationError, InvalidArgumentError
from interviewkit.hub import Hub
from interviewkit.provider import InterviewProvider

MASK = "********"
_SECRET_BYTES = 24
_SIGNS = frozenset({"codility"})
"""Vendors of the sandbox that sign what they post, with a token."""


@attrs.frozen
class Setup:
    """Whom a receiver works for, with which secrets."""

    hub: Hub
    settings: WebhookSettings
    sandbox: sandboxed.Running | None = None


async def url(
    account: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    /,
    *,
    config_file: Annotated[Path | None, Parameter(name="--config")] = None,
    reference: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Print the URLs to give to the vendors. They hold secrets: who knows one can post to it.

    RemoteInterview takes its URL in Settings, Outgoing Webhooks; Codility with each invitation, as its callback URL.

    Parameters
    ----------
    account
        Only this account's.
    config_file
        File with [webhooks]; ./interviewkit.toml unless given.
    reference
        The URL for one candidate with your reference: what comes there about anybody else is refused.
    json
        JSON Lines instead of a table.
    """
    if reference is not None and account is None:
        raise InvalidArgumentError(
            "--reference needs an account", hint="interviewkit webhooks url ACCOUNT --reference R"
        )
    settings = config.load_webhooks(_file(config_file), only=() if account is None else (account,))
    screen = Screen(as_json=json)
    for label, whole in urls(settings, reference=reference).items():
        _check_tells(label, settings.providers[label])
        by_invite = _per_invite(settings.providers[label])
        if reference is not None and not by_invite:
            raise InvalidArgumentError(
                f"the vendor of account {label} has one URL for all sessions", hint="leave --reference out"
            )
        _show(screen, label, whole, "with each invitation" if by_invite else "in the vendor's settings")
    return DONE


def urls(settings: WebhookSettings, *, reference: str | None = None) -> dict[str, str]:
    """Each account's URL with its newest secret. Raises `ConfigurationError` for what will not do."""
    from interviewkit.webhooks.paths import check_base_url, check_secret, path_of

    base = check_base_url(settings.base_url) or ""
    return {
        label: base + path_of(label, check_secret(label, newest), reference)
        for label, (newest, *_older) in settings.secrets.items()
    }


def _check_tells(label: str, provider: str) -> None:
    """Raise `ConfigurationError` for an account whose vendor sends no webhooks."""
    found = getattr(registry.find(provider), "capabilities", None)
    if isinstance(found, Capabilities) and not found[Feature.WEBHOOKS]:
        raise ConfigurationError(
            f"the vendor of account {label} sends no webhooks", hint=f"remove [webhooks.accounts.{label}]"
        )


def _per_invite(provider: str) -> bool:
    """Whether the vendor takes a URL with each invitation, and not one for the whole account."""
    found = getattr(registry.find(provider), "capabilities", None)
    return not isinstance(found, Capabilities) or found[Feature.CALLBACK].support is not Support.UNSUPPORTED


def _show(screen: Screen, label: str, whole: str, where: str) -> None:
    """A URL that can be copied: on a line of its own, never folded or cut."""
    if screen.as_json:
        screen.line({"account": label, "url": whole, "given": where})
    else:
        screen.out.print(f"{label} ({where}):", soft_wrap=True)
        screen.out.print(whole, soft_wrap=True)


@contextlib.asynccontextmanager
async def opened(common: Common, listening: socket.socket) -> AsyncIterator[Setup]:
    """The accounts that vendors can tell of: the file's, or those of a sandbox with made-up secrets.

    Raises `ConfigurationError`.
    """
    if not common.sandbox:
        path = _file(common.config)
        settings = config.load_webhooks(path, only=common.account)
        async with accounts.connected(config.load(path, only=tuple(settings.secrets))) as hub:
            yield Setup(hub, settings)
        return
    if common.config is not None:
        raise ConfigurationError("--sandbox and --config exclude each other")
    from interviewkit.webhooks.serve import address

    async with sandboxed.running() as box, accounts.connected(box.accounts) as hub:
        chosen = [hub[label] for label in common.account or hub.labels]
        telling = {one.account: one.name for one in chosen if _tells(one)}
        if not telling:
            raise ConfigurationError("none of these accounts has webhooks")
        base_url = f"http://{address(*listening.getsockname()[:2])}"
        made_up = {label: (secrets.token_urlsafe(_SECRET_BYTES),) for label in telling}
        tokens = {label: (secrets.token_urlsafe(_SECRET_BYTES),) for label, name in telling.items() if name in _SIGNS}
        yield Setup(hub, WebhookSettings(base_url=base_url, secrets=made_up, tokens=tokens), box)


async def announce(screen: Screen, setup: Setup, *, url: str, admin_url: str, shown: bool) -> None:
    """Say where the receiver listens, and what vendors are to be given; the secrets only where that is wanted."""
    whole = urls(setup.settings)
    if setup.sandbox is not None:
        await _lead(setup.sandbox, setup.settings, whole)
    told = whole if shown or setup.sandbox is not None else {label: _masked(one) for label, one in whole.items()}
    if screen.as_json:
        screen.line({"url": url, "admin_url": admin_url, "accounts": told})
    else:
        for label, one in told.items():
            screen.out.print(f"{label}: {one}", soft_wrap=True)
    screen.say(f"listening at {url}, /health and /metrics at {admin_url}; Ctrl-C ends it")
    if setup.sandbox is not None:
        for line in _second_terminal(setup.sandbox, whole):
            screen.say(line)
    elif not shown:
        screen.say("`interviewkit webhooks url` shows the URLs whole, and so does --show-urls")


def _file(given: Path | None) -> Path:
    if given is None and not accounts.DEFAULT_FILE.exists():
        raise ConfigurationError(
            "webhooks need a file with their secrets", hint="write [webhooks] into interviewkit.toml"
        )
    return given or accounts.DEFAULT_FILE


def _tells(provider: InterviewProvider) -> bool:
    return provider.capabilities[Feature.WEBHOOKS].support is not Support.UNSUPPORTED


def _masked(url: str) -> str:
    return f"{url.rpartition('/')[0]}/{MASK}"


async def _lead(box: sandboxed.Running, settings: WebhookSettings, whole: Mapping[str, str]) -> None:
    """Tell the sandbox's vendors where to post and by which token to sign."""
    names = {one.label: one.provider for one in box.accounts}
    for label, one in whole.items():
        if names[label] == "remoteinterview":
            await box.control("POST", "/webhooks", {"vendor": "remoteinterview", "url": one})
    for token, *_older in settings.tokens.values():
        await box.control("POST", "/webhooks/settings", {"callback_token": token})


def _second_terminal(box: sandboxed.Running, whole: Mapping[str, str]) -> list[str]:
    """How somebody invites in this sandbox and lets the candidate work."""
    lines = [
        f"export {one.provider.upper()}_{keyword.upper()}={shlex.quote(value)}"
        for one in box.accounts
        for keyword, value in one.keywords.items()
        if isinstance(value, str)
    ]
    callback = next((one for label, one in whole.items() if label.endswith("codility")), "URL")
    return [
        "in another terminal, invite somebody and let them work:",
        *lines,
        "interviewkit assessments --account codility",
        f"interviewkit invite --account codility ASSESSMENT --email robin@example.com --callback-url {callback}",
        f"curl -X POST -H 'Content-Type: application/json' -d '{{}}' {box.control_url}/candidates/work",
        "interviewkit webhooks status",
    ]
