"""The kit's own parts: what is imported when, the tap, recorded answers, and JSON changed part by part."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interviewkit import DeadlineExceededError, Outcome, TransportError
from interviewkit.testing import ConformanceSuite, Fault, Scripted, Sent, answer, recorded
from interviewkit.testing.json_parts import GONE, fields, parse, replaced, rows_within, shown_in
from interviewkit.testing.tap import GARBAGE, Tap

ROOT = Path(__file__).parents[2]


async def ask(carrier: Any, target: str = "/v1/things", *, timeout: float = 0.01) -> Any:
    url = f"https://acme.example{target}"
    return await carrier.send("GET", url, headers={}, body=None, timeout=timeout, max_bytes=9)


def test_fakes_and_scripts_need_no_pytest() -> None:
    code = "import sys; from interviewkit.testing import FakeProvider, recorded; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=30).returncode == 0


def test_unknown_names_are_attribute_errors() -> None:
    import interviewkit.testing as kit

    with pytest.raises(AttributeError):
        kit.Nothing  # noqa: B018
    assert set(kit.__all__) == set(kit._HOME)


def test_the_suite_runs_under_a_strict_pytest_asyncio() -> None:
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=strict",
        "-k", "401 or closes", "tests/conformance/test_third_party.py",
    ]  # fmt: skip
    ran = subprocess.run(command, cwd=ROOT, check=False, timeout=60, capture_output=True, text=True)
    assert "2 passed" in ran.stdout, ran.stdout


async def test_a_suite_without_provider_or_backend_says_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match="make_provider"):
        ConformanceSuite().make_provider()
    with pytest.raises(NotImplementedError, match="make_backend"):
        await ConformanceSuite().test_401_is_an_authentication_error()


async def test_recorded_answers_go_by_target_then_by_path_then_are_404() -> None:
    routes = {"GET /v1/things": [1], "GET /v1/things?page=2": [2], "GET /v1/made": lambda sent: sent.url[-4:]}
    carrier = recorded(routes)()
    bodies = [(await ask(carrier, target)).body for target in ("/v1/things", "/v1/things?page=2", "/v1/things?page=3")]
    assert bodies == [b"[1]", b"[2]", b"[1]"]
    assert (await ask(carrier, "/v1/made")).body == b'"made"'
    assert (await ask(carrier, "/v1/other")).status == 404


@pytest.mark.parametrize(
    ("kind", "error", "outcome"),
    [
        ("refused", TransportError, Outcome.NOT_SENT),
        ("reset", TransportError, Outcome.UNKNOWN),
        ("truncated", TransportError, Outcome.UNKNOWN),
        ("hang", DeadlineExceededError, Outcome.UNKNOWN),
    ],
)
async def test_a_tap_fails_as_a_transport_does(kind: str, error: type[TransportError], outcome: Outcome) -> None:
    tap = Tap(recorded({})())
    tap.fail(Fault(kind=kind), times=1)
    with pytest.raises(error) as caught:
        await ask(tap)
    assert caught.value.outcome is outcome
    assert (await ask(tap)).status == 404


@pytest.mark.parametrize("flavour", GARBAGE)
async def test_a_tap_gives_garbage_instead_of_the_answer(flavour: str) -> None:
    tap = Tap(recorded({"GET /v1/things": []})())
    tap.fail(Fault(kind="garbage", flavour=flavour))
    assert (await ask(tap)).body == GARBAGE[flavour]
    tap.calm()
    assert (await ask(tap)).body == b"[]"


async def test_a_tap_spares_reads_where_only_writes_shall_fail() -> None:
    tap = Tap(recorded({"GET /v1/things": []})())
    tap.fail(Fault(kind="reset"), writes_only=True)
    assert (await ask(tap)).status == 200


async def test_a_tap_holds_requests_until_it_is_told_to_let_go() -> None:
    tap = Tap(recorded({"GET /v1/things": []})())
    tap.hold()
    asked = [asyncio.ensure_future(ask(tap)) for _ in range(3)]
    for _turn in range(5):
        await asyncio.sleep(0)
    assert (tap.in_flight, any(one.done() for one in asked)) == (3, False)
    tap.release()
    await asyncio.gather(*asked)
    assert (tap.in_flight, tap.peak) == (0, 3)


async def test_a_script_gives_its_answers_in_order_and_ends() -> None:
    script = Scripted([answer({"a": 1}), TransportError("gone"), lambda sent: answer(sent.method)])
    assert (await ask(script)).body == b'{"a": 1}'
    with pytest.raises(TransportError, match="gone"):
        await ask(script)
    assert (await ask(script)).body == b'"GET"'
    with pytest.raises(TransportError, match="no answer left"):
        await ask(script)
    assert [sent.url for sent in script.sent] == ["https://acme.example/v1/things"] * 4


async def test_a_closed_script_refuses_to_answer() -> None:
    script = Scripted([answer()])
    await script.aclose()
    with pytest.raises(ValueError, match="closed"):
        await ask(script)


def test_a_sent_request_shows_neither_key_nor_body() -> None:
    sent = Sent(method="POST", url="https://acme.example/?key=k-1", headers={"X-Key": "k-1"}, body=b"jo@example.com")
    assert "k-1" not in repr(sent)
    assert "jo@" not in repr(sent)


def test_parts_are_found_replaced_and_left_out() -> None:
    value = {"rows": [{"id": 1, "who": {"name": "Jo"}}, {"id": 2}], "next": None}
    assert [shown_in(where) for where, _ in fields(value)] == [
        "$.rows", "$.rows[0].id", "$.rows[0].who", "$.rows[0].who.name", "$.next",
    ]  # fmt: skip
    assert replaced(value, ("rows", 0, "who", "name"), None)["rows"][0] == {"id": 1, "who": {"name": None}}
    assert replaced(value, ("rows", 1, "id"), GONE)["rows"] == [{"id": 1, "who": {"name": "Jo"}}, {}]
    assert rows_within(value, [{"id": 2}]) == [("rows", 1)]
    assert value["next"] is None
    assert parse(b"<html>") is None
