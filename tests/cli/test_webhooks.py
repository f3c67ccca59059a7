"""`webhooks serve`, `status` and `url`: from an invitation to the report in the store, and how each mistake is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
from sqlalchemy import insert

from interviewkit import Candidate, connect
from interviewkit.cli import webhook_status
from interviewkit.cli.webhooks import size
from interviewkit.errors import InvalidArgumentError
from interviewkit.harvest import Store, schema
from interviewkit.sandbox import Sandbox
from interviewkit.webhooks.serve import listen
from tests.cli.conftest import Run
from tests.cli.test_process import COMMAND, call, environment

SECRET, OLD, TOKEN = "hook-secret-0123456789", "old-hook-secret-0123456789", "callback-token-0123456789"
ROBIN = Candidate(email="robin@example.com", first_name="Robin", last_name="Example")
STORE = "interviewkit.db"
WEBHOOKS = """
[webhooks]
base_url = "https://hooks.example.com/interviews"
[webhooks.accounts.acme]
secrets = ["env:ACME_HOOK", "env:ACME_OLD_HOOK"]
tokens = "env:ACME_CALLBACK_TOKEN"
"""
ACME = '[accounts.acme]\nprovider = "codility"\ntoken = "env:ACME_CODILITY_TOKEN"\n'
TESTS = '[accounts.tests]\nprovider = "remoteinterview"\napi_key = "env:ACME_TESTS_KEY"\n'
HOOK = '[webhooks.accounts.tests]\nsecrets = "env:ACME_HOOK"\n'


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ACME_HOOK": SECRET, "ACME_OLD_HOOK": OLD, "ACME_CALLBACK_TOKEN": TOKEN, "ACME_CODILITY_TOKEN": "t",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


# --- serve, as a process ---


@attrs.frozen
class Serving:
    """A receiver that runs as a process."""

    process: asyncio.subprocess.Process
    url: str
    admin_url: str
    accounts: dict[str, str]

    async def ended(self) -> tuple[int | None, str, str]:
        """Its exit code, and what it said after its first line."""
        out, err = await asyncio.wait_for(self.process.communicate(), 30)
        return self.process.returncode, out.decode(), err.decode()


@contextlib.asynccontextmanager
async def serving(folder: Path, *arguments: str) -> AsyncIterator[Serving]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "webhooks", "serve", "--port", "0", "--admin-port", "0", *arguments, cwd=folder, env=environment(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        first = await asyncio.wait_for(process.stdout.readline(), 30)
        if not first:
            pytest.fail((await process.communicate())[1].decode())
        yield Serving(process, **json.loads(first))
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def configuration(box: Sandbox) -> str:
    """The sandbox's Codility as the account `acme`."""
    base_url = box.accounts["sandbox-codility"]["base_url"]
    return f'{ACME}base_url = "{base_url}"\n{WEBHOOKS}'


async def invite(box: Sandbox, callback_url: str) -> str:
    keywords = dict(box.accounts["sandbox-codility"])
    async with connect(keywords.pop("provider"), account="acme", **keywords) as codility:
        assessment = await codility.list_assessments().first()
        assert assessment is not None
        invited = await codility.invite_candidate(
            assessment.id, ROBIN, reference="application-7", callback_url=callback_url
        )
        return str(invited.ref)


async def eventually_stored(path: Path) -> list[str]:
    def look() -> list[str]:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            return [ref for (ref,) in connection.execute("SELECT ref FROM report")]

    async with asyncio.timeout(30):
        while not (found := await asyncio.to_thread(look)):  # noqa: ASYNC110 - another process stores it
            await asyncio.sleep(0.02)
    return found


