"""Several accounts as one: failures apart, references routed, nothing left open."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from interviewkit import (
    ConfigurationError,
    Hub,
    InvalidArgumentError,
    NotFoundError,
    Ref,
    SessionRef,
    UnsupportedError,
    config,
    registry,
)
from tests.fake_vendor import FakeProvider, session, trouble


def fake(label: str, **keywords: object) -> FakeProvider:
    return FakeProvider("key", account=label, **keywords)  # type: ignore[arg-type]


class OtherVendor(FakeProvider):
    name = "other"


def test_accounts_are_found_by_label() -> None:
    hub = Hub([fake("one"), fake("two")])
    assert hub["two"].account == "two"
    assert [provider.account for provider in hub] == ["one", "two"]
    assert (len(hub), "one" in hub, "three" in hub) == (2, True, False)
    with pytest.raises(InvalidArgumentError, match=r"no account 'three' \(there are: one, two\)"):
        hub["three"]


def test_two_providers_with_one_label_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="label 'one'"):
        Hub([fake("one"), fake("one")])


def test_a_hub_is_made_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {"fake": FakeProvider})
    monkeypatch.setenv("ACME_KEY", "k")
    path = tmp_path / "interviewkit.toml"
    path.write_text('[accounts.acme]\nprovider = "fake"\napi_key = "env:ACME_KEY"\n')
    assert Hub.from_config(path).labels == ("acme",)
    assert Hub.from_config(path, only="acme").labels == ("acme",)


def test_a_hub_is_made_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODERPAD_API_KEY", "k")
    assert Hub.from_env().labels == ("coderpad",)


def test_an_environment_without_accounts_names_the_variables_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in chain.from_iterable(config.VARIABLES.values()):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="CODERPAD_API_KEY, REMOTEINTERVIEW_API_KEY or CODILITY_TOKEN"):
        Hub.from_env()


@pytest.mark.parametrize("given", [["sk-secret"], "sk-secret", None, [FakeProvider], fake("one")])
def test_what_is_no_provider_is_refused_by_its_type(given: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"not (of )?a (str|NoneType|FakeProvider)") as caught:
        Hub(given)
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"kind": "party"}, "kind is a SessionKind"),
        ({"updated_since": datetime(2026, 1, 1)}, "updated_since is a datetime with a time zone"),  # noqa: DTZ001
        ({"updated_since": "2026-01-01"}, "updated_since is"),
        ({"assessment_id": 5}, "assessment_id is an id"),
        ({"accounts": ["nobody"]}, "no account 'nobody'"),
    ],
)
def test_a_filter_that_no_vendor_could_take_is_refused_at_once(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidArgumentError, match=said):
        Hub([fake("one")]).list_sessions(**arguments)


def test_archived_is_a_truth_value() -> None:
    with pytest.raises(InvalidArgumentError, match="include_archived"):
        Hub([fake("one")]).list_assessments(include_archived="no")  # type: ignore[arg-type]


async def test_one_account_may_be_named_as_plain_text() -> None:
    hub = Hub([fake("one"), fake("two")])
    assert {row.account for row in await hub.list_sessions(accounts="two").collect()} == {"two"}
    assert {row.account for row in await hub.list_assessments(accounts="one").collect()} == {"one"}


@pytest.mark.parametrize(("refs", "account"), [("fake:live:a", None), (None, None), (["fake:live:a"], "nobody")])
async def test_reports_asked_for_wrongly_are_refused_as_a_whole(refs: Any, account: str | None) -> None:
    with pytest.raises(InvalidArgumentError):
        await anext(Hub([fake("one")]).fetch_reports(refs, account=account))


async def test_all_accounts_are_listed_and_one_failure_ends_no_other() -> None:
    hub = Hub([fake("good", pages=[("a",), ("b",)]), fake("bad", pages=[("c",)], failing=trouble())])
    rows = [(row.account, row.ref.id) async for row in hub.list_sessions()]
    assert sorted(rows) == [("bad", "c"), ("good", "a"), ("good", "b")]
    assert list(hub.failures) == ["bad"]
    assert hub.failures["bad"].account == "bad"


async def test_failures_belong_to_the_listing_that_was_begun_last() -> None:
    hub = Hub([fake("bad", failing=trouble())])
    first = hub.list_sessions()
    await first.collect()
    assert hub.failures == first.failures != {}
    await hub.list_assessments().collect()
    assert hub.failures == {}
    assert first.failures != {}


async def test_an_account_that_cannot_do_it_is_a_failure_of_its_own() -> None:
    hub = Hub([fake("one")])
    assert await hub.list_sessions(updated_since=datetime(2026, 1, 1, tzinfo=UTC)).collect() == []
    assert isinstance(hub.failures["one"], UnsupportedError)


async def test_a_bug_in_a_plugin_is_its_accounts_failure() -> None:
    hub = Hub([fake("good"), fake("buggy", failing=ZeroDivisionError())])
    assert len(await hub.list_sessions().collect()) == 4
    assert "ZeroDivisionError" in str(hub.failures["buggy"])


async def test_rows_that_cannot_be_read_are_counted_by_account() -> None:
    hub = Hub([fake("one", bad_rows=2), fake("two")])
    await hub.list_sessions().collect()
    assert {label: len(rows) for label, rows in hub.problems.items()} == {"one": 2}


async def test_a_slow_account_holds_up_no_other() -> None:
    hub = Hub([fake("slow", delay=0.04), fake("quick")])
    rows = [row.account async for row in hub.list_sessions()]
    assert rows == ["quick", "quick", "slow", "slow"]


async def test_lists_are_read_no_further_than_they_are_wanted() -> None:
    endless = fake("one", pages=[(f"p{number}",) for number in range(100)])
    rows = aiter(Hub([endless]).list_sessions())
    await anext(rows)
    await asyncio.sleep(0.02)
    assert endless.read <= 3
    await rows.aclose()


async def test_nothing_runs_on_after_the_caller_stopped() -> None:
    before = asyncio.all_tasks()
    await Hub([fake("one"), fake("slow", delay=0.04)]).list_sessions().collect(limit=1)
    assert asyncio.all_tasks() == before


async def test_cancelling_a_listing_leaves_nothing_running() -> None:
    hub = Hub([fake("slow", delay=5)])
    task = asyncio.ensure_future(hub.list_sessions().collect())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) == 1


async def test_a_listing_can_be_narrowed_to_some_accounts() -> None:
    hub = Hub([fake("one"), fake("two")])
    assert {row.account async for row in hub.list_sessions(accounts=["two"])} == {"two"}


async def test_a_reference_goes_to_the_account_at_its_vendor() -> None:
    hub = Hub([fake("one"), OtherVendor("k", account="two")])
    assert (await hub.fetch_report("other:live:x")).account == "two"
    with pytest.raises(InvalidArgumentError, match="no account at codility"):
        await hub.fetch_report("codility:take_home:x")


async def test_a_reference_that_fits_several_accounts_names_them() -> None:
    hub = Hub([fake("one"), fake("two")])
    with pytest.raises(InvalidArgumentError, match="one, two"):
        await hub.fetch_report("fake:live:x")
    assert (await hub.fetch_report("fake:live:x", account="two")).account == "two"


async def test_a_session_goes_to_the_account_it_came_from() -> None:
    hub = Hub([fake("one"), fake("two")])
    assert (await hub.fetch_report(session("two", "x"))).account == "two"
    with pytest.raises(InvalidArgumentError, match="one, two"):
        await hub.fetch_report(session("elsewhere", "x"))


async def test_a_bare_id_needs_its_account() -> None:
    hub = Hub([fake("one")])
    with pytest.raises(InvalidArgumentError, match="bare id"):
        await hub.fetch_report("x")
    assert (await hub.fetch_report("x", account="one")).ref.id == "x"


async def test_many_reports_come_with_each_failure_apart() -> None:
    hub = Hub([fake("one"), OtherVendor("k", account="two")])
    refs: list[Ref] = ["fake:live:a", "fake:live:missing", "codility:take_home:b", "no reference:", session("one", "c")]
    outcomes = {str(outcome.ref): outcome async for outcome in hub.fetch_reports(refs)}
    assert {ref for ref, outcome in outcomes.items() if outcome.report} == {"fake:live:a", "fake:live:c"}
    assert isinstance(outcomes["fake:live:missing"].error, NotFoundError)
    assert outcomes["fake:live:missing"].account == "one"
    assert outcomes["fake:live:missing"].ref == SessionRef.parse("fake:live:missing")
    assert isinstance(outcomes["codility:take_home:b"].error, InvalidArgumentError)
    assert isinstance(outcomes["no reference:"].error, InvalidArgumentError)


async def test_all_providers_are_closed_even_when_one_cannot_be() -> None:
    providers = [fake("one", closing=RuntimeError("stuck")), fake("two", delay=0.02)]
    with pytest.raises(RuntimeError, match="stuck"):
        async with Hub(providers):
            pass
    assert [provider.closed for provider in providers] == [True, True]
