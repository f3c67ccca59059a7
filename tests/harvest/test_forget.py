"""Erasing a person: nothing of them is left, and nothing of them comes back."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import hmac
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import pytest

from interviewkit.errors import ConfigurationError, InvalidArgumentError, StoreError
from interviewkit.harvest import erase as module
from interviewkit.harvest import schema
from interviewkit.harvest.addresses import addresses, holds, normal
from interviewkit.harvest.content import PART, folder_of
from interviewkit.harvest.erase import Erasures, Forgotten, forget
from interviewkit.harvest.erasures import VARIABLE, find_key, key_path, make_key
from interviewkit.harvest.store import Store
from interviewkit.serialize import dumps

from .people import EMAIL, NAME, NOW, Filled, report_of, take_home, traces, vendor_id

KEY = bytes(range(32))
OTHER = "dagny.kestrel@example.org"


pytestmark = pytest.mark.usefixtures("config_home")


def archive(text: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("cv.txt", text * 20)
    return target.getvalue()


async def fill(filled: Filled) -> tuple[set[str], set[str]]:
    """The person in every table and form, and others beside them; the references of both."""
    invited = take_home(vendor_id(EMAIL), provider="remoteinterview", parent="-Test")
    escaped = EMAIL.replace("@", "\\u0040")
    text = json.dumps({"to": EMAIL.replace("@", "\\u0040")})
    link = "https://x.example/?to=" + quote(EMAIL, safe="")
    archives = (archive(EMAIL), gzip.compress(NAME.encode()))
    mine = {
        await filled.report(report_of(take_home("A-1"), email=EMAIL.upper(), name=NAME), files=archives),
        await filled.report(report_of(take_home("A-2"), actor=EMAIL)),
        await filled.report(report_of(take_home("A-3"), account="second", email=EMAIL, name=NAME), files=(b"both",)),
        await filled.report(report_of(take_home("A-4"), raw={"body": f"line\n{text}"})),
        await filled.report(report_of(take_home("A-5"), raw={"link": link})),
        await filled.report(report_of(take_home("A-6"), raw={"page": "/candidates/" + vendor_id(EMAIL)})),
        await filled.item(invited, memo=json.dumps({"email": EMAIL})),
    }
    await filled.unreadable(f'{{"candidate": "{escaped}", "score": "odd"}}'.encode(), digest="1")
    await filled.unreadable(b'{"id": 1}', ref=take_home("A-1"), digest="2")
    await filled.unreadable(b'{"id": "other"}', digest="3")
    others = {
        await filled.report(report_of(take_home("B-1"), email=OTHER, name="Ivo Brandvold"), files=(b"other",)),
        await filled.report(report_of(take_home("B-2"), account="second"), files=(b"both",)),
        await filled.report(report_of(take_home("A-1"), account="third", name="Somebody Else")),
    }
    return mine, others


# --- what is left ---


async def test_no_byte_of_the_person_is_left_in_the_data_folder(filled: Filled, data: Path) -> None:
    mine, others = await fill(filled)
    words = (EMAIL, NAME, *(ref.rpartition(":")[2].rpartition("/")[2] for ref in mine if "remote" in ref))
    before = traces(data, *words)
    assert {name for name, _form in before} >= {"store.db-wal"}
    assert len({form for _name, form in before}) > 6
    assert any(name not in {"store.db", "store.db-wal", "store.db-shm"} for name, _form in before)
    done = await forget(filled.store, email=EMAIL, key=KEY, artifacts=filled.files)
    assert traces(data, *words) == set()
    assert await filled.refs() == others
    assert attrs.evolve(done, refs_by_account={}) == Forgotten(
        accounts=("acme", "second"), refs=tuple(sorted(mine)), items=7, reports=6, unreadable=2, artifacts=3, files=2
    )
    assert list(done.refs_by_account) == ["acme", "second"]
    assert {ref for refs in done.refs_by_account.values() for ref in refs} == mine
    assert not any(ref in repr(done) for ref in mine)


async def test_the_person_is_erased_from_every_table_and_nobody_else_is(either: Filled) -> None:
    mine, _others = await fill(either)
    done = await forget(either.store, email=EMAIL, key=KEY, artifacts=either.files)
    assert set(done.refs) == mine
    for table in (schema.report, schema.item):
        assert {(row["account"], row["ref"]) for row in await either.rows(table)} == {
            ("acme", str(take_home("B-1"))), ("second", str(take_home("B-2"))), ("third", str(take_home("A-1"))),
        }  # fmt: skip
    assert [row["digest"] for row in await either.rows(schema.unreadable)] == ["3"]
    assert len(await either.rows(schema.artifact)) == 2
    assert {row["holder"] for row in await either.rows(schema.account)} == {None}


async def test_postgresql_keeps_no_byte_in_its_tables_files(data: Path, postgres: Any, postgres_url: str) -> None:
    async with await Store.open(postgres_url) as store:
        filled = Filled(store, data / "files")
        await fill(filled)
        name = postgres_url.rpartition("/")[2]
        postgres.execute("ANALYZE", database=name)
        ((number,),) = postgres.execute("SELECT oid FROM pg_database WHERE datname = current_database()", database=name)
        folder = postgres._data / "base" / str(number)
        postgres.execute("CHECKPOINT")
        assert traces(folder, EMAIL)
        await forget(store, email=EMAIL, key=KEY, artifacts=filled.files)
        postgres.execute("CHECKPOINT")
        assert traces(folder, EMAIL, NAME) == set()


async def test_a_person_of_the_same_name_and_addresses_that_are_alike_stay(filled: Filled) -> None:
    alike = [OTHER, "x" + EMAIL, EMAIL + ".au", EMAIL + "m", "mary." + EMAIL, "mary_" + EMAIL, "mary-" + EMAIL]
    for number, email in enumerate(alike):
        await filled.report(report_of(take_home(f"B-{number}"), email=email, name=NAME))
        await filled.item(take_home(vendor_id(email), provider="remoteinterview", parent="-T"))
    done = await forget(filled.store, email=EMAIL, key=KEY)
    assert done == Forgotten()
    assert len(await filled.rows(schema.item)) == 2 * len(alike)


async def test_single_sessions_are_erased_by_reference(filled: Filled) -> None:
    first, second = take_home("A-1"), take_home("A-2")
    for ref in (first, second):
        await filled.report(report_of(ref, email=EMAIL, name=NAME))
    done = await forget(filled.store, refs=[str(first)], key=KEY)
    assert (done.refs, await filled.refs()) == ((str(first),), {str(second)})
    erasures = await Erasures.load(filled.store, KEY)
    assert [erasures.covers("acme", ref, EMAIL) for ref in (first, second)] == [True, False]


async def test_what_others_reports_tell_of_the_person_goes_too_and_is_counted(filled: Filled) -> None:
    await filled.report(report_of(take_home("B-1"), email=OTHER, notes=f"knows {EMAIL}"))
    assert (await forget(filled.store, email=EMAIL, key=KEY, dry_run=True)).of_others == 1
    assert (await forget(filled.store, email=EMAIL, key=KEY)).of_others == 1
    assert await filled.refs() == set()


async def test_what_was_deleted_before_and_not_overwritten_goes_too(filled: Filled, data: Path) -> None:
    with contextlib.closing(sqlite3.connect(data / "store.db", isolation_level=None)) as careless:
        careless.execute("PRAGMA secure_delete=OFF")
        row = "('acme', ?, 's', 'open', 'd', 1, 0, 0, 0, ?)"
        names = "account, ref, stream, phase, digest, requests, reads, failures, generation, memo"
        people = [(f"codility:take_home:{number}", EMAIL * 20) for number in range(50)]
        careless.executemany(f"INSERT INTO item ({names}) VALUES {row}", people)  # noqa: S608
        careless.execute("DELETE FROM item")
        careless.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert {name for name, _form in traces(data, EMAIL)} == {"store.db"}
    await forget(filled.store, email=EMAIL, key=KEY)
    assert traces(data, EMAIL) == set()


async def test_an_address_that_few_would_take_for_one_is_found_as_the_candidates(filled: Filled) -> None:
    odd = '"Dagny, of Kestrel"@example.com'
    await filled.report(report_of(take_home("A-1"), email=odd))
    assert (await forget(filled.store, email=odd.lower(), key=KEY)).reports == 1


async def test_many_sessions_are_erased(filled: Filled) -> None:
    async with filled.store.writing() as connection:
        rows = [
            {"account": "acme", "ref": f"codility:take_home:A-{number}", "stream": "s", "phase": "open", "digest": "d",
             "memo": EMAIL if number % 3 else None}
            for number in range(1500)
        ]  # fmt: skip
        await connection.execute(schema.item.insert(), rows)
    done = await forget(filled.store, email=EMAIL, key=KEY)
    assert (done.items, len(await filled.rows(schema.item))) == (1000, 500)


async def test_a_cursor_that_holds_the_person_is_dropped_and_its_list_read_again(filled: Filled) -> None:
    for stream, cursor in (("one", vendor_id(EMAIL)), ("two", "7")):
        row = {"account": "acme", "stream": stream, "scan": "full", "cursor": cursor, "full_at": NOW}
        await filled.put(schema.stream_state, row)
    await forget(filled.store, email=EMAIL, key=KEY)
    found = {
        row["stream"]: (row["scan"], row["cursor"], row["full_at"]) for row in await filled.rows(schema.stream_state)
    }
    assert found == {"one": (None, None, None), "two": ("full", "7", NOW)}


async def test_a_trial_changes_nothing(filled: Filled, config_home: Path) -> None:
    mine, _others = await fill(filled)
    before = {table.name: await filled.rows(table) for table in schema.metadata.sorted_tables}
    files = sorted(filled.files.rglob("*"))
    tried = await forget(filled.store, email=EMAIL, artifacts=filled.files, dry_run=True)
    assert (set(tried.refs), tried.reports, tried.dry_run) == (mine, 6, True)
    assert {table.name: await filled.rows(table) for table in schema.metadata.sorted_tables} == before
    assert sorted(filled.files.rglob("*")) == files
    assert list(config_home.parent.glob("config")) == []


async def test_what_was_done_tells_nothing_about_the_person(filled: Filled) -> None:
    await fill(filled)
    done = await forget(filled.store, email=EMAIL, key=KEY, artifacts=filled.files)
    assert "A-1" not in repr(done)
    assert "refs=<7>" in repr(done)


# --- files ---


async def test_files_that_belong_to_nothing_are_removed_and_what_is_not_ours_stays(filled: Filled) -> None:
    await filled.report(report_of(take_home("B-1"), email=OTHER), files=(b"kept",))
    account = folder_of(filled.files, "acme")
    orphan = await filled.file(take_home("X-1"), b"of a report that was read again")
    async with filled.store.writing() as connection:
        await connection.execute(schema.artifact.delete().where(schema.artifact.c.ref == str(take_home("X-1"))))
    part, note = account / f".abc{PART}", account / "README.txt"
    for path in (part, note):
        path.write_bytes(b"x")
    done = await forget(filled.store, email=EMAIL, key=KEY, artifacts=filled.files)
    assert (done.files, orphan.exists(), part.exists(), note.exists()) == (2, False, False, True)
    assert [path.read_bytes() for path in account.glob("??/*")] == [b"kept"]


async def test_files_are_not_forgotten_because_nobody_said_where_they_lie(filled: Filled, tmp_path: Path) -> None:
    await fill(filled)
    for folder in (None, tmp_path / "elsewhere"):
        with pytest.raises(ConfigurationError, match="folder"):
            await forget(filled.store, email=EMAIL, key=KEY, artifacts=folder)
    assert len(await filled.refs()) == 8
    assert await filled.rows(schema.erasure) == []


async def test_a_file_that_cannot_be_removed_leaves_its_row_to_the_next_attempt(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(filled)

    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        await forget(filled.store, email=EMAIL, key=KEY, artifacts=filled.files)
    monkeypatch.undo()
    assert str(take_home("A-1")) in await filled.refs(schema.artifact)
    done = await forget(filled.store, email=EMAIL, key=KEY, artifacts=filled.files)
    assert done.reports == 6


# --- beside a harvest ---


async def test_a_running_harvest_is_named_and_the_other_accounts_are_done(either: Filled, data: Path) -> None:
    await fill(either)
    lease = await either.store.lease("acme", scope="s", provider="codility")
    assert lease is not None
    with pytest.raises(StoreError, match="a harvest is running: acme") as caught:
        await forget(either.store, email=EMAIL, key=KEY, artifacts=either.files, wait=0.0)
    assert caught.value.retryable
    assert str(take_home("A-3")) not in await either.refs()
    assert (await Erasures.load(either.store, KEY)).covers("acme", take_home("new"), EMAIL)
    await lease.release()
    done = await forget(either.store, email=EMAIL, key=KEY, artifacts=either.files, wait=0.0)
    assert done.accounts == ("acme",)
    assert [row["account"] for row in await either.rows(schema.report) if row["ref"] == str(take_home("A-1"))] == [
        "third"
    ]


async def test_a_harvest_that_was_killed_still_looks_like_one(data: Path) -> None:
    async with await Store.open(data / "store.db", lease_seconds=0.3) as store:
        killed = await store.lease("acme", scope="s", provider="codility")
        assert killed is not None
        await forget(store, email=EMAIL, key=KEY, wait=5.0)
        following = await store.lease("acme", scope="s", provider="codility")
        assert following is not None
        assert not following.clean
        await following.release()
        await forget(store, email=EMAIL, key=KEY, wait=5.0)
        clean = await store.lease("acme", scope="s", provider="codility")
        assert clean is not None
        assert clean.clean


async def test_a_reader_that_never_ends_is_named(filled: Filled, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHECKPOINT_MS", 10)
    await filled.report(report_of(take_home("A-1"), email=EMAIL))
    reader = sqlite3.connect(data / "store.db", isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM report").fetchall()
        with pytest.raises(StoreError, match="another process reads"):
            await forget(filled.store, email=EMAIL, key=KEY)
    finally:
        reader.close()
    await forget(filled.store, email=EMAIL, key=KEY)
    assert traces(data, EMAIL) == set()


# --- not coming back ---


async def test_what_was_erased_is_covered_in_every_spelling_and_nothing_else_is(filled: Filled) -> None:
    await fill(filled)
    await forget(filled.store, email=EMAIL, key=KEY, artifacts=filled.files)
    erasures = await Erasures.load(filled.store, KEY)
    new = take_home("NEW")
    assert erasures.any
    assert erasures.covers("acme", take_home("A-1"), None)
    assert erasures.covers("fourth", new, f" {EMAIL.upper()} ")
    assert erasures.covers("acme", new, EMAIL.replace("D", "\uff24"))
    assert not erasures.covers("third", take_home("A-1"), None)
    assert not erasures.covers("acme", new, OTHER)
    assert not erasures.covers("acme", new, None)
    assert erasures.covers_text(json.dumps({"actor": EMAIL}))
    assert not erasures.covers_text(json.dumps({"actor": OTHER}))
    for other in (report_of(new, email=EMAIL), report_of(take_home("A-1")), report_of(new, notes=f"asked {EMAIL}")):
        assert erasures.covers_report(other, dumps(other))
    stranger = report_of(new, email=OTHER)
    assert not erasures.covers_report(stranger, dumps(stranger))


async def test_a_new_session_of_an_erased_person_is_remembered(filled: Filled) -> None:
    await forget(filled.store, email=EMAIL, key=KEY)
    erasures = await Erasures.load(filled.store, KEY)
    async with filled.store.writing() as connection:
        await erasures.add(connection, "acme", take_home("N-1"), NOW)
        await erasures.add(connection, "acme", take_home("N-1"), NOW)
    assert erasures.covers("acme", take_home("N-1"), None)
    assert (await Erasures.load(filled.store, KEY)).covers("acme", take_home("N-1"), None)


async def test_nobody_erased_needs_no_key(filled: Filled) -> None:
    erasures = await Erasures.load(filled.store)
    assert not erasures.any
    assert not erasures.covers("acme", take_home("A-1"), EMAIL)
    assert not erasures.covers_text(EMAIL)


async def test_what_is_kept_is_no_plain_hash(filled: Filled) -> None:
    await forget(filled.store, email=EMAIL, key=KEY)
    await forget(filled.store, email=EMAIL, key=KEY)
    (row,) = await filled.rows(schema.erasure)
    assert row["hash"] != hashlib.sha256(normal(EMAIL).encode()).hexdigest()
    assert row["hash"] == hmac.new(KEY, b"email\0" + normal(EMAIL).encode(), hashlib.sha256).hexdigest()
    assert row["key_id"] == hmac.new(KEY, b"id", hashlib.sha256).hexdigest()[:16]


# --- the key ---


async def test_a_key_that_is_missing_or_another_one_is_refused(filled: Filled, config_home: Path) -> None:
    await forget(filled.store, email=EMAIL, key=KEY)
    for key in (None, bytes(32)):
        with pytest.raises(ConfigurationError, match="INTERVIEWKIT_ERASURE_KEY"):
            await Erasures.load(filled.store, key)
        with pytest.raises(ConfigurationError, match="key"):
            await forget(filled.store, email=OTHER, key=key)
    assert list(config_home.parent.glob("config")) == []


async def test_the_first_erasure_makes_a_key_for_its_owner_only(filled: Filled, config_home: Path) -> None:
    await forget(filled.store, email=EMAIL)
    path = config_home / "interviewkit" / "erasure.key"
    assert path == key_path()
    assert (path.stat().st_mode & 0o777, [one.name for one in path.parent.iterdir()]) == (0o600, ["erasure.key"])
    assert (await Erasures.load(filled.store)).covers("acme", take_home("A-1"), EMAIL)
    await forget(filled.store, email=OTHER)
    assert len({row["key_id"] for row in await filled.rows(schema.erasure)}) == 1


def test_the_first_of_two_processes_makes_the_key(config_home: Path) -> None:
    assert make_key() == make_key() == find_key(None)


@pytest.mark.parametrize(
    "text", [KEY.hex(), f" {KEY.hex().upper()}\n", base64.b64encode(bytes(range(220, 256))).decode()]
)
def test_the_environments_key_is_read(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert find_key(None) in {KEY, bytes(range(220, 256))}
    assert find_key(bytes(40)) == bytes(40)


@pytest.mark.parametrize("text", ["short", "00" * 31, "ü" * 64, "not base64 at all, whatever its length may be"])
def test_a_text_that_is_no_key_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ConfigurationError) as caught:
        find_key(None)
    assert text not in str(caught.value)


async def test_a_key_among_the_data_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(data / "config"))
    async with await Store.open(data / "store.db") as store:
        with pytest.raises(ConfigurationError, match="among the data"):
            await forget(store, email=EMAIL)
        assert await Filled(store, data).rows(schema.erasure) == []
    assert not (data / "config").exists()


async def test_a_store_in_the_home_folder_may_have_its_key_in_the_users_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with await Store.open(tmp_path / "store.db") as store:
        await forget(store, email=EMAIL)
    assert (tmp_path / ".config" / "interviewkit" / "erasure.key").exists()


# --- arguments ---


@pytest.mark.parametrize(
    "wrong",
    [{}, {"email": ""}, {"email": "dagny"}, {"email": "@example.com"}, {"refs": ["nonsense"]}, {"refs": "a:live:b"}],
)
async def test_nobody_or_nonsense_is_refused(filled: Filled, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        await forget(filled.store, key=KEY, **wrong)
    assert await filled.rows(schema.erasure) == []


# --- addresses in texts ---

BYTES = b'{"a": "' + EMAIL.encode() + b'"}'


@pytest.mark.parametrize(
    "text",
    [
        EMAIL, EMAIL.upper(), f"<{EMAIL}>", f"see {EMAIL}.", f"mailto:{EMAIL}?subject=x", f"email={EMAIL}&x=1",
        f"a\n{EMAIL}\nb", json.dumps({"a": f"x\n{EMAIL}"}), json.dumps([{EMAIL: 1}]),
        json.dumps({"a": json.dumps({"b": f"\n{EMAIL}"})}), EMAIL.replace("@", "\\u0040"), EMAIL.replace("@", "&#64;"),
        quote(EMAIL, safe=""), quote(quote(EMAIL, safe=""), safe=""), f"https://x.example/?to={quote(EMAIL)}",
        vendor_id(EMAIL), f"remoteinterview:take_home:-Jrv_N/{vendor_id(EMAIL)}", base64.b64encode(BYTES).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe " + BYTES).decode(), f"/a/b-c/{vendor_id(EMAIL)}/report",
        EMAIL.replace("@", "\uff20"), f'{{"broken": "{EMAIL}',
    ],
)  # fmt: skip
def test_an_address_is_found_whatever_its_writing(text: str) -> None:
    assert normal(EMAIL) in addresses(text)
    assert holds(text, normal(EMAIL))


@pytest.mark.parametrize(
    "text",
    ["", "@", "a@", "@b", "x" + EMAIL, EMAIL + ".au", vendor_id("x" + EMAIL), "@" * 5000, "%40" * 5000, "[" * 5000],
)
def test_what_is_another_address_or_none_is_not_taken_for_it(text: str) -> None:
    assert normal(EMAIL) not in addresses(text)
    assert not holds(text, normal(EMAIL))


@pytest.mark.parametrize("write", [str, quote, lambda text: quote(text, safe="@"), vendor_id])
def test_an_address_in_other_letters_is_found_too(write: Callable[[str], str]) -> None:
    email = "Åsa.Ünal@exämple.com"
    assert normal(email) in addresses(write(email))
    assert holds(write(email), normal(email))
