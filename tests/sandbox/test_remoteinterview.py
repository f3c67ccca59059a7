"""RemoteInterview and CodeInterview in the sandbox."""

from __future__ import annotations

import contextlib
import io
import zipfile
from typing import Any

import pytest

from interviewkit.sandbox.remoteinterview.applicants import email_behind
from interviewkit.sandbox.world.problems import PROBLEMS, Problem

from .client import Client
from .conftest import open_box


async def first_test(client: Client) -> str:
    return str((await client.tests("GET", "/1/tests")).json[0]["id"])


async def invite(client: Client, email: str = "new.person@example.com") -> tuple[str, str]:
    test = await first_test(client)
    answer = await client.tests("POST", f"/1/tests/{test}/candidates", json={"email": email})
    return test, answer.json["id"]


async def report(client: Client, test: str, candidate: str) -> Any:
    return (await client.tests("GET", f"/1/tests/{test}/candidates/{candidate}/report")).json


@pytest.mark.parametrize("key", [None, "wrong"])
async def test_a_missing_or_wrong_key_is_a_401_at_both_hosts(client: Client, key: str | None) -> None:
    vendor = client.box.remoteinterview
    params = {"key": key} if key else {}
    urls = (f"{vendor.base_url}/1/tests", f"{vendor.pads_base_url}/1/pads")
    assert [(await client.ask("GET", url, params=params)).status for url in urls] == [401, 401]


async def test_each_host_takes_only_its_own_key(client: Client) -> None:
    vendor = client.box.remoteinterview
    crossed = await client.ask("GET", f"{vendor.pads_base_url}/1/pads", params={"key": vendor.api_key})
    assert crossed.status == 401


async def test_ids_look_as_the_page_shows_them(client: Client) -> None:
    test = await first_test(client)
    rows = (await client.tests("GET", f"/1/tests/{test}/candidates")).json
    assert test.startswith("-J")
    assert all(email_behind(row["id"]) == row["email"] and "=" not in row["id"] for row in rows)


async def test_an_invitation_goes_from_invited_to_a_scored_report(client: Client) -> None:
    test, candidate = await invite(client)
    words = []
    for stage in ("started", "submitted", "evaluated"):
        words.append((await report(client, test, candidate))["status"])
        await client.box.work(candidate, until=stage)
    done = await report(client, test, candidate)
    cases = [case for task in done["tasks"] for case in task.get("testcases", [])]
    assert words == ["invited", "started", "completed"]
    assert done["score"]["got"] == sum(case["points"] for case in cases if case["result"])
    assert (await client.box.work()) == []


async def test_a_reference_with_both_ids_finds_the_candidate(client: Client) -> None:
    test, candidate = await invite(client)
    assert await client.box.work(f"remoteinterview:take_home:{test}/{candidate}") == [f"{test}/{candidate}"]


async def test_inviting_somebody_twice_makes_two_candidates(client: Client) -> None:
    test, first = await invite(client)
    _, second = await invite(client)
    rows = (await client.tests("GET", f"/1/tests/{test}/candidates")).json
    assert first != second
    assert [row["id"] for row in rows[-2:]] == [first, second]
    assert len(client.box.remoteinterview.commits) == 2


async def test_the_invitation_link_is_the_vendors_odd_one(client: Client) -> None:
    test = await first_test(client)
    answer = (await client.tests("POST", f"/1/tests/{test}/candidates", json={"email": "a@example.com"})).json
    assert answer["url"].endswith(f"/tests/#?roomid={test.removeprefix('-')}&candidateemail={answer['id']}")


@pytest.mark.parametrize("options", [{"json": {}}, {"json": {"mail": "a@example.com"}}, {"json": {"email": "nobody"}}])
async def test_an_invitation_without_a_mailbox_is_refused(client: Client, options: dict[str, Any]) -> None:
    test = await first_test(client)
    answer = await client.tests("POST", f"/1/tests/{test}/candidates", **options)
    assert (answer.status, client.box.commits) == (400, [])


async def test_a_form_is_taken_too(client: Client) -> None:
    test = await first_test(client)
    answer = await client.tests("POST", f"/1/tests/{test}/candidates", data={"email": "a@example.com"})
    assert answer.json["message"] == "success"


