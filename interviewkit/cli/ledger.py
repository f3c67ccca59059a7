"""`ledger status` and `ledger resolve`: writes whose fate is open, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import attrs
from cyclopts import Parameter

from interviewkit.cli import accounts, stores
from interviewkit.cli.accounts import COMMON, Common
from interviewkit.cli.exits import DONE, FAILED, PARTLY, code
from interviewkit.cli.render import Screen
from interviewkit.errors import InterviewKitError, InvalidArgumentError

if TYPE_CHECKING:
    from interviewkit.ledger import InviteLedger, Operation

_COLUMNS = ("id", "account", "method", "assessment", "reference", "state", "since", "error")
_OPEN = ("intended", "sent", "unknown")
_SETTLED = ("done", "not_done")
_MOST = 100_000


async def ledger_status(
    *, store: stores.StoreURL = stores.DEFAULT, json: Annotated[bool, Parameter(negative="")] = False
) -> int:
    """Invitations and sessions of which it is open whether they were made. No vendor is asked.

    Parameters
    ----------
    json
        JSON Lines instead of a table.
    """
    from interviewkit.ledger import OperationState

    screen = Screen(as_json=json)
    async with await _existing(store) as ledger:
        found = await ledger.operations(states=[OperationState(one) for one in _OPEN], limit=_MOST)
    rows = [_row(one) for one in found]
    if screen.as_json:
        for row in rows:
            screen.line(row)
        return DONE
    if rows:
        screen.table(_COLUMNS, [tuple(row.values()) for row in rows], cut=(7, 3, 1, 4), drop=(7, 3))
    screen.say(f"{len(rows)} open" if rows else "nothing is open")
    return DONE


async def ledger_resolve(
    operation_id: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    /,
    *,
    happened: Literal["yes", "no"] | None = None,
    store: stores.StoreURL = stores.DEFAULT,
    common: Common = COMMON,
) -> int:
    """Look once more what became of a write, by reading the vendor's lists; or say it, where no list shows it.

    Parameters
    ----------
    operation_id
        The number that `ledger status`, an error or a result names; there may be several.
    happened
        Ask no vendor: yes, it was made; no, it was not, and the same reference may be used again.
    """
    if not operation_id:
        raise InvalidArgumentError(
            "nothing to settle was named", hint="`interviewkit ledger status` shows what is open"
        )
    screen = Screen(as_json=common.json)
    async with await _existing(store) as ledger:
        asked = [await _known(ledger, one, common.account) for one in operation_id]
        ends = [await _resolve(screen, ledger, one, happened, common) for one in asked]
    return max(ends) if len({*ends}) == 1 else PARTLY


async def _resolve(
    screen: Screen, ledger: InviteLedger, known: Operation, happened: str | None, common: Common
) -> int:  # fmt: skip
    try:
        if happened is not None:
            found = await ledger.resolve(known.id, happened=happened == "yes")
        else:
            narrowed = attrs.evolve(common, account=(known.account,))
            async with accounts.chosen(narrowed) as chosen, chosen[0].connect(ledger=ledger):
                found = await ledger.resolve(known.id)
    except InterviewKitError as error:
        screen.fail(error, known.id)
        return code(error)
    row = _row(found)
    if screen.as_json:
        screen.line({**row, "ref": found.ref})
    else:
        screen.table(
            ("", ""), [*((name, value) for name, value in row.items() if value is not None), ("ref", found.ref)]
        )
    if found.state.value in _SETTLED:
        return DONE
    screen.say(
        "somebody is at work on it" if found.holder else
        "no list shows it, or not yet: look at the vendor's pages, and say --happened yes or no"
    )  # fmt: skip
    return FAILED


async def _known(ledger: InviteLedger, operation_id: str, accounts_meant: tuple[str, ...]) -> Operation:
    found = await ledger.get(operation_id)
    if found is None:
        raise InvalidArgumentError(
            f"the store knows no operation {operation_id}",
            hint="`interviewkit ledger status` shows those that are open",
        )
    if accounts_meant and found.account not in accounts_meant:
        raise InvalidArgumentError(
            f"operation {operation_id} is of account {found.account}", hint="leave out --account, or say that one"
        )
    return found


def _row(one: Operation) -> dict[str, Any]:
    return {
        "id": one.id, "account": one.account, "method": one.name, "assessment": one.assessment_id,
        "reference": one.reference,
        "state": one.state.value, "since": one.settled_at or one.broke_at or one.started_at, "error": one.error,
    }  # fmt: skip


async def _existing(url: str) -> InviteLedger:
    """The ledger of a store that is there. Raises `ConfigurationError`; then nothing was made."""
    stores.check(url)
    from interviewkit.harvest.journal import StoreJournal
    from interviewkit.ledger import InviteLedger

    with stores.hinting("`interviewkit invite` makes one, from a file or with --store"):
        return InviteLedger(await StoreJournal.open(url, create=False))
