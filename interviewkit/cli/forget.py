"""`harvest forget`: erase candidates from a store, without a word of who they are."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from interviewkit.cli import stores
from interviewkit.cli.exits import DONE, FAILED
from interviewkit.cli.render import Screen
from interviewkit.errors import InvalidArgumentError

if TYPE_CHECKING:
    from interviewkit.harvest import Store
    from interviewkit.harvest.erase import Forgotten

OUT_OF_REACH = "Exports that were made, backups, and the vendors themselves are out of reach: erase there too."
_COUNTS = ("reports", "unreadable", "artifacts", "files", "operations", "webhooks")


async def forget(
    email: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    /,
    *,
    ref: Annotated[tuple[str, ...], Parameter(negative="", allow_leading_hyphen=True)] = (),
    store: stores.StoreURL = stores.DEFAULT,
    artifacts_in: Annotated[Path | None, Parameter(name="--artifacts")] = None,
    yes: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Erase candidates, or single sessions, from a store and its files; no later harvest brings them back.

    Parameters
    ----------
    email
        The candidates' e-mail addresses.
    ref
        A session, PROVIDER:KIND:ID; may be repeated.
    artifacts_in
        The folder of the files that the harvest fetched.
    yes
        Ask nothing.
    dry_run
        Say what would be erased, and erase nothing.
    json
        A line of JSON instead of text, with the sessions' references by account: what to delete in earlier exports.
    """
    if not email and not ref:
        raise InvalidArgumentError("nobody to forget was named", hint="give e-mail addresses, or sessions with --ref")
    if not (yes or dry_run or sys.stdin.isatty()):
        raise InvalidArgumentError("nobody can be asked whether this is meant", hint="say --yes, or --dry-run first")
    screen = Screen(as_json=json)
    people: list[dict[str, Any]] = [{"email": one} for one in email] + ([{"refs": ref}] if ref else [])
    async with await stores.existing(store) as opened:
        found = await _each(opened, people, artifacts_in, dry_run=True)
        if not yes and not dry_run:
            screen.say(_told(found, "there are"))
            if not _confirmed(screen):
                screen.say("nothing was erased")
                return FAILED
        if not dry_run:
            found = await _each(opened, people, artifacts_in, dry_run=False)
    if screen.as_json:
        counts = {name: _total(found, name) for name in _COUNTS}
        told = {"sessions": _sessions(found), "accounts": _accounts(found), **counts, "dry_run": dry_run}
        screen.line({**told, "refs": _refs(found)} if json else told)  # in a pipe alone, nobody has asked for them
    else:
        screen.say(_told(found, "there are" if dry_run else "erased:"))
    screen.say(OUT_OF_REACH)
    return DONE


async def _each(
    store: Store, people: Sequence[dict[str, Any]], folder: Path | None, *, dry_run: bool
) -> list[Forgotten]:
    from interviewkit.harvest.erase import forget as erase

    return [await erase(store, **person, artifacts=folder, dry_run=dry_run) for person in people]


def _confirmed(screen: Screen) -> bool:
    screen.err.print("Erase for good? [y/N] ", end="")
    screen.err.file.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _told(found: Sequence[Forgotten], verb: str) -> str:
    sessions, accounts = _sessions(found), _accounts(found)
    if not sessions and not accounts:
        return "the store knows no such person or session; a keyed hash keeps later harvests from bringing one"
    text = f"{verb} {sessions} session{'s' * (sessions != 1)} in {', '.join(accounts)}"
    files = _total(found, "files") or _total(found, "artifacts")
    text += f", {_total(found, 'reports')} reports and {files} files" if files else ""
    writes, webhooks = _total(found, "operations"), _total(found, "webhooks")
    text += f", {writes} invitation{'s' * (writes != 1)} in the ledger" if writes else ""
    text += f", {webhooks} webhook{'s' * (webhooks != 1)}" if webhooks else ""
    others = _total(found, "of_others")
    if others:
        text += f"; {others} of the reports name another candidate and hold the address"
    return text


def _sessions(found: Sequence[Forgotten]) -> int:
    return len({ref for one in found for ref in one.refs})


def _accounts(found: Sequence[Forgotten]) -> list[str]:
    return sorted({label for one in found for label in one.accounts})


def _refs(found: Sequence[Forgotten]) -> dict[str, list[str]]:
    return {
        label: sorted({ref for one in found for ref in one.refs_by_account.get(label, ())})
        for label in _accounts(found)
    }


def _total(found: Sequence[Forgotten], name: str) -> int:
    return sum(getattr(one, name) for one in found)
