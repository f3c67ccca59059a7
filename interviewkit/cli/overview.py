"""`providers` and `check`: what vendors can do, and whether the accounts are good."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from interviewkit import registry
from interviewkit.capabilities import Capabilities, Feature
from interviewkit.cli import accounts, render
from interviewkit.cli.accounts import COMMON, Common
from interviewkit.cli.exits import DONE, PARTLY, verdict
from interviewkit.cli.render import Screen
from interviewkit.errors import ConfigurationError, InterviewKitError
from interviewkit.model import AccountStatus
from interviewkit.provider import InterviewProvider
from interviewkit.serialize import to_json


def providers(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """What each vendor can do: the capability matrix.

    Parameters
    ----------
    json
        JSON Lines instead of a table.
    """
    screen = Screen(as_json=json)
    matrix, broken = _matrix()
    if screen.as_json:
        offers = registry.entries()
        for name, declared in matrix.items():
            told = {feature.value: to_json(declared[feature]) for feature in Feature}
            screen.line({"provider": name, "package": offers[name][0].package, "capabilities": told})
    else:
        rows = ((feature, *(render.mark(one[feature].support) for one in matrix.values())) for feature in Feature)
        screen.table(("feature", *matrix), rows)
        screen.say("Notes and limits: interviewkit providers --json")
    for error in broken:
        screen.fail(error)
    return PARTLY if broken else DONE


def _matrix() -> tuple[dict[str, Capabilities], list[ConfigurationError]]:
    """What each usable provider's class declares, and what is wrong with the others."""
    matrix: dict[str, Capabilities] = {}
    broken: list[ConfigurationError] = []
    for name in registry.names():
        try:
            declared = getattr(registry.find(name), "capabilities", None)
        except ConfigurationError as error:
            broken.append(error)
            continue
        if isinstance(declared, Capabilities):
            matrix[name] = declared
        else:
            broken.append(ConfigurationError(f"the class of the provider {name} declares no capabilities"))
    return matrix, broken


async def check(*, common: Common = COMMON) -> int:
    """Ask each account, in one cheap request, whether its key is good and what is left of its plan."""
    screen = Screen(as_json=common.json)
    failures: dict[str, InterviewKitError] = {}

    async def ask(provider: InterviewProvider) -> AccountStatus | None:
        try:
            return await provider.check()
        except InterviewKitError as error:
            failures[provider.account] = error
            return None

    async with accounts.opened(common) as hub:
        found = dict(zip(hub, await asyncio.gather(*map(ask, hub)), strict=True))
    if screen.as_json:
        for provider, status in found.items():
            row = {"account": provider.account, "provider": provider.name}
            failure = failures.get(provider.account)
            screen.line(
                row | ({"ok": False, **to_json(failure)} if failure else render.without(to_json(status), "raw"))
            )
    else:
        columns = ("account", "provider", "ok", "used", "remaining", "limit", "level", "message")
        screen.table(columns, (_status_row(one, status) for one, status in found.items()), drop=(6, 1))
    bad = sum(1 for status in found.values() if status is None or not status.ok)
    return verdict(screen, failures, {}, accounts_asked=len(found), done=len(found) > bad, partly=bad > 0)


def _status_row(provider: InterviewProvider, status: AccountStatus | None) -> tuple[object, ...]:
    if status is None:
        return (provider.account, provider.name, False, None, None, None, None, None)
    limit = "unlimited" if status.unlimited else status.limit
    return (
        provider.account, provider.name, status.ok, status.used, status.remaining, limit, status.level, status.message,
    )  # fmt: skip
