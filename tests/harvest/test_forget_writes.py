"""Erasing a person from the ledger and from the webhooks' inbox: nothing of them is left, and nothing is sent again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit.errors import ConfigurationError
from interviewkit.harvest import Store, schema
from interviewkit.harvest.addresses import addresses
from interviewkit.harvest.erase import forget
from interviewkit.harvest.erasures import VARIABLE, ErasureCheck
from interviewkit.harvest.journal import StoreJournal
from interviewkit.harvest.search import find
from interviewkit.ledger import Operation, OperationState
from interviewkit.ledger.operations import Intent, Standing, hashed

from .people import EMAIL, NAME, NOW, Filled, report_of, take_home, traces, vendor_id

KEY = bytes(range(32))
OTHER = "dagny.kestrel@example.org"
REF = str(take_home("A-1"))
SETTLED: dict[str, Any] = {"holder": None, "lease_until": None}


pytestmark = pytest.mark.usefixtures("config_home")


def intent(reference: str, email: str = EMAIL, *, account: str = "acme", **options: Any) -> Intent:
    return Intent(**{
        "account": account, "provider": "codility", "name": "invite_candidate", "assessment_id": "-Jr7",
        "reference": reference, "fields": hashed(account, {"candidate.name": NAME}),
        "request": {"candidate": {"email": email, "name": NAME}}, "subject": f"of {email}", **options,
    })  # fmt: skip


async def operation(filled: Filled, asked: Intent, state: OperationState, **changes: Any) -> Operation:
    """An operation that came so far."""
    journal = StoreJournal(filled.store)
    (made,) = await journal.claim([asked], holder="somebody", lease_seconds=30)
    assert made.operation is not None
    one = attrs.evolve(made.operation, state=state, **SETTLED, **changes)
    assert await journal.keep([one]) == {one.id}
    return one


async def done(filled: Filled, reference: str, result: Any, **changes: Any) -> Operation:
    return await operation(filled, intent(reference), OperationState.DONE, request={}, result=result, **changes)


async def webhook(filled: Filled, key: str, body: bytes | None = None, *, account: str = "acme", **values: Any) -> str:
    row = {
        "account": account, "dedupe_key": key, "provider": "remoteinterview", "type": "report", "state": "new",
        "is_verified": False, "body": body, "received_at": NOW, "copies": 1, "tries": 0, "fence": 0,
    }  # fmt: skip
    await filled.put(schema.webhook, {**row, **values})
    return key


async def fill(filled: Filled) -> tuple[set[str], set[str]]:
    """The person in both tables and in every form, others beside them; the ids of the operations of both."""
    escaped = EMAIL.replace("@", "\\u0040")
    mine = [
        await operation(filled, intent("r-1"), OperationState.UNKNOWN, baseline=[vendor_id(EMAIL)]),
        await operation(filled, intent("r-2", request={}), OperationState.NOT_DONE, error=f"refused {EMAIL}"),
        await done(filled, "r-3", {"candidate": {"email": EMAIL.upper(), "name": NAME}}, ref=REF),
        await done(filled, "r-4", {"raw": {"body": f"line\n{json.dumps({'to': EMAIL})}"}}),
        await done(filled, "r-5", {}, ref=str(take_home(vendor_id(EMAIL), provider="remoteinterview", parent="-T"))),
        await done(filled, EMAIL, {"candidate": None}),
        await operation(filled, intent("r-1", account="writes"), OperationState.SENT),
    ]
    await webhook(filled, "1", f'{{"data": {{"email": "{escaped}", "name": "{NAME}"}}}}'.encode())
    await webhook(filled, "2", json.dumps({"session": vendor_id(EMAIL)}).encode(), account="events", state="unreadable")
    await webhook(filled, "3", ref=REF, state="done")
    await webhook(filled, "4", headers=json.dumps({"reply-to": EMAIL}), reference="c-4")
    await webhook(filled, "7", reference=EMAIL)
    await webhook(filled, "8", error=f"no such test: {vendor_id(EMAIL)}")
    await webhook(filled, "5", json.dumps({"candidate": {"email": OTHER}}).encode(), ref=str(take_home("B-1")))
    await webhook(filled, "6", b'{"half": "\xff', account="events")
    others = [
        await operation(filled, intent("r-9", OTHER), OperationState.UNKNOWN, baseline=[vendor_id(OTHER)]),
        await operation(filled, intent("r-3", OTHER, account="second"), OperationState.DONE, result={"a": 1}, ref=REF),
    ]
    return {one.id for one in mine}, {one.id for one in others}


async def by_id(filled: Filled) -> dict[str, dict[str, Any]]:
    return {row["id"]: dict(row) for row in await filled.rows(schema.operation)}


async def webhooks(filled: Filled) -> set[str]:
    return {row["dedupe_key"] for row in await filled.rows(schema.webhook)}


# --- what is left ---


async def test_no_byte_of_the_person_is_left_in_the_data_folder(filled: Filled, data: Path) -> None:
    await fill(filled)
    words = (EMAIL, NAME, vendor_id(EMAIL))
    before = traces(data, *words)
    assert {name for name, _form in before} >= {"store.db-wal"}
    assert len({form for _name, form in before}) > 4
    gone = await forget(filled.store, email=EMAIL, key=KEY)
    assert {(name, form) for name, form in traces(data, *words) if form != NAME.encode()} == set()
    assert (gone.operations, gone.webhooks, gone.accounts) == (7, 6, ("acme", "events", "writes"))
    await forget(filled.store, email=OTHER, key=KEY)
    assert traces(data, *words, OTHER) == set()


async def test_postgresql_keeps_no_byte_in_its_tables_files(data: Path, postgres: Any, postgres_url: str) -> None:
    async with await Store.open(postgres_url) as store:
        await fill(Filled(store, data / "files"))
        name = postgres_url.rpartition("/")[2]
        postgres.execute("ANALYZE", database=name)
        ((number,),) = postgres.execute("SELECT oid FROM pg_database WHERE datname = current_database()", database=name)
        folder = postgres._data / "base" / str(number)
        postgres.execute("CHECKPOINT")
        assert traces(folder, EMAIL)
        await forget(store, email=EMAIL, key=KEY)
        postgres.execute("CHECKPOINT")
        assert traces(folder, EMAIL, vendor_id(EMAIL)) == set()


async def test_of_an_operation_what_refuses_a_repeat_stays(either: Filled) -> None:
    mine, others = await fill(either)
    before = await by_id(either)
    gone = await forget(either.store, email=EMAIL, key=KEY)
    assert REF in gone.refs
    after = await by_id(either)
    assert {ident: after[ident] for ident in others} == {ident: before[ident] for ident in others}
    kept = ("id", "key", "account", "provider", "name", "assessment_id", "attempts", "started_at", "broke_at")
    for ident in mine:
        row = {name: value for name, value in after[ident].items() if value is not None}
        assert {name: row.pop(name, None) for name in kept} == {name: before[ident][name] for name in kept}
        row.pop("settled_at", None)
        assert row == {"state": "erased", "fields": "{}", "fence": before[ident]["fence"] + 1}
    assert await webhooks(either) == {"5", "6"}
    again = await forget(either.store, email=EMAIL, key=KEY)
    assert (again.operations, again.webhooks, again.accounts) == (0, 0, ())


async def test_a_repeat_is_refused_and_another_reference_is_not(either: Filled) -> None:
    await fill(either)
    await forget(either.store, email=EMAIL, key=KEY)
    asked = [intent("r-1"), intent(EMAIL), intent("r-2", OTHER), intent("r-7")]
    claims = await StoreJournal(either.store).claim(asked, holder="me", lease_seconds=30)
    assert [one.standing for one in claims] == [*[Standing.ERASED] * 3, Standing.NEW]


async def test_whoever_is_at_the_invitation_keeps_nothing_of_it(either: Filled) -> None:
    journal = StoreJournal(either.store)
    (made,) = await journal.claim([intent("r-1")], holder="me", lease_seconds=30)
    assert made.operation is not None
    await forget(either.store, email=EMAIL, key=KEY)
    late = attrs.evolve(made.operation, state=OperationState.DONE, result={"candidate": {"email": EMAIL}})
    assert await journal.keep([late]) == await journal.renew([late], lease_seconds=30) == set()
    known = await journal.get(late.id)
    assert known is not None
    assert (known.state, known.result, known.holder) == (OperationState.ERASED, None, None)
    assert (await journal.take(late.id, holder="me", lease_seconds=30)).standing is Standing.ERASED  # type: ignore[union-attr]


# --- what is found ---


@pytest.mark.parametrize(
    ("invited", "asked"),
    [(EMAIL, EMAIL), (EMAIL, f" {EMAIL}\n"), (EMAIL.lower(), EMAIL), (EMAIL.lower(), EMAIL.upper())],
)
async def test_an_operation_that_knows_only_a_hash_of_the_address_is_found(
    filled: Filled, invited: str, asked: str
) -> None:
    for reference, email in (("r-1", invited), ("r-2", OTHER)):
        fields = hashed("acme", {"candidate.email": email, "candidate.name": NAME})
        await done(filled, reference, {"candidate": None}, fields=fields)
    assert (await forget(filled.store, email=asked, key=KEY)).operations == 1


async def test_what_the_ledger_knows_of_a_session_leads_to_its_report_and_back(either: Filled) -> None:
    await either.report(report_of(take_home("A-1"), name="Somebody"))
    await done(either, "r-1", {"candidate": {"email": EMAIL}}, ref=REF)
    await either.report(report_of(take_home("A-2"), email=EMAIL))
    nameless = intent("r-2", fields={}, request={})
    await operation(either, nameless, OperationState.DONE, result={"url": "x"}, ref=str(take_home("A-2")))
    gone = await forget(either.store, email=EMAIL, key=KEY)
    assert (gone.reports, gone.operations) == (2, 2)
    assert set(gone.refs) == {REF, str(take_home("A-2"))}
    assert await either.refs() == set()


async def test_single_sessions_are_erased_with_their_webhooks_and_operations(either: Filled) -> None:
    ref = take_home("zx81-spectrum", provider="remoteinterview", parent="-T")
    await operation(either, intent("r-1", OTHER), OperationState.DONE, ref=str(ref))
    await operation(either, intent("r-2", OTHER), OperationState.DONE, ref=REF)
    await webhook(either, "named", ref=str(ref))
    await webhook(either, "unjoined", b'{"data": {"id": "zx81-spectrum"}}')
    await webhook(either, "joined", b'{"of": "zx81-spectrum"}', ref=REF)
    await webhook(either, "other", b'{"data": {"id": "zx81"}}')
    gone = await forget(either.store, refs=[ref], key=KEY)
    assert (gone.operations, gone.webhooks, gone.refs) == (1, 2, (str(ref),))
    assert await webhooks(either) == {"joined", "other"}


async def test_an_id_of_few_letters_is_no_reason_to_delete_what_holds_them(filled: Filled) -> None:
    await webhook(filled, "other", b'{"data": {"id": "A-100"}}')
    assert (await forget(filled.store, refs=[REF], key=KEY)).webhooks == 0


async def test_a_trial_counts_and_changes_nothing(either: Filled) -> None:
    await fill(either)
    before = (await by_id(either), await webhooks(either), await either.rows(schema.account))
    tried = await forget(either.store, email=EMAIL, dry_run=True)
    assert (tried.operations, tried.webhooks, tried.accounts) == (7, 6, ("acme", "events", "writes"))
    assert (await by_id(either), await webhooks(either), await either.rows(schema.account)) == before
    assert not any(word in repr(tried) for word in (EMAIL, "A-1"))


async def test_an_account_of_writes_alone_is_known_by_its_provider_afterwards(filled: Filled) -> None:
    await fill(filled)
    await forget(filled.store, email=EMAIL, key=KEY)
    found = {row["account"]: (row["provider"], row["holder"]) for row in await filled.rows(schema.account)}
    assert found["writes"] == ("codility", None)
    assert found["events"] == ("remoteinterview", None)


async def test_many_operations_are_erased(either: Filled) -> None:
    journal = StoreJournal(either.store)
    asked = [intent(f"r-{number}", EMAIL if number % 3 else OTHER, subject=None) for number in range(1500)]
    await journal.claim(asked, holder="me", lease_seconds=30)
    assert (await forget(either.store, email=EMAIL, key=KEY)).operations == 1000
    assert len(await journal.find(states=[OperationState.ERASED], limit=2000)) == 1000


# --- what comes later ---


async def receive(filled: Filled, check: ErasureCheck, body: bytes, *refs: str, meanwhile: Any = None) -> bool:
    """Store a webhook, as whoever receives one should; whether it was stored."""
    emails = addresses(body.decode())
    async with filled.store.writing() as connection:
        if await check.covers(connection, "acme", refs=refs, emails=emails):
            return False
        if meanwhile is not None:
            await meanwhile()
        row = {"account": "acme", "dedupe_key": body.hex(), "provider": "codility", "state": "new", "body": body,
               "received_at": NOW, "copies": 1, "tries": 0, "fence": 0}  # fmt: skip
        await connection.execute(schema.webhook.insert().values(**row))
    return True


async def test_a_webhook_about_an_erased_person_gives_no_row(either: Filled) -> None:
    check = ErasureCheck(either.store, KEY)
    body = json.dumps({"candidate": {"email": EMAIL.upper()}, "id": 7}).encode()
    assert await receive(either, check, body)
    await done(either, "r-1", {"candidate": {"email": EMAIL}}, ref=REF)
    await forget(either.store, email=EMAIL, key=KEY)
    assert not await receive(either, check, body)
    assert not await receive(either, check, b'{"a": "' + vendor_id(EMAIL).encode() + b'"}')
    assert not await receive(either, check, b'{"no": "address"}', str(take_home("B-1")), REF)
    assert await webhooks(either) == set()
    assert await receive(either, check, b'{"no": "address"}', str(take_home("B-1")))
    assert await receive(either, check, json.dumps({"email": OTHER}).encode())


async def test_an_erasure_waits_for_what_is_being_stored_and_finds_it(either: Filled) -> None:
    check, erasing = ErasureCheck(either.store, KEY), set()

    async def begin() -> None:
        erasing.add(asyncio.create_task(forget(either.store, email=EMAIL, key=KEY)))
        await asyncio.sleep(0.04)

    assert await receive(either, check, json.dumps({"email": EMAIL}).encode(), meanwhile=begin)
    (gone,) = await asyncio.gather(*erasing)
    assert gone.webhooks == 1
    assert await webhooks(either) == set()


async def test_sessions_are_known_as_erased_in_an_account_that_came_meanwhile(either: Filled) -> None:
    check, erasing = ErasureCheck(either.store, KEY), set()

    async def begin() -> None:
        erasing.add(asyncio.create_task(forget(either.store, refs=[REF], key=KEY)))
        await asyncio.sleep(0.04)

    assert await receive(either, check, b"{}", meanwhile=begin)
    await asyncio.gather(*erasing)
    assert not await receive(either, check, b"{}", REF)


async def test_a_webhook_of_a_session_that_is_being_erased_is_waited_for_too(
    either: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reference is known as erased only when the rows are deleted: whoever has asked before is waited for."""
    await either.report(report_of(take_home("A-1"), email=EMAIL))
    check, receiving = ErasureCheck(either.store, KEY), set()
    asked = asyncio.Event()

    async def store_one() -> bool:
        async with either.store.writing() as connection:
            covered = await check.covers(connection, "acme", refs=[REF])
            asked.set()
            await asyncio.sleep(0.04)
            if not covered:
                row = {"account": "acme", "dedupe_key": "k", "provider": "codility", "ref": REF, "state": "new",
                       "received_at": NOW, "copies": 1, "tries": 0, "fence": 0}  # fmt: skip
                await connection.execute(schema.webhook.insert().values(**row))
        return covered

    async def found_and_then(*given: Any) -> Any:
        found = await find(*given)
        receiving.add(asyncio.create_task(store_one()))
        await asked.wait()
        return found

    monkeypatch.setattr("interviewkit.harvest.erase.find", found_and_then)
    gone = await forget(either.store, email=EMAIL, key=KEY)
    (covered,) = await asyncio.gather(*receiving)
    assert not covered
    assert gone.reports == 1
    assert await webhooks(either) == set()


async def test_the_first_erasures_key_is_found_by_whoever_asked_before_it(filled: Filled) -> None:
    check = ErasureCheck(filled.store)
    body = json.dumps({"email": EMAIL}).encode()
    assert await receive(filled, check, body)
    await forget(filled.store, email=EMAIL)  # it makes the key
    assert not await receive(filled, check, body)


@pytest.mark.parametrize("key", [None, bytes(32)])
async def test_without_the_key_nobody_can_tell(filled: Filled, key: bytes | None) -> None:
    await forget(filled.store, email=EMAIL, key=KEY)
    with pytest.raises(ConfigurationError, match=VARIABLE):
        await receive(filled, ErasureCheck(filled.store, key), b"{}")
    assert await webhooks(filled) == set()


async def test_more_addresses_than_a_statement_takes_are_asked_for(filled: Filled) -> None:
    await forget(filled.store, email=EMAIL, key=KEY)
    many = [f"p{number}@example.com" for number in range(1000)]
    check = ErasureCheck(filled.store, KEY)
    async with filled.store.writing() as connection:
        assert not await check.covers(connection, "acme", emails=many)
        assert await check.covers(connection, "acme", emails=[*many, EMAIL])