async def test_an_invitations_report_is_in_the_store_when_its_webhook_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Sandbox(sessions=12, callback_token=TOKEN) as box:
        monkeypatch.setenv("ACME_CODILITY_TOKEN", box.accounts["sandbox-codility"]["token"])
        (tmp_path / "interviewkit.toml").write_text(configuration(box))
        async with serving(tmp_path) as server, aiohttp.ClientSession() as client:
            assert server.accounts == {"acme": "https://hooks.example.com/interviews/acme/********"}
            ref = await invite(box, f"{server.url}/interviews/acme/{OLD}")
            await box.work(ref, settle=True)
            assert [one.status for one in box.deliveries] == [200]
            await box.forge(ref, "unsigned")
            assert box.deliveries[-1].status == 401
            assert await eventually_stored(tmp_path / STORE) == [ref]
            async with client.get(f"{server.admin_url}/health") as answer:
                assert answer.status == 200
            async with client.get(f"{server.admin_url}/metrics") as answer:
                assert 'refused_total{account="acme",reason="bad_signature"} 1' in await answer.text()
            server.process.send_signal(signal.SIGTERM)
            code, out, err = await server.ended()
    assert (code, out) == (0, "")
    assert "finishing what is in flight" in err
    assert "the receiver has ended" in err
    assert not [word for word in (SECRET, OLD, TOKEN, ref, "robin") if word in err]
    ran = await asyncio.to_thread(call, tmp_path, "webhooks", "status")
    (told,) = lines(ran.stdout)
    assert (ran.returncode, told["account"], told["done"], told["received"]) == (0, "acme", 1, 0)


async def test_a_sandbox_of_its_own_comes_with_secrets_and_says_how_to_try_it(tmp_path: Path) -> None:
    async with serving(tmp_path, "--sandbox") as server, aiohttp.ClientSession() as client:
        assert {*server.accounts} == {"sandbox-codility", "sandbox-remoteinterview"}
        for url in server.accounts.values():
            assert url.startswith(server.url)
            async with client.post(url, data=b"not json") as answer:
                assert answer.status in {400, 401}
        server.process.send_signal(signal.SIGINT)
        code, _, err = await server.ended()
    assert code == 0
    told = re.search(r"interviewkit invite --account codility ASSESSMENT .* --callback-url (\S+)\n", err)
    assert told is not None
    assert told[1] == server.accounts["sandbox-codility"]
    assert "export CODILITY_TOKEN=" in err
    assert re.search(r"curl .*/candidates/work", err)


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    (tmp_path / "interviewkit.toml").write_text(ACME + WEBHOOKS)
    async with serving(tmp_path) as server:
        _, writer = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))
        writer.write(f"POST /acme/{SECRET} HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{{".encode())
        await asyncio.sleep(0.05)
        began = asyncio.get_running_loop().time()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.stderr is not None
        async with asyncio.timeout(10):
            while b"finishing" not in await server.process.stderr.readline():
                pass
        server.process.send_signal(signal.SIGTERM)
        assert (await server.ended())[0] == 130
        assert asyncio.get_running_loop().time() - began < 5
        writer.close()


# --- serve, what it refuses ---


@pytest.fixture
def configured(run: Run, tmp_path: Path) -> Run:
    (tmp_path / "interviewkit.toml").write_text(ACME + WEBHOOKS)
    return run


def test_a_port_that_is_taken_is_one_line(configured: Run, tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        for options in (("--port", port), ("--port", "0", "--admin-port", port)):
            ran = configured("webhooks", "serve", *options)
            assert (ran.code, ran.out) == (2, "")
            assert re.fullmatch(
                rf"error: nothing can listen at 127.0.0.1:{port}: Address already in use \(.*{options[-2]}\)\n", ran.err
            )
    assert not (tmp_path / STORE).exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--store", "mysql://here"), "a store is SQLite or PostgreSQL"),
        (("--store", "sqlite:///nowhere/reports.db"), "cannot be opened: No such file or directory"),
        (("--store", "postgresql://127.0.0.1:1/reports"), "cannot be reached"),
        (("--account", "nobody"), "no account nobody"),
        (("--config", "other.toml"), "other.toml cannot be read"),
        (("--max-body", "much"), "--max-body is a size above 0"),
        (("--max-connections", "0"), "--max-connections is a number above 0"),
        (("--head-seconds", "nan"), "--head-seconds is a number above 0"),
        (("--host", "192.0.2.1"), "nothing can listen at 192.0.2.1:0"),
        (("--sandbox", "--config", "interviewkit.toml"), "exclude each other"),
        (("--sandbox", "--account", "sandbox-coderpad"), "none of these accounts has webhooks"),
        (("--fetch-bakc",), "did you mean --fetch-back"),
    ],
)
def test_what_cannot_be_is_one_line_and_starts_nothing(configured: Run, arguments: tuple[str, ...], said: str) -> None:
    ran = configured("webhooks", "serve", "--port", "0", "--admin-port", "0", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err


def test_without_a_file_there_is_nobody_to_receive_for(run: Run) -> None:
    ran = run("webhooks", "serve", "--port", "0", "--admin-port", "0")
    assert (ran.code, ran.err) == (
        2, "error: webhooks need a file with their secrets (write [webhooks] into interviewkit.toml)\n",
    )  # fmt: skip


@pytest.mark.parametrize(("text", "found"), [("32MiB", 2**25), ("500 kB", 500_000), ("17", 17), ("1b", 1)])
def test_a_size_is_a_number_with_a_unit(text: str, found: int) -> None:
    assert size(text) == found


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5MiB", "MiB", "1 TiB", "٣MiB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgumentError):
        size(text)