@pytest.mark.parametrize("path", ["/1/tests/-Jnone/candidates", "/1/pads/0000000000000", "/1/nothing"])
async def test_what_is_unknown_is_a_404_and_with_quirks_a_page(client: Client, plain: Client, path: str) -> None:
    quirky, simple = await client.tests("GET", path), await plain.tests("GET", path)
    assert (quirky.status, simple.status) == (404, 404)
    assert (quirky.body[:1], simple.json) == (b"<", {"message": "not found"})


async def test_the_detail_has_no_score_with_quirks_and_one_without(client: Client, plain: Client) -> None:
    for asked, expected in ((client, False), (plain, True)):
        test, candidate = await invite(asked)
        await asked.box.work(candidate)
        shown = (await asked.tests("GET", f"/1/tests/{test}/candidates/{candidate}/")).json
        assert ("score" in shown) is expected


async def test_a_submission_downloads_without_a_key(client: Client) -> None:
    links = []
    for test in client.box.remoteinterview.applicants.tests:
        for one in client.box.remoteinterview.applicants.of_test(test):
            tasks = (await report(client, test.id, one.id))["tasks"]
            links += [part["url"] for task in tasks for part in task.get("submission", [])]
    answer = await client.ask("GET", links[0])
    wrong = await client.ask("GET", links[0].replace("-", "-0"))
    assert zipfile.ZipFile(io.BytesIO(answer.body)).namelist() == ["README.md"]
    assert wrong.status == 404


async def test_a_live_pad_is_created_worked_in_and_ended(client: Client) -> None:
    pad = (await client.pads("POST", "/1/pads/new", json={"name": "Pier"})).json["id"]
    await client.box.work(pad, until="started")
    running = (await client.pads("GET", f"/1/pads/{pad}")).json
    await client.pads("POST", f"/1/pads/{pad}/end")
    ended = (await client.pads("GET", f"/1/pads/{pad}")).json
    assert (running["name"], running.get("ended_at"), bool(running["code"])) == ("Pier", None, True)
    at = client.box.clock.milliseconds()
    client.box.clock.advance(60)
    again = await client.pads("POST", f"/1/pads/{pad}/end")
    assert (ended["ended_at"], again.json) == (at, {"msg": "success"})
    assert (await client.pads("GET", f"/1/pads/{pad}")).json["ended_at"] == at


async def test_ending_takes_an_empty_body_only(client: Client) -> None:
    pad = (await client.pads("POST", "/1/pads/new")).json["id"]
    assert (await client.pads("POST", f"/1/pads/{pad}/end", json={"a": 1})).status == 400


async def test_a_word_that_nobody_published_comes_up_now_and_then() -> None:
    async with open_box(sessions=900) as client:
        words = set()
        for test in client.box.remoteinterview.applicants.tests:
            words |= {row["status"] for row in (await client.tests("GET", f"/1/tests/{test.id}/candidates")).json}
        assert {"shortlisted", "accepted", "completed"} <= words


async def test_a_coding_task_holds_a_program_for_what_its_title_asks(client: Client) -> None:
    vendor = client.box.remoteinterview
    titles: dict[str, set[tuple[str, ...]]] = {}
    by_title = {problem.title: problem for problem in PROBLEMS}
    for test in vendor.applicants.tests:
        for applicant in filter(lambda one: one.is_finished, vendor.applicants.of_test(test)):
            report = (await client.tests("GET", f"/1/tests/{test.id}/candidates/{applicant.id}/report")).json
            coding = [task for task in report["tasks"] if "code" in task]
            assert all(task["code"]["code"] in by_title[task["title"]].programs.values() for task in coding)
            titles.setdefault(test.id, set()).add(tuple(task["title"] for task in coding))
    assert titles
    assert all(len(of_test) == 1 for of_test in titles.values()), "candidates of one test are set different tasks"


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.title)
def test_a_program_prints_what_its_task_expects(problem: Problem) -> None:
    code = problem.programs.get("python", f"print({problem.output[:-1]!r})")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, problem.title, "exec"), {"__name__": "task"})  # noqa: S102 - our own text
    assert printed.getvalue() == problem.output
