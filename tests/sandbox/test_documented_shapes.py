"""Every answer's keys and JSON types are those of a vendor's payload."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from .client import Answer, Client
from .documented import PAYLOADS, assert_documented

Collect = Callable[[Client], Awaitable[list[Any]]]

PADS = (
    "coderpad/interview_pad_create.json",
    "coderpad/interview_pad_get.json",
    "coderpad/interview_pad_get_2026_extended.json",
    "coderpad/interview_pad_show_2014_inline_events.json",
    "coderpad/interview_pad_get_2015_string_events.json",
)
PAD_LISTS = (
    "coderpad/interview_pads_list.json",
    "coderpad/interview_organization_pads.json",
    "coderpad/interview_organization_pads_2018_inline_events.json",
    "coderpad/interview_pads_list_cursor_2026.json",
    "coderpad/interview_pads_list_2015.json",
)
QUESTIONS = (
    "coderpad/interview_question_get.json",
    "coderpad/interview_question_create.json",
    "coderpad/interview_question_2019.json",
)
QUESTION_LISTS = ("coderpad/interview_questions_list.json", "coderpad/interview_organization_questions.json")
SESSION_LISTS = ("codility/sessions_list.response.repaired.json", "codility/test_sessions_list.response.json")
DETAILS = ("codility/session_detail.not_started.response.json", "codility/codelive_section.repaired.json")


async def pad_rows(client: Client) -> list[Any]:
    pages = [(await client.coderpad("GET", path)).json for path in ("/api/pads", "/api/organization/pads")]
    changed = {"title": "Named"}
    await client.coderpad("PUT", f"/api/pads/{pages[0]['pads'][0]['id']}", data=changed)
    return [*pages, (await client.coderpad("GET", "/api/pads?sort=updated_at,asc")).json]


async def shown_pads(client: Client) -> list[Any]:
    rows = await client.every_pad()
    created = (await client.coderpad("POST", "/api/pads", data={"language": "go", "question_id": "100001"})).json
    return [created] + [(await client.coderpad("GET", f"/api/pads/{row['id']}")).json for row in rows]


async def events(client: Client) -> list[Any]:
    rows = await client.every_pad()
    return [(await client.coderpad("GET", f"/api/pads/{row['id']}/events")).json for row in rows]


async def environments(client: Client) -> list[Any]:
    ids = [ident for row in await client.every_pad() for ident in row.get("pad_environment_ids", [])]
    return [(await client.coderpad("GET", f"/api/pad_environments/{ident}")).json for ident in ids]


def ask(path: str) -> Callable[[Client], Awaitable[list[Any]]]:
    async def collect(client: Client) -> list[Any]:
        return [(await client.coderpad("GET", path)).json for _ in range(2)]

    return collect


async def questions(client: Client) -> list[Any]:
    fields = {"question[title]": "Sails", "question[language]": "ruby", "question[contents]": "puts 1"}
    created = await client.coderpad("POST", "/api/questions", data=fields)
    shown = await client.coderpad("GET", f"/api/questions/{created.json['id']}")
    return [created.json, shown.json, (await client.coderpad("GET", "/api/questions/100002")).json]


async def variants(client: Client) -> list[Any]:
    path = "/api/questions/100002/variants"
    created = (await client.coderpad("POST", path, json={"language": "multifile_python"})).json
    shown = (await client.coderpad("GET", f"{path}/{created['id']}")).json
    return [created, {**shown, "file_contents": [{"path": "main.py", "contents": "print(1)"}]}]


CODERPAD = {
    "pads": (pad_rows, PAD_LISTS, ("pads",)),
    "pad": (shown_pads, PADS, ("pad",)),
    "events": (events, ("coderpad/interview_pad_events.json",), ("events",)),
    "environments": (
        environments,
        (
            "coderpad/interview_pad_environment.json",
            "coderpad/interview_pad_environment_2022.json",
            "coderpad/interview_environment_binary_file_2026.json",
        ),
        ("environment",),
    ),
    "questions": (ask("/api/questions"), QUESTION_LISTS, ("questions",)),
    "organization questions": (ask("/api/organization/questions"), QUESTION_LISTS, ("questions",)),
    "question": (questions, QUESTIONS, ("question",)),
    "variant": (variants, ("coderpad/interview_question_variant_2026.json",), ()),
    "quota": (
        ask("/api/quota"),
        ("coderpad/interview_quota_limited_2018.json", "coderpad/interview_quota_limited_2023.json"),
        (),
    ),
    "user": (ask("/api/user"), ("coderpad/interview_user_2026.json",), ("user",)),
    "organization": (ask("/api/organization"), ("coderpad/interview_organization.json",), ("organization",)),
    "users": (ask("/api/organization/users"), ("coderpad/interview_organization_users.json",), ()),
    "stats": (
        ask("/api/organization/stats"),
        ("coderpad/interview_organization_stats.json", "coderpad/interview_organization_stats_2022.json"),
        (),
    ),
}


@pytest.mark.parametrize("name", CODERPAD)
async def test_coderpad_answers_as_its_payloads_do(client: Client, name: str) -> None:
    collect, names, extra = CODERPAD[name]
    assert_documented(await collect(client), names, *extra)


async def test_coderpad_unlimited_quota_leaves_the_numbers_out(client: Client) -> None:
    client.box.coderpad.quota_limit = None
    answer = await client.coderpad("GET", "/api/quota")
    assert_documented([answer.json], ["coderpad/interview_quota_unlimited.json"])


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("PUT", "/api/pads/{pad}", {"data": {"notes": "n"}}),
        ("PUT", "/api/questions/100001", {"data": {"question[title]": "t"}}),
        ("DELETE", "/api/questions/100001", {}),
    ],
)
async def test_coderpad_changes_answer_ok_and_nothing_else(
    client: Client, method: str, path: str, options: dict[str, Any]
) -> None:
    pad = (await client.every_pad())[0]["id"]
    answer = await client.coderpad(method, path.format(pad=pad), **options)
    assert (answer.status, answer.json) == (200, {"status": "OK"})


async def session_pages(client: Client) -> list[Any]:
    await client.box.work(await client.invite())
    client.box.clock.advance(600)
    test = client.box.codility.sessions.tests[0].id
    await client.codility("POST", "/api/codelive/create_whiteboard/", json={"room_name": "Pier"})
    pages = [f"/api/tests/{test}/sessions/", "/api/sessions/", "/api/sessions/?page=2"]
    return [(await client.codility("GET", path)).json for path in pages]


async def details(client: Client) -> list[Any]:
    ident = await client.invite()
    await client.codility("POST", "/api/codelive/create_whiteboard/", json={"room_name": "Pier"})
    rows = await client.every_session()
    assert any(row["id"] == ident for row in rows)
    return [(await client.codility("GET", f"/api/sessions/{row['id']}/")).json for row in rows]


def ask_codility(*paths: str) -> Callable[[Client], Awaitable[list[Any]]]:
    async def collect(client: Client) -> list[Any]:
        test = client.box.codility.sessions.tests[0].id
        return [(await client.codility("GET", path.format(test=test))).json for path in paths]

    return collect


async def invitations(client: Client) -> list[Any]:
    test = client.box.codility.sessions.tests[0].id
    body = json.loads((PAYLOADS / "codility/test_invite.request.repaired.json").read_text())
    return [(await client.codility("POST", f"/api/tests/{test}/invite/", json=body)).json]


async def tickets(client: Client) -> list[Any]:
    ident = await client.invite()
    await client.box.work(ident)
    return [(await client.codility("POST", f"/api/sessions/{ident}/embed_report/")).json]


async def whiteboards(client: Client) -> list[Any]:
    body = json.loads((PAYLOADS / "codility/codelive_create_whiteboard.request.json").read_text())
    return [(await client.codility("POST", "/api/codelive/create_whiteboard/", json=body)).json]


CODILITY = {
    "sessions": (session_pages, SESSION_LISTS, ("sessions",)),
    "session": (details, DETAILS, ("detail",)),
    "credit": (
        ask_codility("/api/account/credit-level/"),
        ("codility/account_credit_level.response.json",),
        ("credit",),
    ),
    "logins": (
        ask_codility("/api/account/user-logins/", "/api/account/user-logins/?page=2"),
        ("codility/account_user_logins.response.json",),
        ("logins",),
    ),
    "saved": (ask_codility("/api/email-templates/saved/"), ("codility/email_templates_saved.response.json",), ()),
    "default": (ask_codility("/api/email-templates/default/"), ("codility/email_templates_default.response.json",), ()),
    "tests": (
        ask_codility("/api/tests/", "/api/tests/?is_archived=False"),
        ("codility/tests_list.response.json",),
        ("tests",),
    ),
    "test": (ask_codility("/api/tests/{test}/"), ("codility/test_detail.response.json",), ("test",)),
    "invite": (invitations, ("codility/test_invite.response.json",), ()),
    "report": (tickets, ("codility/session_embed_report.response.json",), ()),
    "whiteboard": (whiteboards, ("codility/codelive_create_whiteboard.response.json",), ()),
}


@pytest.mark.parametrize("name", CODILITY)
async def test_codility_answers_as_its_payloads_do(client: Client, name: str) -> None:
    collect, names, extra = CODILITY[name]
    assert_documented(await collect(client), names, *extra)


@pytest.mark.parametrize(
    ("path", "request_name", "response_name"),
    [
        ("/api/email-templates/create/", "email_templates_create", "email_templates_create"),
        ("/api/sessions/{session}/email/", "session_email", "session_email"),
        ("/api/sessions/{session}/cancel/", None, "session_cancel"),
    ],
)
async def test_codility_scalar_answers_are_the_vendors_own(
    client: Client, path: str, request_name: str | None, response_name: str
) -> None:
    ident = await client.invite()
    body = json.loads((PAYLOADS / f"codility/{request_name}.request.json").read_text()) if request_name else None
    answer = await client.codility("POST", path.format(session=ident), json=body)
    assert answer.json == json.loads((PAYLOADS / f"codility/{response_name}.response.json").read_text())


async def candidates(client: Client) -> list[Any]:
    test = client.box.remoteinterview.applicants.tests[0].id
    await client.tests("POST", f"/1/tests/{test}/candidates", json={"email": "new.person@example.com"})
    ids = [row["id"] for row in (await client.tests("GET", "/1/tests")).json]
    return [(await client.tests("GET", f"/1/tests/{ident}/candidates")).json for ident in ids]


async def per_candidate(client: Client, tail: str) -> list[Any]:
    paths = []
    for test in client.box.remoteinterview.applicants.tests:
        rows = (await client.tests("GET", f"/1/tests/{test.id}/candidates")).json
        paths += [f"/1/tests/{test.id}/candidates/{row['id']}{tail}" for row in rows]
    return [(await client.tests("GET", path)).json for path in paths]


async def invited(client: Client) -> list[Any]:
    test = client.box.remoteinterview.applicants.tests[0].id
    return [(await client.tests("POST", f"/1/tests/{test}/candidates", json={"email": "a@example.com"})).json]


async def live_pads(client: Client) -> list[Any]:
    rows = (await client.pads("GET", "/1/pads")).json
    return [(await client.pads("GET", f"/1/pads/{row['id']}")).json for row in rows]


REMOTEINTERVIEW: dict[str, tuple[Collect, tuple[str, ...], tuple[str, ...]]] = {
    "tests": (lambda c: one(c.tests("GET", "/1/tests")), ("tests_list",), ()),
    "candidates": (candidates, ("candidates_list", "candidates_list.older-docs"), ("candidates",)),
    "candidate": (lambda c: per_candidate(c, "/"), ("candidate_detail",), ("candidate",)),
    "report": (lambda c: per_candidate(c, "/report"), ("candidate_report",), ("report",)),
    "invite": (invited, ("candidate_invite",), ()),
    "pads": (lambda c: one(c.pads("GET", "/1/pads")), ("codeinterview_pads_list",), ("ri_pads",)),
    "pad": (live_pads, ("codeinterview_pad_detail",), ("ri_pad",)),
    "older pads": (lambda c: one(c.tests("GET", "/1/pads")), ("pads_list",), ()),
    "new pad": (lambda c: one(c.pads("POST", "/1/pads/new", json={"name": "Pier"})), ("codeinterview_pads_new",), ()),
}


async def one(answer: Awaitable[Answer]) -> list[Any]:
    return [(await answer).json]


@pytest.mark.parametrize("name", REMOTEINTERVIEW)
async def test_remoteinterview_answers_as_its_payloads_do(client: Client, name: str) -> None:
    collect, names, extra = REMOTEINTERVIEW[name]
    suffix = "response.repaired.json" if name == "pad" else "response.json"
    answers = await collect(client)
    assert answers
    assert_documented(answers, [f"remoteinterview/{stem}.{suffix}" for stem in names], *extra)


async def test_ending_a_live_pad_answers_as_its_payload_does(client: Client) -> None:
    pad = (await client.pads("POST", "/1/pads/new")).json["id"]
    assert (await client.pads("POST", f"/1/pads/{pad}/end")).json == {"msg": "success"}


COMPLETE = {
    "pads": ("coderpad", "/api/pads", "pads", "coderpad/interview_pads_list.json"),
    "sessions": ("codility", "/api/sessions/", "results", "codility/sessions_list.response.repaired.json"),
    "tests": ("codility", "/api/tests/", "results", "codility/tests_list.response.json"),
    "questions": ("coderpad", "/api/questions", "questions", "coderpad/interview_organization_questions.json"),
}


@pytest.mark.parametrize("name", COMPLETE)
async def test_without_quirks_every_row_has_every_documented_key(plain: Client, name: str) -> None:
    vendor, path, key, payload = COMPLETE[name]
    rows = (await getattr(plain, vendor)("GET", path)).json[key]
    wanted = set(json.loads((PAYLOADS / payload).read_text())[key][-1])
    assert rows
    assert all(wanted <= set(row) for row in rows)