# --- url ---


def test_each_accounts_url_has_its_newest_secret(run: Run, tmp_path: Path) -> None:
    (tmp_path / "interviewkit.toml").write_text(ACME + TESTS + WEBHOOKS + HOOK)
    found = {one["account"]: (one["url"], one["given"]) for one in lines(run("webhooks", "url").out)}
    base = "https://hooks.example.com/interviews"
    assert found == {
        "acme": (f"{base}/acme/{SECRET}", "with each invitation"),
        "tests": (f"{base}/tests/{SECRET}", "in the vendor's settings"),
    }
    ran = run("webhooks", "url", "tests", terminal=True, columns=40)
    assert ran.out == f"tests (in the vendor's settings):\n{base}/tests/{SECRET}\n"


def test_a_url_for_one_reference_is_another(configured: Run) -> None:
    plain, one, other = (
        lines(configured("webhooks", "url", "acme", *more).out)[0]["url"]
        for more in ((), ("--reference", "hire-17"), ("--reference=-hire-18",))
    )
    assert one.startswith(f"{plain}/")
    assert len({plain, one, other}) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody",), "no account nobody"),
        (("--reference", "hire-17"), "--reference needs an account"),
        (("tests", "--reference", "hire-17"), "has one URL for all sessions"),
    ],
)
def test_a_url_that_there_is_not_is_one_line(run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "interviewkit.toml").write_text(ACME + TESTS + WEBHOOKS + HOOK)
    ran = run("webhooks", "url", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err
    assert SECRET not in ran.err


@pytest.mark.parametrize(
    ("secret", "base_url"), [("short", "https://hooks.example.com"), (SECRET, "http://hooks.example.com")]
)
def test_a_url_that_would_not_be_safe_is_not_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, base_url: str
) -> None:
    monkeypatch.setenv("ACME_HOOK", secret)
    text = ACME + WEBHOOKS.replace("https://hooks.example.com/interviews", base_url)
    (tmp_path / "interviewkit.toml").write_text(text)
    ran = run("webhooks", "url")
    assert (ran.code, ran.out) == (2, "")
    assert secret not in ran.err


# --- status ---


def fill(path: Path, account: str = "acme", /, **states: int) -> None:
    """An inbox with so many events in each state."""
    now = datetime.now(UTC)

    async def put() -> None:
        async with await Store.open(path) as store, store.writing() as connection:
            for state, count in states.items():
                for number in range(count):
                    row = {
                        "account": account, "dedupe_key": f"{state}{number}", "provider": "codility", "type": "result",
                        "state": state, "received_at": now - timedelta(minutes=5), "copies": 2, "tries": 3,
                        "error": f"the {state} one" if state in {"failed", "unreadable"} else None,
                        "ref": "codility:take_home:KKUFDG-5V5", "body": b'{"email": "robin@example.com"}',
                    }  # fmt: skip
                    await connection.execute(insert(schema.webhook).values(row))

    asyncio.run(put())


@pytest.mark.parametrize(
    ("states", "code"),
    [({}, 0), ({"received": 1, "done": 2, "refused": 1}, 0), ({"failed": 1}, 3), ({"done": 1, "unreadable": 1}, 3)],
)
def test_the_status_ends_with_3_when_somebody_has_to_look(
    run: Run, tmp_path: Path, states: dict[str, int], code: int
) -> None:
    fill(tmp_path / STORE, **states)
    ran = run("webhooks", "status")
    assert (ran.code, ran.err) == (code, "")
    for told in lines(ran.out):
        assert {state: told[state] for state in states} == states
        assert told["copies"] == 2 * sum(states.values())


