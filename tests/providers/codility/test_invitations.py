"""Inviting: one call for many, rows matched by id, mails after it, and nothing dropped in silence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from interviewkit.errors import (
    InvalidArgumentError,
    InvalidRequestError,
    MalformedResponseError,
    Outcome,
    TransportError,
    VendorUnavailableError,
)
from interviewkit.http.wire import Response
from interviewkit.model import Candidate, Invitation, InvitationEmail, InviteOutcome, InviteRequest
from interviewkit.providers.codility import Codility, CodilityOptions, EmailTemplate, EventCallback
from interviewkit.testing.scripted import Scripted, Sent, answer

from .conftest import Make

ADA = Candidate(email="ada@example.com", first_name="Ada", last_name="Okoro")
MAIL = InvitationEmail(
    subject="Your test", content="Begin: [PRIVATE_TEST_LINK]", reply_to="talent@example.org", cc=("boss@example.org",)
)


def invited(*ids: Any) -> Response:
    return answer({"candidates": [entry(ident) for ident in ids]}, status=201)


def entry(ident: Any) -> dict[str, Any]:
    return {
        "id": ident, "test_link": f"https://app.codility.com/test/S-{ident}",
        "session_url": f"https://codility.com/api/sessions/S-{ident}/",
    }  # fmt: skip


def bodies(script: Scripted) -> list[Any]:
    return [None if sent.body is None else json.loads(sent.body) for sent in script.sent]


def vendor(sent: Sent) -> Response:
    """Invites whoever is sent, and mails them."""
    if sent.url.endswith("/invite/"):
        return invited(*(one["id"] for one in json.loads(sent.body or b"{}")["candidates"]))
    return answer({"result": "OK"})


# --- one -------------------------------------------------------------------------------------------------------------


async def test_one_candidate_is_invited_by_one_request(make: Make) -> None:
    provider, script = make(invited("req-7"))
    made = await provider.invite_candidate("122537", ADA, reference="req-7")
    assert [(sent.method, sent.url) for sent in script.sent] == [
        ("POST", "https://codility.com/api/tests/122537/invite/")
    ]
    assert script.sent[0].body == (
        b'{"candidates":[{"id":"req-7","first_name":"Ada","last_name":"Okoro","email":"ada@example.com"}]}'
    )
    assert made == Invitation(
        ref=provider.resolve("S-req-7"), provider="codility", account="acme",
        url="https://app.codility.com/test/S-req-7", candidate=ADA, assessment_id="122537", reference="req-7",
        email_sent=False,
    )  # fmt: skip
    assert made.raw == entry("req-7")


async def test_all_instructions_go_out_in_the_same_request(make: Make) -> None:
    provider, script = make(invited("r"))
    await provider.invite_candidate(
        "1", ADA, reference="r", callback_url="https://example.com/hook", report_emails=["boss@example.org"],
        redirect_url="https://example.com/done",
        options=CodilityOptions(
            additional_data={"team": "payments"}, extra={"new_field": True},
            event_callbacks=[EventCallback(event="result", url="https://example.com/second")],
        ),
    )  # fmt: skip
    assert bodies(script) == [
        {
            "candidates": [
                {
                    "id": "r", "first_name": "Ada", "last_name": "Okoro", "email": "ada@example.com",
                    "redirect_url": "https://example.com/done", "additional_data": {"team": "payments"},
                }
            ],
            "rpt_emails": ["boss@example.org"],
            "event_callbacks": [
                {"event": "result", "url": "https://example.com/hook"},
                {"event": "similarity", "url": "https://example.com/hook"},
                {"event": "result", "url": "https://example.com/second"},
            ],
            "new_field": True,
        }
    ]  # fmt: skip


async def test_the_candidates_own_id_serves_where_there_is_no_reference(make: Make) -> None:
    provider, script = make(invited("c-5"))
    made = await provider.invite_candidate("1", Candidate(id="c-5"))
    assert (bodies(script), made.reference) == ([{"candidates": [{"id": "c-5"}]}], "c-5")


async def test_an_id_is_made_where_there_is_none(make: Make) -> None:
    provider, script = make(respond=vendor)
    first, second = [await provider.invite_candidate("1", Candidate()) for _ in range(2)]
    sent = [body["candidates"][0]["id"] for body in bodies(script)]
    assert [first.reference, second.reference] == sent
    assert len({*sent}) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", ident) for ident in sent)


@pytest.mark.parametrize("returned", [123, "123", None])
async def test_the_only_row_is_known_however_its_id_is_written(make: Make, returned: Any) -> None:
    made = await make(invited(returned))[0].invite_candidate("1", ADA, reference="123")
    assert made.reference == "123"


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [([], Outcome.UNKNOWN), ([entry("else")], Outcome.UNKNOWN), ([{"id": "r"}], Outcome.APPLIED),
     ([{**entry("r"), "id": None}, entry("else")], Outcome.UNKNOWN),
     ([{"id": "r", "test_link": 5}], Outcome.APPLIED)],
)  # fmt: skip
async def test_an_answer_without_the_candidate_does_not_look_like_nothing_happened(
    make: Make, rows: list[Any], outcome: Outcome
) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        await make(answer({"candidates": rows}))[0].invite_candidate("1", ADA, reference="r")
    error = caught.value
    assert (error.outcome, error.provider, error.operation, error.account) == (outcome, "codility", "invite", "acme")


@pytest.mark.parametrize("dropped", ["id", "test_link", "session_url"])
async def test_an_invitations_row_needs_one_of_its_links_only(make: Make, dropped: str) -> None:
    row = {name: value for name, value in entry("r").items() if name != dropped}
    made = await make(answer({"candidates": [row]}))[0].invite_candidate("1", ADA, reference="r")
    assert (made.ref.id, made.reference) == ("S-r", "r")


@pytest.mark.parametrize(
    "given",
    [
        {"email": "yes"}, {"email": InvitationEmail(content="Begin here")}, {"callback_url": "example.com"},
        {"redirect_url": "/done"}, {"report_emails": "boss@example.org"}, {"report_emails": [""]}, {"reference": ""},
        {"options": CodilityOptions(event_callbacks=[EventCallback(event="started", url="https://example.com")])},
    ],
)  # fmt: skip
async def test_wrong_arguments_are_refused_before_anyone_is_invited(make: Make, given: dict[str, Any]) -> None:
    provider, script = make()
    with pytest.raises(InvalidArgumentError):
        await provider.invite_candidate("1", ADA, **given)
    with pytest.raises(InvalidArgumentError):
        await provider.invite_candidate(None, ADA)
    with pytest.raises(InvalidArgumentError):
        await provider.invite_candidate("../1", ADA)
    with pytest.raises(InvalidArgumentError):
        await provider.invite_candidate("1", Candidate(first_name="Ada"), email=True)
    assert script.sent == []


# --- people ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "sent", "warned"),
    [
        (Candidate(name="Ada Okoro"), {"first_name": "Ada Okoro"}, ["name"]),
        (attrs.evolve(ADA, email=None, name="Ada Okoro"), {"first_name": "Ada", "last_name": "Okoro"}, []),
        (Candidate(name="A. Okoro", first_name="Ada"), {"first_name": "Ada"}, ["name"]),
        (Candidate(phone="+15550100"), {}, ["phone"]),
        (Candidate(id="c-5"), {}, ["id"]),
        (Candidate(id="r"), {}, []),
        (Candidate(attributes={"school": "Example University"}), {}, ["attributes"]),
        (Candidate(attributes={"additional_data": {"k": 1}}), {"additional_data": {"k": 1}}, []),
    ],
)  # fmt: skip
async def test_what_the_vendor_has_no_place_for_is_a_warning(
    make: Make, person: Candidate, sent: dict[str, Any], warned: list[str]
) -> None:
    provider, script = make(invited("r"))
    made = await provider.invite_candidate("1", person, reference="r")
    assert bodies(script) == [{"candidates": [{"id": "r", **sent}]}]
    assert [dropped.field for dropped in made.warnings] == warned


async def test_the_options_data_goes_before_the_candidates_and_says_so(make: Make) -> None:
    provider, script = make(invited("r"))
    person = Candidate(attributes={"additional_data": 1})
    made = await provider.invite_candidate("1", person, reference="r", options=CodilityOptions(additional_data=2))
    assert bodies(script)[0]["candidates"][0]["additional_data"] == 2
    assert [dropped.field for dropped in made.warnings] == ["additional_data"]


# --- mails -----------------------------------------------------------------------------------------------------------


async def test_a_mail_is_a_second_request(make: Make) -> None:
    provider, script = make(invited("r"), answer({"result": "OK"}))
    made = await provider.invite_candidate("1", ADA, reference="r", email=MAIL)
    assert script.sent[1].url == "https://codility.com/api/sessions/S-r/email/"
    assert script.sent[1].body == (
        b'{"subject":"Your test","content":"Begin: [PRIVATE_TEST_LINK]","reply_to":"talent@example.org",'
        b'"cc":["boss@example.org"]}'
    )
    assert (made.email_sent, made.warnings) == (True, ())


async def test_the_accounts_own_mail_is_sent_when_told_only_to_mail(make: Make) -> None:
    provider, script = make(invited("r"), answer({"result": "OK"}))
    await provider.invite_candidate("1", ADA, reference="r", email=True)
    assert bodies(script)[1] == {}


async def test_a_saved_template_becomes_the_mail(make: Make) -> None:
    template = EmailTemplate(
        name="first", reply_to=("a@example.org", "b@example.org"), subject="[COMPANY_NAME]: a test",
        content="[NAME], begin: [PRIVATE_TEST_LINK]",
    )  # fmt: skip
    provider, script = make(invited("r"), answer({"result": "OK"}))
    mail = InvitationEmail.from_template(template, placeholders={"NAME": "Ada"}, cc=["boss@example.org"])
    await provider.invite_candidate("1", ADA, reference="r", email=mail)
    assert bodies(script)[1] == {
        "subject": "[COMPANY_NAME]: a test", "content": "Ada, begin: [PRIVATE_TEST_LINK]", "reply_to": "a@example.org",
        "cc": ["boss@example.org"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("failure", "sent"),
    [
        (answer({"detail": "to ada@example.com"}, status=400), False),
        (TransportError("no connection to the host", outcome=Outcome.NOT_SENT), False),
        (answer({}, status=500), None),
        (answer({"result": "LATER"}), None),
        (TransportError("the connection was lost", outcome=Outcome.UNKNOWN), None),
    ],
)
async def test_an_invitation_stands_when_its_mail_fails(make: Make, failure: Any, sent: bool | None) -> None:
    made = await make(invited("r"), failure)[0].invite_candidate("1", ADA, reference="r", email=True)
    assert (made.ref.id, made.email_sent) == ("S-r", sent)
    assert [dropped.field for dropped in made.warnings] == ["email"]
    assert "ada" not in made.warnings[0].reason


async def test_nobody_is_mailed_when_the_invitation_fails(make: Make) -> None:
    provider, script = make(answer({}, status=400))
    with pytest.raises(InvalidRequestError):
        await provider.invite_candidate("1", ADA, email=True)
    assert len(script.sent) == 1


# --- many ------------------------------------------------------------------------------------------------------------


def people(count: int) -> Iterator[InviteRequest]:
    for number in range(count):
        yield InviteRequest(candidate=Candidate(email=f"c{number}@example.com"), reference=f"r{number}")


async def run(provider: Codility, requests: Any, **given: Any) -> list[InviteOutcome]:
    return [outcome async for outcome in provider.invite_candidates("1", requests, **given)]


async def test_many_are_invited_by_one_request(make: Make) -> None:
    provider, script = make(respond=vendor)
    found = await run(provider, people(3), callback_url="https://example.com/hook")
    assert len(script.sent) == 1
    assert [one["id"] for one in bodies(script)[0]["candidates"]] == ["r0", "r1", "r2"]
    assert sorted((one.request.reference, one.invitation and one.invitation.ref.id) for one in found) == [
        ("r0", "S-r0"), ("r1", "S-r1"), ("r2", "S-r2"),
    ]  # fmt: skip


async def test_a_hundred_go_in_one_request_and_people_are_taken_as_they_are_needed(make: Make) -> None:
    taken: list[int] = []

    def feed() -> Iterator[InviteRequest]:
        for number, request in enumerate(people(250)):
            taken.append(number)
            yield request

    provider, script = make(respond=vendor)
    outcomes = provider.invite_candidates("1", feed())
    assert (taken, script.sent) == ([], [])
    await anext(outcomes)
    assert (len(taken), len(script.sent)) == (100, 1)
    rest = [outcome async for outcome in outcomes]
    assert [len(body["candidates"]) for body in bodies(script)] == [100, 100, 50]
    assert len(rest) == 249


async def test_rows_are_matched_by_id_whatever_their_order(make: Make) -> None:
    found = await run(make(invited("r2", "r0", "r1"))[0], people(3))
    assert {one.request.reference: one.invitation and one.invitation.ref.id for one in found} == {
        "r0": "S-r0", "r1": "S-r1", "r2": "S-r2",
    }  # fmt: skip


async def test_each_candidate_without_reference_gets_an_id_of_its_own(make: Make) -> None:
    found = await run(make(respond=vendor)[0], [Candidate(), Candidate(), InviteRequest(candidate=Candidate())])
    assert len({one.invitation.reference for one in found if one.invitation}) == 3


async def test_a_reference_used_twice_is_the_second_ones_error(make: Make) -> None:
    provider, script = make(respond=vendor)
    found = await run(provider, [*people(2), *people(1)])
    assert sorted((one.request.reference, type(one.error)) for one in found if one.error) == [
        ("r0", InvalidArgumentError)
    ]
    assert [one["id"] for one in bodies(script)[0]["candidates"]] == ["r0", "r1"]


async def test_a_row_that_is_missing_or_broken_is_that_candidates_error_alone(make: Make) -> None:
    rows = [entry("r0"), {"id": "r1", "test_link": 5}, {"id": None, "test_link": "https://x/test/S-r2"}, {"id": "r3"}]
    found = {one.request.reference: one for one in await run(make(answer({"candidates": rows}))[0], people(4))}
    assert found["r0"].invitation is not None
    errors = {reference: one.error for reference, one in found.items() if one.error}
    assert {reference: error.outcome for reference, error in errors.items()} == {
        "r1": Outcome.APPLIED, "r2": Outcome.UNKNOWN, "r3": Outcome.APPLIED,
    }  # fmt: skip
    assert all(isinstance(error, MalformedResponseError) for error in errors.values())


async def test_a_row_without_id_is_nobodys(make: Make) -> None:
    requests = [InviteRequest(candidate=ADA, reference=reference) for reference in ("None", "r1")]
    found = await run(make(answer({"candidates": [{**entry("x"), "id": None}]}))[0], requests)
    assert [one.error and one.error.outcome for one in found] == [Outcome.UNKNOWN] * 2


async def test_a_request_that_fails_is_every_candidates_error_and_the_next_one_goes_on(make: Make) -> None:
    calls: list[Sent] = []

    def respond(sent: Sent) -> Response:
        calls.append(sent)
        return answer({}, status=503) if len(calls) == 1 else vendor(sent)

    found = await run(make(respond=respond)[0], people(101))
    errors = [one.error for one in found if one.error is not None]
    assert len(errors) == 100
    assert {(type(error), error.outcome) for error in errors} == {(VendorUnavailableError, Outcome.UNKNOWN)}
    assert [one.request.reference for one in found if one.invitation] == ["r100"]


async def test_each_invitation_is_mailed_and_a_mails_failure_is_its_own(make: Make) -> None:
    def respond(sent: Sent) -> Response:
        return answer({}, status=404) if sent.url.endswith("/S-r1/email/") else vendor(sent)

    provider, script = make(respond=respond)
    found = await run(provider, people(6), email=MAIL)
    assert {one.request.reference: one.invitation and one.invitation.email_sent for one in found} == {
        f"r{number}": number != 1 for number in range(6)
    }
    assert len(script.sent) == 7


async def test_a_candidate_without_mailbox_cannot_be_mailed_and_is_not_invited(make: Make) -> None:
    provider, script = make(respond=vendor)
    found = await run(provider, [*people(1), Candidate(first_name="Ada")], email=True)
    assert [type(one.error) for one in found if one.error] == [InvalidArgumentError]
    assert len(bodies(script)[0]["candidates"]) == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda p: p.invite_candidates(None, []),
        lambda p: p.invite_candidates("a/b", []),
        lambda p: p.invite_candidates("1", [], email=InvitationEmail(content="no link")),
        lambda p: p.invite_candidates("1", [], callback_url="example.com"),
    ],
)
def test_what_all_share_is_checked_at_once(make: Make, use: Callable[[Codility], Any]) -> None:
    provider, script = make()
    with pytest.raises(InvalidArgumentError):
        use(provider)
    assert script.sent == []


async def test_nobody_to_invite_is_no_request(make: Make) -> None:
    provider, script = make()
    assert await run(provider, []) == []
    assert script.sent == []
