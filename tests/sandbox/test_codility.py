"""Codility in the sandbox: what its page promises, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from interviewkit.sandbox import EPOCH

from .client import Client
from .conftest import open_box


async def show(client: Client, ident: str) -> Any:
    return (await client.codility("GET", f"/api/sessions/{ident}/")).json


@pytest.mark.parametrize("header", ["Bearer nope", "", "Token nope"])
async def test_a_wrong_token_is_a_401_with_a_json_body(client: Client, header: str) -> None:
    answer = await client.codility("GET", "/api/tests/", headers={"Authorization": header})
    assert (answer.status, list(answer.json)) == (401, ["detail"])


async def test_a_good_token_needs_its_scheme(client: Client) -> None:
    headers = {"Authorization": f"Token {client.box.codility.token}"}
    assert (await client.codility("GET", "/api/tests/", headers=headers)).status == 401


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/tests"), ("POST", "/api/sessions/ABCDEF-123/cancel")])
async def test_a_missing_slash_is_redirected(client: Client, method: str, path: str) -> None:
    answer = await client.codility(method, path)
    assert (answer.status, answer.headers["Location"]) == (301, f"{path}/")


async def test_who_does_not_ask_for_json_gets_a_page(client: Client) -> None:
    page = await client.codility("GET", "/api/tests/", headers={"Accept": "text/html"})
    forced = await client.codility("GET", "/api/tests/?format=json", headers={"Accept": "text/html"})
    assert (page.headers["Content-Type"].split(";")[0], "results" in forced.json) == ("text/html", True)


async def test_a_wrong_method_is_a_405(client: Client) -> None:
    assert (await client.codility("DELETE", "/api/tests/")).status == 405


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"candidates": []},
        {"candidates": [{"email": "a@example.com"}]},
        {"candidates": [{"id": "1", "email": "nobody"}]},
        {"candidates": [{"id": "1", "deadline": "tomorrow"}]},
        {"candidates": [{"id": "1"}], "send_emails": True},
        {"candidates": [{"id": "1"}], "event_callbacks": [{"event": "finished", "url": "https://a.example"}]},
    ],
)
async def test_an_invitation_against_the_page_is_a_400_and_changes_nothing(
    client: Client, body: dict[str, Any]
) -> None:
    test = client.box.codility.sessions.tests[0].id
    answer = await client.codility("POST", f"/api/tests/{test}/invite/", json=body)
    assert (answer.status, client.box.commits) == (400, [])


async def test_a_form_is_no_json(client: Client) -> None:
    answer = await client.codility("POST", "/api/codelive/create_whiteboard/", data={"room_name": "Pier"})
    assert answer.status == 415


@pytest.mark.parametrize("query", ["page=999", "page=0", "limit=5"])
async def test_pages_that_do_not_exist_are_refused(client: Client, query: str) -> None:
    assert (await client.codility("GET", f"/api/sessions/?{query}")).status in {400, 404}


async def test_sessions_are_listed_newest_first_by_twenty(client: Client) -> None:
    page = (await client.codility("GET", "/api/sessions/")).json
    rows = await client.every_session()
    dates = [row["create_date"] for row in rows]
    assert (len(page["results"]), page["count"], len({row["id"] for row in rows})) == (20, 30, 30)
    assert dates == sorted(dates, reverse=True)


async def test_a_tests_sessions_are_its_own(client: Client) -> None:
    ident = await client.invite()
    test = client.box.codility.sessions.tests[0].id
    rows = await client.every_session(f"/api/tests/{test}/sessions/")
    assert rows[0]["id"] == ident
    assert all(str(test) in row["campaign_url"] for row in rows)
    assert len(rows) == 11


async def test_archived_tests_are_filtered_by_capital_words(client: Client) -> None:
    everything = (await client.codility("GET", "/api/tests/")).json["count"]
    active = (await client.codility("GET", "/api/tests/?is_archived=False")).json["count"]
    archived = (await client.codility("GET", "/api/tests/?is_archived=True")).json["count"]
    wrong = await client.codility("GET", "/api/tests/?is_archived=false")
    assert (everything, wrong.status) == (active + archived, 400)
    assert archived


async def test_an_invitation_goes_from_invited_to_evaluated(client: Client) -> None:
    ident = await client.invite("ats-17")
    seen = []
    for stage in ("started", "submitted", "evaluated"):
        session = await show(client, ident)
        seen.append(
            (bool(session["start_date"]), bool(session["cancel_url"]), session["evaluation"]["result"] is not None)
        )
        await client.box.work(ident, until=stage)
    done = await show(client, ident)
    assert seen == [(False, True, False), (True, True, False), (True, False, False)]
    assert done["evaluation"]["result"] == sum(task["result"] for task in done["evaluation"]["tasks"])
    assert (done["candidate"], done["cancel_url"]) == ("ats-17", None)


async def test_similarity_comes_after_the_result() -> None:
    async with open_box(sessions=3, quirks=False) as client:
        idents = [await client.invite(f"c{number}") for number in range(12)]
        await client.box.work()
        before = [(await show(client, ident))["similarity"] for ident in idents]
        client.box.clock.advance(121)
        after = [(await show(client, ident))["similarity"] for ident in idents]
        assert not any(before)
        assert any(after)


async def test_a_started_session_is_cancelled_once_and_an_evaluated_one_never(client: Client) -> None:
    started, done = await client.invite(), await client.invite()
    await client.box.work(started, until="started")
    await client.box.work(done)
    answers = [await client.codility("POST", f"/api/sessions/{ident}/cancel/") for ident in (started, started, done)]
    assert [answer.status for answer in answers] == [200, 400, 400]
    assert [commit.kind for commit in client.box.commits].count("session.cancel") == 1


async def test_an_invitation_expires_after_two_weeks(client: Client) -> None:
    ident = await client.invite()
    client.box.clock.advance(15 * 86400)
    assert (await client.codility("POST", f"/api/sessions/{ident}/cancel/")).status == 400
    assert (await show(client, ident))["cancel_url"] is None


async def test_many_candidates_are_invited_by_one_call_and_twins_stay_apart(client: Client) -> None:
    test = client.box.codility.sessions.tests[0].id
    people = [{"id": "same", "email": "twin@example.com"}, {"id": "same", "email": "twin@example.com"}, {"id": 3}]
    answer = (await client.codility("POST", f"/api/tests/{test}/invite/", json={"candidates": people})).json
    assert [row["id"] for row in answer["candidates"]] == ["same", "same", 3]
    assert len({row["session_url"] for row in answer["candidates"]}) == 3
    assert len(client.box.codility.commits) == 3


async def test_what_is_stored_with_a_candidate_comes_back(client: Client) -> None:
    test = client.box.codility.sessions.tests[0].id
    callbacks = [{"event": "result", "url": "https://ats.example.com/hook"}]
    body = {"candidates": [{"id": "a", "additional_data": {"req": [1, 2]}}], "event_callbacks": callbacks}
    answer = (await client.codility("POST", f"/api/tests/{test}/invite/", json=body)).json
    ident = answer["candidates"][0]["session_url"].split("/")[-2]
    assert (await show(client, ident))["candidate_data"]["additional_data"] == {"req": [1, 2]}
    stored = client.box.codility.sessions.find(ident)
    assert stored is not None
    assert stored.event_callbacks == callbacks


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"content": "[PRIVATE_TEST_LINK]", "cc": ["a@example.com"]}, 200),
        ({}, 200),
        (None, 200),
        ({"content": "no link"}, 400),
        ({"cc": "a@example.com"}, 400),
        ({"template": "x"}, 400),
    ],
)
async def test_a_mail_needs_the_private_link_when_it_has_content(client: Client, body: Any, status: int) -> None:
    ident = await client.invite()
    assert (await client.codility("POST", f"/api/sessions/{ident}/email/", json=body)).status == status


async def test_a_saved_template_is_listed(client: Client) -> None:
    body = {"name": "Second", "reply_to": ["a@example.com", "b@example.com"], "subject": "s", "content": "c"}
    wrong = await client.codility("POST", "/api/email-templates/create/", json={**body, "reply_to": "a@example.com"})
    assert (await client.codility("POST", "/api/email-templates/create/", json=body)).json == "ok"
    saved = (await client.codility("GET", "/api/email-templates/saved/")).json
    assert (wrong.status, saved[-1]["name"], len(saved)) == (400, "Second", 2)


async def test_a_report_link_opens_without_a_login_until_it_expires(client: Client) -> None:
    ident = await client.invite()
    link = (await client.codility("POST", f"/api/sessions/{ident}/embed_report/")).json
    opened = await client.ask("GET", link["url"])
    client.box.clock.advance(601)
    closed = await client.ask("GET", link["url"])
    forged = await client.ask("GET", link["url"][:-1] + "!")
    assert (opened.status, closed.status, forged.status) == (200, 403, 403)


async def test_a_report_link_opens_nothing_else(client: Client) -> None:
    ident = await client.invite()
    link = (await client.codility("POST", f"/api/sessions/{ident}/embed_report/")).json["url"]
    other = await client.ask("GET", link.replace("/api/tickets/", "/similarity/tickets/"))
    assert other.status == 403


async def test_a_link_to_the_similarity_report_waits_for_the_check() -> None:
    async with open_box(sessions=3) as client:
        statuses = set()
        for number in range(12):
            ident = await client.invite(f"c{number}")
            await client.box.work(ident)
            early = await client.codility("POST", f"/api/sessions/{ident}/embed_similarity/")
            client.box.clock.advance(121)
            late = await client.codility("POST", f"/api/sessions/{ident}/embed_similarity/")
            statuses.add((early.status, late.status))
            opened = (await client.ask("GET", late.json["url"])).status if late.status == 200 else 404
            assert opened == late.status
        assert statuses == {(404, 404), (404, 200)}


async def test_a_report_link_names_its_end_without_a_zone(client: Client) -> None:
    link = (await client.codility("POST", f"/api/sessions/{await client.invite()}/embed_report/")).json
    assert not link["valid_until"].endswith("Z")


async def test_the_pdf_is_there_once_the_test_is_evaluated(client: Client) -> None:
    ident = await client.invite()
    early = await client.codility("GET", f"/api/sessions/{ident}/pdf/")
    await client.box.work(ident)
    late = await client.codility("GET", f"/api/sessions/{ident}/pdf/", headers={"Accept": "application/pdf"})
    assert (early.status, late.headers["Content-Type"], late.body[:5]) == (404, "application/pdf", b"%PDF-")


async def test_a_whiteboard_is_a_session_with_an_access_code(client: Client) -> None:
    made = (await client.codility("POST", "/api/codelive/create_whiteboard/", json={"room_name": "Pier"})).json
    session = await show(client, made["test_url"].rstrip("/").rpartition("/")[2])
    assert session["codelive"]["access_code"] == made["access_code"]
    assert session["start_codelive_url"]


async def test_a_whiteboard_needs_no_name(client: Client) -> None:
    answer = await client.codility("POST", "/api/codelive/create_whiteboard/", json={})
    assert (answer.status, answer.json["access_code"].isdigit()) == (200, True)


@pytest.mark.parametrize("name", [5, ["Pier"], False])
async def test_a_whiteboards_name_is_text(client: Client, name: object) -> None:
    answer = await client.codility("POST", "/api/codelive/create_whiteboard/", json={"room_name": name})
    assert (answer.status, client.box.commits) == (400, [])


async def test_five_hundred_an_hour_are_held_in_a_sliding_window() -> None:
    async with open_box(sessions=3) as client:
        client.box.codility.limit(3, 3600)
        path = "/api/account/credit-level/"
        statuses = [(await client.codility("GET", path)).status for _ in range(4)]
        refused = await client.codility("GET", path)
        client.box.clock.advance(3601)
        again = [(await client.codility("GET", path)).status for _ in range(4)]
        assert (statuses, refused.status, again) == ([200, 200, 200, 429], 429, [200, 200, 200, 429])
        assert 3590 <= int(refused.headers["Retry-After"]) <= 3601


async def test_the_documented_limit_is_on_with_quirks_and_off_without(client: Client, plain: Client) -> None:
    window = client.box.codility.window
    assert window is not None
    assert (window.requests, window.per_seconds, plain.box.codility.window) == (500, 3600, None)


async def test_new_rows_push_a_list_on_while_it_is_read(client: Client) -> None:
    client.box.codility.drift(after_page=1, create=2)
    ids = [row["id"] for row in await client.every_session()]
    assert len(ids) - len(set(ids)) == 2


async def test_times_come_in_all_the_pages_forms(client: Client) -> None:
    session = (await client.codility("GET", "/api/sessions/")).json["results"][0]
    test = (await client.codility("GET", "/api/tests/")).json["results"][0]
    login = (await client.codility("GET", "/api/account/user-logins/")).json["results"][0]
    assert session["create_date"].endswith("Z")
    assert len(test["create_date"]) == 23
    assert login["timestamp"] == EPOCH.strftime("%Y-%m-%d %H:%M:%S")