def test_the_status_shows_what_went_wrong_and_nobodys_data(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / STORE, received=1, failed=1, unreadable=1)
    (told,) = lines(run("webhooks", "status").out)
    assert {(one["state"], one["error"], one["tries"]) for one in told["problems"]} == {
        ("failed", "the failed one", 3), ("unreadable", "the unreadable one", 3),
    }  # fmt: skip
    assert 300 <= told["oldest_waiting_seconds"] < 360
    ran = run("webhooks", "status", terminal=True, columns=130)
    assert ran.code == 3
    shown = re.sub(r"\x1b\[[0-9;]*m", "", ran.out)
    assert re.search(r"acme +codility +6 +3 +1 +1 +0 +0 +1 +1 +0 +5 min", shown)
    assert re.search(r"[0-9a-f]{12} +acme +failed +result +5 min +3 +the failed one", shown)
    for said in ("interviewkit webhooks retry", "interviewkit webhooks acknowledge"):
        assert said in ran.err
    assert "KKUFDG" not in ran.out + json.dumps(told)
    assert "robin" not in ran.out + json.dumps(told)


def test_the_status_of_an_empty_inbox_and_of_no_store(run: Run, tmp_path: Path) -> None:
    for command in (("status",), ("acknowledge", "--all"), ("retry", "--all")):
        ran = run("webhooks", *command)
        assert (ran.code, ran.err) == (
            2, f"error: there is no store {STORE} (`interviewkit webhooks serve` makes one, and --store names it)\n",
        )  # fmt: skip
    assert not (tmp_path / STORE).exists()
    fill(tmp_path / STORE)
    assert "no webhook has come yet" in run("webhooks", "status", terminal=True).err
    ran = run("webhooks", "status", "--account", "nobody")
    assert (ran.code, "no webhooks of an account nobody" in ran.err) == (2, True)


def test_a_status_names_twenty_and_says_how_many_more_there_are(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / STORE, unreadable=23)
    ran = run("webhooks", "status", terminal=True)
    assert ran.out.count("the unreadable one") == 20
    assert "3 more of acme are not shown" in ran.err


# --- acknowledge and retry ---


def problems(run: Run) -> dict[str, str]:
    """The ids of what a status names, by state."""
    return {one["state"]: one["id"] for told in lines(run("webhooks", "status").out) for one in told["problems"]}


@pytest.mark.parametrize("named", [True, False])
def test_what_is_acknowledged_keeps_the_status_from_3(run: Run, tmp_path: Path, named: bool) -> None:
    fill(tmp_path / STORE, unreadable=1, failed=1, done=1)
    found = problems(run)
    ran = run("webhooks", "acknowledge", *(found.values() if named else ("--all",)))
    told = lines(ran.out)
    assert (ran.code, {one["id"] for one in told}) == (0, {*found.values()})
    assert {(one["account"], one["provider"], one["state"], one["type"]) for one in told} == {
        ("acme", "codility", "unreadable", "result"), ("acme", "codility", "failed", "result"),
    }  # fmt: skip
    assert all(one["error"] and one["received_at"] and one["acknowledged_at"] for one in told)
    assert not [word for word in ("robin", "KKUFDG") if word in ran.out + ran.err]
    status = run("webhooks", "status")
    (now,) = lines(status.out)
    assert (status.code, now["unreadable"], now["failed"], now["acknowledged"], now["done"]) == (0, 0, 0, 2, 1)
    assert (now["problems"], now["copies"]) == ([], 6)


def test_one_of_several_is_acknowledged_once(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / STORE, unreadable=2)
    ident = problems(run)["unreadable"]
    (first,), (again,) = (lines(run("webhooks", "acknowledge", ident.upper()).out) for _ in range(2))
    assert first["acknowledged_at"] == again["acknowledged_at"] is not None
    status = run("webhooks", "status")
    (told,) = lines(status.out)
    assert (status.code, told["unreadable"], told["acknowledged"]) == (3, 1, 1)
    assert ident not in {one["id"] for one in told["problems"]}


