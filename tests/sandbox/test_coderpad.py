"""CoderPad in the sandbox: what its documents promise, and what they refuse."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from .client import Client
from .conftest import open_box


async def create(client: Client, **fields: str) -> Any:
    return (await client.coderpad("POST", "/api/pads", data={"language": "python", **fields})).json


async def show(client: Client, pad: str) -> Any:
    return (await client.coderpad("GET", f"/api/pads/{pad}")).json


@pytest.mark.parametrize("header", ['Token token="nope"', "Bearer nope", "Basic bm9wZQ==", ""])
async def test_a_wrong_key_gets_the_vendors_401(client: Client, header: str) -> None:
    answer = await client.coderpad("GET", "/api/pads", headers={"Authorization": header})
    assert (answer.status, answer.json) == (401, {"status": "ERROR", "message": "Invalid API key"})


async def test_the_key_is_taken_as_a_bearer_too(client: Client) -> None:
    headers = {"Authorization": f"Bearer {client.box.coderpad.api_key}"}
    assert (await client.coderpad("GET", "/api/user", headers=headers)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/api/pads?per_page=10", {}),
        ("GET", "/api/pads?sort=name,asc", {}),
        ("GET", "/api/pads?page=0", {}),
        ("GET", "/api/pads?cursor=nonsense", {}),
        ("GET", "/api/organization/stats?start_time=2026-01-01T00:00:00Z", {}),
        ("POST", "/api/pads", {"data": {"titel": "typo"}}),
        ("POST", "/api/pads", {"data": {"language": "klingon"}}),
        ("POST", "/api/pads", {"data": {"contents": "x", "question_id": "100001"}}),
        ("POST", "/api/pads", {"data": {"question_id": "1"}}),
        ("POST", "/api/pads", {"data": {"private": "yes"}}),
        ("POST", "/api/questions", {"data": {"question[title]": "no language"}}),
        ("POST", "/api/questions", {"data": {"title": "t", "language": "go", "zip_file": "no archive"}}),
        ("POST", "/api/questions/100001/variants", {"json": {"contents": "no language"}}),
        (
            "POST",
            "/api/questions/100001/variants",
            {"json": {"language": "go", "contents": "a", "file_contents": [{"path": "b", "contents": "c"}]}},
        ),
        ("POST", "/api/questions", {"data": {"title": "t", "language": "go", "contents": "a", "file_contents": "[]"}}),
        ("POST", "/api/questions", {"data": {"title": "t", "language": "go", "candidate_instructions": "[{'a': 1}]"}}),
    ],
)
async def test_what_the_documents_do_not_allow_is_a_400(
    client: Client, method: str, path: str, options: dict[str, Any]
) -> None:
    answer = await client.coderpad(method, path, **options)
    assert (answer.status, answer.json["status"]) == (400, "ERROR")
    assert not client.box.commits


async def test_an_unknown_content_type_is_a_415(client: Client) -> None:
    answer = await client.coderpad("POST", "/api/pads", data=b"title", headers={"Content-Type": "text/plain"})
    assert answer.status == 415


@pytest.mark.parametrize("path", ["/api/pads/NOSUCHID", "/api/pad_environments/1", "/api/questions/7", "/api/nothing"])
async def test_an_unknown_id_is_a_404(client: Client, path: str) -> None:
    answer = await client.coderpad("GET", path)
    assert (answer.status, answer.json["message"]) == (404, "Resource not found")


@pytest.mark.parametrize(
    "options",
    [
        {"data": {"title": "Pier review", "language": "go", "execution_enabled": "false"}},
        {"json": {"pad": {"title": "Pier review", "language": "go", "execution_enabled": "false"}}},
        {"json": {"title": "Pier review", "language": "go", "execution_enabled": "false"}},
    ],
)
async def test_a_pad_is_created_from_a_form_and_from_json(client: Client, options: dict[str, Any]) -> None:
    created = (await client.coderpad("POST", "/api/pads", **options)).json
    shown = await show(client, created["id"])
    assert (shown["title"], shown["language"], shown["execution_enabled"]) == ("Pier review", "go", False)


async def test_a_json_boolean_for_execution_is_ignored_as_third_parties_saw(client: Client) -> None:
    created = (await client.coderpad("POST", "/api/pads", json={"language": "go", "execution_enabled": False})).json
    assert created["execution_enabled"] is True


async def test_a_pad_from_a_question_has_its_language_and_counts_its_use(client: Client) -> None:
    before = (await client.coderpad("GET", "/api/questions/100001")).json
    pad = await create(client, question_id="100001")
    after = (await client.coderpad("GET", "/api/questions/100001")).json
    assert (pad["language"], pad["question_ids"]) == (before["language"], [100001])
    assert after["used"] == before["used"] + 1


async def test_the_documents_own_cookie_is_set_on_create(client: Client) -> None:
    answer = await client.coderpad("POST", "/api/pads", data={"language": "go"})
    assert "Set-Cookie" in answer.headers


async def test_a_used_up_quota_refuses_pads_and_says_so(client: Client) -> None:
    client.box.coderpad.quota_limit = client.box.coderpad.quota_used + 1
    await create(client)
    answer = await client.coderpad("POST", "/api/pads", data={"language": "go"})
    assert (answer.status, answer.json["message"]) == (429, "Over quota")
    assert (await client.coderpad("GET", "/api/quota")).json["pads_remaining"] == 0
    assert len(client.box.coderpad.commits) == 1


@pytest.mark.parametrize("value", ["false", "yes", "1"])
async def test_only_the_word_true_ends_or_deletes(client: Client, value: str) -> None:
    pad = (await create(client))["id"]
    await client.coderpad("PUT", f"/api/pads/{pad}", data={"ended": value, "deleted": value})
    assert (await show(client, pad))["state"] == "pending"


async def test_an_ended_pad_says_when_and_by_whom(client: Client) -> None:
    pad = (await create(client))["id"]
    await client.coderpad("PUT", f"/api/pads/{pad}", data={"ended": "true"})
    shown = await show(client, pad)
    events = (await client.coderpad("GET", f"/api/pads/{pad}/events")).json["events"]
    assert (shown["state"], bool(shown["ended_at"]), events[0]["kind"]) == ("ended", True, "ended")


async def test_a_deleted_pad_is_gone_from_show_and_list(client: Client) -> None:
    pad = (await create(client))["id"]
    before = len(await client.every_pad())
    await client.coderpad("PUT", f"/api/pads/{pad}", data={"deleted": "true"})
    assert (await client.coderpad("GET", f"/api/pads/{pad}")).status == 404
    assert len(await client.every_pad()) == before - 1


async def test_owners_things_are_forbidden_to_others(client: Client) -> None:
    client.box.coderpad.owner = False
    owned = await client.coderpad("POST", "/api/pads", data={"language": "go", "user_email": "x@example.org"})
    listed = await client.coderpad("GET", "/api/organization/pads")
    assert (owned.status, listed.status, listed.json["message"]) == (403, 403, "Forbidden")


async def test_the_owner_may_create_for_somebody_else(client: Client) -> None:
    pad = await create(client, user_email="colleague@example.org")
    own = [row["id"] for row in await client.every_pad("/api/pads?sort=created_at,asc")]
    assert pad["owner_email"] == "colleague@example.org"
    assert pad["id"] not in own
    assert pad["id"] in [row["id"] for row in await client.every_pad()]


async def test_a_changed_pad_leads_the_list_by_update(client: Client) -> None:
    oldest = (await client.every_pad())[0]["id"]
    await client.coderpad("PUT", f"/api/pads/{oldest}", data={"notes": "late"})
    first = (await client.coderpad("GET", "/api/organization/pads?sort=updated_at,desc")).json["pads"][0]
    assert (first["id"], first["notes"]) == (oldest, "late") or "notes" not in first


@pytest.mark.parametrize("order", ["created_at", "updated_at"])
async def test_both_directions_of_a_list_are_sorted_and_whole(plain: Client, order: str) -> None:
    up = await plain.every_pad(f"/api/organization/pads?sort={order},asc")
    down = await plain.every_pad(f"/api/organization/pads?sort={order},desc")
    assert [row["id"] for row in up] == [row["id"] for row in down][::-1]
    assert [row[order] for row in up] == sorted(row[order] for row in up)
    assert len({row["id"] for row in up}) == len(up) == 30


async def test_own_pads_are_those_of_the_keys_user(plain: Client) -> None:
    mine = {row["owner_email"] for row in await plain.every_pad("/api/pads?sort=created_at,asc")}
    everybody = {row["owner_email"] for row in await plain.every_pad()}
    assert len(mine) == 1
    assert mine < everybody


async def test_lists_page_by_cursor_with_quirks_and_by_number_without() -> None:
    async with open_box(sessions=400) as quirky, open_box(sessions=400, quirks=False) as plain:
        for client, word in ((quirky, "cursor="), (plain, "page=2")):
            first = (await client.coderpad("GET", "/api/pads?sort=updated_at,desc")).json
            rows = await client.every_pad("/api/pads?sort=updated_at,desc")
            assert word in first["next_page"]
            assert len({row["id"] for row in rows}) == len(rows) == first["total"]


async def test_an_index_that_lags_shows_a_pad_only_later() -> None:
    async with open_box(list_lag=60) as client:
        pad = (await create(client))["id"]
        at_once = [row["id"] for row in await client.every_pad()]
        client.box.clock.advance(61)
        later = [row["id"] for row in await client.every_pad()]
        assert (pad in at_once, pad in later, (await show(client, pad))["id"]) == (False, True, pad)


async def test_a_drifting_list_loses_rows_between_two_pages() -> None:
    async with open_box(sessions=400, quirks=False) as client:
        client.box.coderpad.drift(after_page=1, delete=3)
        rows = await client.every_pad("/api/organization/pads?sort=created_at,desc")
        total = (await client.coderpad("GET", "/api/organization/pads")).json["total"]
        assert total == 134 - 3
        assert len(rows) == 134 - 3  # three were read before they went, three more were never seen


async def test_a_drifting_list_shows_rows_twice_when_new_ones_arrive() -> None:
    async with open_box(sessions=400, quirks=False) as client:
        client.box.coderpad.drift(after_page=1, create=2)
        ids = [row["id"] for row in await client.every_pad("/api/organization/pads?sort=created_at,desc")]
        assert len(ids) - len(set(ids)) == 2


async def test_stats_count_the_pads_of_a_window(plain: Client) -> None:
    await create(plain)
    week = (await plain.coderpad("GET", "/api/organization/stats")).json
    ever = "start_time=2020-01-01T00:00:00Z&end_time=2040-01-01T00:00:00Z"
    whole = (await plain.coderpad("GET", f"/api/organization/stats?{ever}")).json
    assert (week["pads_created"], whole["pads_created"]) == (1, 31)
    assert sum(user["pads_created"] for user in whole["users"]) == 31


async def test_candidates_work_a_pad_from_pending_to_ended(client: Client) -> None:
    pad = (await create(client))["id"]
    await client.box.work(pad, until="started")
    started = await show(client, pad)
    assert await client.box.work() == [pad]
    ended = await show(client, pad)
    environment = (await client.coderpad("GET", f"/api/pad_environments/{ended['pad_environment_ids'][0]}")).json
    kinds = [event["kind"] for event in (await client.coderpad("GET", f"/api/pads/{pad}/events")).json["events"]]
    assert (started["state"], len(started["participants"]), ended["state"]) == ("started", 2, "ended")
    assert {"joined", "started", "ran", "left"} < set(kinds)
    assert "history" in environment["file_contents"][0]
    assert await client.box.work() == []


async def test_more_than_fifty_events_come_in_pages(client: Client) -> None:
    pads = [client.box.coderpad.pads.numbered(number) for number in range(30)]
    busy = next(pad for pad in pads if pad is not None and len(pad.events) > 50)
    first = (await client.coderpad("GET", f"/api/pads/{busy.id}/events")).json
    second = (await client.coderpad("GET", first["next_page"].removeprefix(client.box.coderpad.base_url))).json
    assert len(first["events"]) == 50
    assert len(first["events"]) + len(second["events"]) == first["total"] == len(busy.events)


@pytest.mark.parametrize("style", ["{}", "question[{}]"])
async def test_questions_take_flat_and_bracketed_names(client: Client, style: str) -> None:
    fields = {"title": "Sails", "language": "ruby", "candidate_instructions": '[{"instructions": "Begin."}]'}
    created = await client.coderpad("POST", "/api/questions", data={style.format(k): v for k, v in fields.items()})
    shown = (await client.coderpad("GET", f"/api/questions/{created.json['id']}")).json
    assert (shown["title"], shown["candidate_instructions"]) == ("Sails", [{"instructions": "Begin."}])


async def test_a_question_takes_a_zip_by_multipart(client: Client) -> None:
    form = aiohttp.FormData({"question[title]": "Sails", "question[language]": "multifile_python"})
    form.add_field("question[zip_file]", b"PK\x03\x04", filename="q.zip", content_type="application/zip")
    created = await client.coderpad("POST", "/api/questions", data=form)
    assert (created.status, created.json["file_contents"]) == (200, [])


async def test_a_deleted_question_is_gone(client: Client) -> None:
    await client.coderpad("DELETE", "/api/questions/100001")
    assert (await client.coderpad("GET", "/api/questions/100001")).status == 404


async def test_question_lists_filter_and_sort(client: Client) -> None:
    by_title = (await client.coderpad("GET", "/api/questions?sort=title,asc")).json["questions"]
    found = (await client.coderpad("GET", "/api/questions?text=tram&pad_types[]=live&pad_types[]=any")).json
    ruby = (await client.coderpad("GET", "/api/organization/questions?language=ruby")).json["questions"]
    assert [row["title"] for row in by_title] == sorted(row["title"] for row in by_title)
    assert all("tram" in row["title"].lower() for row in found["questions"])
    assert all(row["language"] == "ruby" for row in ruby)


async def test_own_questions_are_the_keys_users_and_the_organizations_are_all(client: Client) -> None:
    own = (await client.coderpad("GET", "/api/questions")).json
    shared = (await client.coderpad("GET", "/api/organization/questions")).json
    assert {row["owner_email"] for row in own["questions"]} == {client.box.coderpad.organization.owner.email}
    assert own["total"] < shared["total"]


async def test_a_zip_that_is_none_is_refused(client: Client) -> None:
    form = aiohttp.FormData({"question[title]": "Sails", "question[language]": "multifile_python"})
    form.add_field("question[zip_file]", b"plain text", filename="q.zip", content_type="application/zip")
    assert (await client.coderpad("POST", "/api/questions", data=form)).status == 400


async def test_users_are_found_by_their_exact_mailbox(client: Client) -> None:
    owner = client.box.coderpad.organization.owner
    found = (await client.coderpad("GET", f"/api/organization/users?email={owner.email}")).json["users"]
    nobody = (await client.coderpad("GET", "/api/organization/users?email=nobody@example.com")).json["users"]
    assert ([user["name"] for user in found], nobody) == ([owner.name], [])


async def test_variants_are_created_changed_listed_and_deleted(client: Client) -> None:
    path = "/api/questions/100002/variants"
    one = (await client.coderpad("POST", path, json={"language": "ruby", "contents": "puts 1"})).json
    await client.coderpad("PUT", f"{path}/{one['id']}", json={"contents": ""})
    shown = (await client.coderpad("GET", f"{path}/{one['id']}")).json
    listed = [(await client.coderpad("GET", path)).json for _ in range(2)]
    gone = await client.coderpad("DELETE", f"{path}/{one['id']}")
    assert shown["contents"] == ""
    assert {type(answer) for answer in listed} == {list, dict}
    assert gone.status in {200, 204}
    assert (await client.coderpad("GET", f"{path}/{one['id']}")).status == 404


async def test_older_and_newer_key_names_take_turns(client: Client) -> None:
    quotas = [(await client.coderpad("GET", "/api/quota")).json for _ in range(2)]
    assert {"monthly_pad_limit", "billing_cycle_pad_limit"} <= set().union(*quotas)


async def test_quirks_bring_every_form_of_events() -> None:
    async with open_box(sessions=150) as client:
        forms = set()
        for row in await client.every_pad():
            events = row["events"]
            forms.add("address" if isinstance(events, str) else f"list of {type(events[0]).__name__}" if events else "")
        assert {"address", "list of str", "list of dict"} <= forms


async def test_the_history_is_left_out_of_show_with_quirks_only(client: Client, plain: Client) -> None:
    quirky = [await show(client, row["id"]) for row in await client.every_pad() if "state" in row]
    newest = [await show(plain, row["id"]) for row in await plain.every_pad()]
    assert sum("history" in pad for pad in quirky) == 0
    assert all("history" in pad for pad in newest)