def test_another_unreadable_delivery_is_told_of_after_the_first_was_acknowledged(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / STORE, unreadable=1)
    run("webhooks", "acknowledge", "--all")
    fill(tmp_path / STORE, failed=1)
    assert run("webhooks", "status").code == 3


def test_what_failed_is_due_again_and_what_was_acknowledged_is_left_alone(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / STORE, unreadable=1, failed=3)
    acknowledged = problems(run)["failed"]
    run("webhooks", "acknowledge", acknowledged)
    ran = run("webhooks", "retry", "--all", terminal=True)
    assert ran.code == 0
    assert "2 are due again: `interviewkit webhooks serve` takes them up" in ran.err
    (told,) = lines(run("webhooks", "status").out)
    assert (told["received"], told["retrying"], told["failed"], told["acknowledged"]) == (2, 0, 0, 1)
    assert run("webhooks", "retry", acknowledged).code == 0  # by its id
    (told,) = lines(run("webhooks", "status").out)
    assert (told["received"], told["acknowledged"], told["unreadable"]) == (3, 0, 1)


def test_only_the_accounts_asked_for_are_settled(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / STORE, failed=1)
    fill(tmp_path / STORE, "other", failed=1)
    assert [one["account"] for one in lines(run("webhooks", "retry", "--all", "--account", "other").out)] == ["other"]
    assert [one["account"] for one in lines(run("webhooks", "acknowledge", "--all", "--account", "acme").out)] == [
        "acme"
    ]


@pytest.mark.parametrize("command", ["acknowledge", "retry"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing was named"),
        (("0123456789ab", "--all"), "exclude each other"),
        (("FAILED", "0123456789ab"), "no webhook 0123456789ab that failed or could not be read"),
        (("FAILED", "--account", "other"), "the store holds no webhooks of an account other"),
        (("--all", "--account", "other"), "the store holds no webhooks of an account other"),
        (("--all", "--store", "mysql://here"), "a store is SQLite or PostgreSQL"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_changes_nothing(
    run: Run, tmp_path: Path, command: str, arguments: tuple[str, ...], said: str
) -> None:
    fill(tmp_path / STORE, failed=1)
    ident = problems(run)["failed"]
    ran = run("webhooks", command, *(ident if one == "FAILED" else one for one in arguments))
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err
    assert problems(run) == {"failed": ident}


def test_what_could_not_be_read_is_not_tried_again(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / STORE, unreadable=1, failed=1)
    found = problems(run)
    ran = run("webhooks", "retry", *found.values())
    assert (ran.code, ran.out) == (2, "")
    assert f"{found['unreadable']} could not be read: trying again changes nothing" in ran.err
    assert "webhooks acknowledge" in ran.err
    assert problems(run) == found


@pytest.mark.parametrize("command", ["acknowledge", "retry"])
def test_nothing_to_settle_is_no_failure(run: Run, tmp_path: Path, command: str) -> None:
    fill(tmp_path / STORE, done=1)
    ran = run("webhooks", command, "--all", terminal=True)
    assert (ran.code, ran.out) == (0, "")
    assert re.search("nothing (is to be acknowledged|has failed)", ran.err)


def test_a_settled_webhook_is_shown_at_a_terminal(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / STORE, unreadable=1)
    ident = problems(run)["unreadable"]
    ran = run("webhooks", "acknowledge", ident, terminal=True)
    assert re.search(rf"{ident} +acme +codility +unreadable +result", re.sub(r"\x1b\[[0-9;]*m", "", ran.out))
    assert ran.err == "1 acknowledged\n"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (119, "119 s"), (121, "2 min"), (3 * 3600, "3 h"), (50 * 3600, "2 d")]
)
def test_an_age_is_told_in_its_unit(seconds: float, told: str) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert webhook_status._age(now - timedelta(seconds=seconds), now) == told


def test_webhooks_alone_shows_what_there_is(run: Run) -> None:
    ran = run("webhooks")
    assert ran.code == 2
    assert re.search("acknowledge.*retry.*serve.*status.*url", ran.out, re.DOTALL)
