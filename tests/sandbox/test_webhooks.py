"""Webhooks out: what each vendor posts, when, how often, in which order, and never beyond this machine."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from interviewkit.sandbox import Fault, Forgery, Sandbox, VirtualClock
from interviewkit.sandbox.deliveries import is_loopback
from interviewkit.sandbox.webhooks import Webhooks

from .client import Client
from .conftest import open_box
from .receiver import Receiver, listening
from .test_faults import CUT

TOKEN = "eu.callback-token"


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


async def never(_post: object) -> None:
    await asyncio.Event().wait()


async def similar(client: Client, receiver: Receiver, *events: str, **options: Any) -> str:
    """Invite candidates until one will have a similarity word, and evaluate that one."""
    for number in range(40):
        ident = await client.invite(f"c{number}", event_callbacks=receiver.callbacks(*events))
        await client.box.work(ident, **options)
        session = client.box.codility.sessions.find(ident)
        if session is not None and session.similarity is not None:
            return ident
        await client.box.webhooks.settled()
        receiver.posts.clear()
    raise AssertionError("nobody did well enough")


async def test_remoteinterview_posts_the_report_as_its_route_answers_it(client: Client, receiver: Receiver) -> None:
    client.box.remoteinterview.outgoing_webhooks.append(receiver.url)
    place = await client.invite_to_report()
    test, _, candidate = place.partition("/")
    await client.box.work(place, settle=True)
    [post] = receiver.posts
    answer = await client.tests("GET", f"/1/tests/{test}/candidates/{candidate}/report")
    assert post.json == {"type": "test.report", "data": answer.json}
    assert post.json["data"]["score"]
    assert post.headers["Content-Type"] == "application/json"
    assert not {"Authorization", "Checksum", "Cookie"} & set(post.headers)
    assert test not in {str(value) for value in post.json["data"].values()}


async def test_a_report_is_posted_on_submission_and_not_again_when_it_is_evaluated(
    client: Client, receiver: Receiver
) -> None:
    client.box.remoteinterview.outgoing_webhooks.append(receiver.url)
    place = await client.invite_to_report()
    counts = []
    for until in ("started", "submitted", "evaluated"):
        await client.box.work(place, until=until, settle=True)
        counts.append(len(receiver.posts))
    assert counts == [0, 1, 1]
    assert "score" not in receiver.posts[0].json["data"]


async def test_every_outgoing_webhook_gets_the_report(client: Client, receiver: Receiver) -> None:
    urls = [receiver.url, receiver.url.replace("hooks", "elsewhere")]
    client.box.remoteinterview.outgoing_webhooks += urls
    await client.box.work(await client.invite_to_report(), settle=True)
    assert sorted(post.path for post in receiver.posts) == ["/elsewhere/s3cret", "/hooks/s3cret"]


async def test_codility_posts_the_session_detail_at_evaluation(client: Client, receiver: Receiver) -> None:
    ident = await client.invite(event_callbacks=receiver.callbacks("result"))
    await client.box.work(ident, until="submitted", settle=True)
    early = len(receiver.posts)
    await client.box.work(ident, settle=True)
    detail = (await client.codility("GET", f"/api/sessions/{ident}/")).json
    assert (early, [post.json for post in receiver.posts]) == (0, [{"event": "result", "session": detail}])
    assert detail["evaluation"]["result"] is not None
    await client.box.work(ident, settle=True)
    assert len(receiver.posts) == 1


async def test_similarity_comes_after_the_result_and_only_once_the_check_is_done(
    client: Client, receiver: Receiver
) -> None:
    await similar(client, receiver, settle=True)
    assert (receiver.events, receiver.posts[0].json["session"]["similarity"]) == (["result"], None)
    client.box.clock.advance(121)
    await client.box.webhooks.settled()
    assert receiver.events == ["result", "similarity"]
    assert receiver.posts[1].json["session"]["similarity"]["text"]


async def test_similarity_comes_by_itself_when_the_clock_runs() -> None:
    clock = VirtualClock()
    webhooks, done = Webhooks(clock=clock), asyncio.Event()
    webhooks.start()
    webhooks.later(0.01, done.set)
    async with asyncio.timeout(2):
        await done.wait()
    await webhooks.close()
    assert clock.watchers == []


async def test_similarity_may_never_come(client: Client, receiver: Receiver) -> None:
    for number in range(30):
        await client.invite(f"c{number}", event_callbacks=receiver.callbacks())
    worked = await client.box.work(settle=True)
    client.box.clock.advance(3600)
    await client.box.webhooks.settled()
    counts = {event: receiver.events.count(event) for event in ("result", "similarity")}
    assert counts["result"] == len(worked) == 30
    assert 0 < counts["similarity"] < 30


async def test_an_invite_hears_only_of_the_events_it_named(client: Client, receiver: Receiver) -> None:
    await similar(client, receiver, "similarity", settle=True)
    assert receiver.posts == []
    client.box.clock.advance(121)
    await client.box.webhooks.settled()
    assert receiver.events == ["similarity"]


async def test_another_similarity_word_is_posted_again(client: Client, receiver: Receiver) -> None:
    ident = await similar(client, receiver, "similarity", settle=True)
    client.box.clock.advance(121)
    client.box.touch(ident)
    await client.box.webhooks.settled()
    words = [post.json["session"]["similarity"]["text"] for post in receiver.posts]
    assert len(set(words)) == 2


@pytest.mark.parametrize(("quirks", "media_type"), [(True, "text/plain; charset=utf-8"), (False, "application/json")])
async def test_the_older_callback_is_unsigned_and_need_not_be_json_by_its_type(quirks: bool, media_type: str) -> None:
    async with open_box(quirks=quirks) as client, listening() as receiver:
        await client.box.work(await client.invite(event_callbacks=receiver.callbacks("result")), settle=True)
        [post] = receiver.posts
        assert post.headers["Content-Type"] == media_type
        assert not {"Authorization", "Checksum"} & set(post.headers)


async def test_the_newer_callback_has_a_token_and_the_checksum_of_its_bytes() -> None:
    async with open_box(callback_token=TOKEN) as client, listening() as receiver:
        await client.box.work(await client.invite(event_callbacks=receiver.callbacks("result")), settle=True)
        [post] = receiver.posts
        assert post.headers["Authorization"] == f"Bearer {TOKEN}"
        assert post.headers["Checksum"] == md5(post.body + TOKEN.encode())
        assert post.headers["Content-Type"] == "application/json"


async def test_the_media_type_can_be_chosen(client: Client, receiver: Receiver) -> None:
    client.box.codility.callback_content_type = "application/x-www-form-urlencoded"
    await client.box.work(await client.invite(event_callbacks=receiver.callbacks("result")), settle=True)
    assert receiver.posts[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_coderpad_posts_nothing(client: Client, receiver: Receiver) -> None:
    client.box.remoteinterview.outgoing_webhooks.append(receiver.url)
    pad = (await client.coderpad("POST", "/api/pads", data={"language": "go"})).json["id"]
    live = (await client.pads("POST", "/1/pads/new", json={"name": "Live"})).json["id"]
    await client.box.work(pad, settle=True)
    await client.box.work(live, settle=True)
    assert (receiver.posts, client.box.deliveries) == ([], [])
    with pytest.raises(ValueError, match="coderpad sends no webhooks"):
        client.box.coderpad.hasten()


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "http://user@127.0.0.1/hook",
        "http://127.0.0.1.example.com/",
        "http://[::1/",
        "ftp://localhost/",
        "",
    ],
)
async def test_a_url_beyond_this_machine_is_recorded_and_never_called(client: Client, url: str) -> None:
    client.box.remoteinterview.outgoing_webhooks.append(url)
    await client.box.work(await client.invite_to_report(), settle=True)
    [delivery] = client.box.deliveries
    assert (delivery.state, delivery.attempts, delivery.status) == ("refused", 0, None)


@pytest.mark.parametrize("url", ["http://127.0.0.1:80/a", "http://localhost/a", "http://[::1]:9/", "http://127.8.0.1/"])
def test_loopback_has_many_names(url: str) -> None:
    assert is_loopback(url)


async def test_a_server_error_and_no_answer_are_tried_again(client: Client, receiver: Receiver) -> None:
    client.box.webhooks.pause = 0
    receiver.answers += [500, 503]
    ident = await client.invite(event_callbacks=receiver.callbacks("result"))
    await client.box.work(ident, settle=True)
    [delivery] = client.box.deliveries
    assert (delivery.state, delivery.status, delivery.attempts, len(receiver.posts)) == ("delivered", 200, 3, 3)
    assert len({post.body for post in receiver.posts}) == 1


@pytest.mark.parametrize(("answers", "attempts", "status"), [([500] * 9, 2, 500), ([404], 1, 404), ([302], 1, 302)])
async def test_what_is_not_taken_fails_at_last(
    client: Client, receiver: Receiver, answers: list[int], attempts: int, status: int
) -> None:
    client.box.webhooks.configure(pause=0, attempts=2)
    receiver.answers += answers
    await client.box.work(await client.invite(event_callbacks=receiver.callbacks("result")), settle=True)
    [delivery] = client.box.deliveries
    assert (delivery.state, delivery.attempts, delivery.status) == ("failed", attempts, status)
    assert len(receiver.posts) == attempts


async def test_a_receiver_that_is_away_or_silent_gets_no_more_than_the_attempts(
    client: Client, receiver: Receiver
) -> None:
    receiver.meanwhile = never
    client.box.webhooks.configure(pause=0, timeout=0.01, attempts=2)
    away = [{"event": "result", "url": "http://127.0.0.1:9/hook"}]
    for callbacks in (receiver.callbacks("result"), away):
        await client.box.work(await client.invite(event_callbacks=callbacks), settle=True)
    assert [(one.state, one.attempts, one.status) for one in client.box.deliveries] == [("failed", 2, None)] * 2


async def test_copies_arrive_at_once(client: Client, receiver: Receiver) -> None:
    everybody = asyncio.Barrier(20)

    async def meet(_post: object) -> None:
        async with asyncio.timeout(2):
            await everybody.wait()

    receiver.meanwhile = meet
    client.box.webhooks.copies = 20
    await client.box.work(await client.invite(event_callbacks=receiver.callbacks("result")), settle=True)
    assert {one.state for one in client.box.deliveries} == {"delivered"}
    assert (len(receiver.posts), len({post.body for post in receiver.posts})) == (20, 1)


async def test_a_delivery_can_be_repeated_later(client: Client, receiver: Receiver) -> None:
    ident = await client.invite(event_callbacks=receiver.callbacks("result"))
    await client.box.work(ident, settle=True)
    client.box.remove(ident)
    again = await client.box.webhooks.repeat(client.box.deliveries[0], copies=3)
    assert ([one.state for one in again], len(receiver.posts)) == (["delivered"] * 3, 4)
    assert len({post.body for post in receiver.posts}) == 1


async def test_out_of_order_similarity_comes_first(client: Client, receiver: Receiver) -> None:
    client.box.webhooks.out_of_order = True
    await similar(client, receiver, settle=True)
    assert receiver.events == ["similarity", "result"]
    assert receiver.posts[0].json["session"]["similarity"]["text"]


@pytest.mark.parametrize("order", ["kept", "reversed", "shuffled"])
async def test_what_is_held_back_comes_when_it_is_released(client: Client, receiver: Receiver, order: str) -> None:
    client.box.webhooks.hold()
    for number in range(12):
        await client.box.work(await client.invite(f"c{number}", event_callbacks=receiver.callbacks("result")))
    await client.box.webhooks.settled()
    assert ({one.state for one in client.box.deliveries}, receiver.posts) == ({"held"}, [])
    assert client.box.webhooks.release(order) == 12
    await client.box.webhooks.settled()
    came = [int(post.json["session"]["candidate"][1:]) for post in receiver.posts]
    assert sorted(came) == list(range(12))
    kept = [came == list(range(12)), came == list(range(12))[::-1]]
    assert kept == [order == "kept", order == "reversed"]
    await client.box.work(await client.invite(event_callbacks=receiver.callbacks("result")), settle=True)
    assert len(receiver.posts) == 13


async def test_a_hasty_candidate_is_done_before_the_invite_is_answered(client: Client, receiver: Receiver) -> None:
    client.box.remoteinterview.outgoing_webhooks.append(receiver.url)
    inviting: list[bool] = []
    answered = asyncio.Event()

    async def look(_post: object) -> None:
        inviting.append(not answered.is_set())

    receiver.meanwhile = look
    for vendor in (client.box.codility, client.box.remoteinterview):
        vendor.hasten()
    for invite in (client.invite(event_callbacks=receiver.callbacks("result")), client.invite_to_report()):
        answered.clear()
        await invite
        answered.set()
    await client.invite(event_callbacks=receiver.callbacks("result"))
    await client.box.webhooks.settled()
    assert (inviting, receiver.events) == ([True, True], ["result", "test.report"])


async def test_a_hasty_candidates_invite_may_fail_after_all(client: Client, receiver: Receiver) -> None:
    client.box.codility.hasten()
    client.box.codility.fail(Fault.reset(committed=True), method="POST")
    with pytest.raises(CUT):
        await client.invite(event_callbacks=receiver.callbacks("result"))
    assert receiver.events == ["result"]
    assert receiver.posts[0].json["session"]["url"].split("/")[-2] == client.box.commits[0].id


async def test_closing_ends_what_is_on_its_way(receiver: Receiver) -> None:
    arrived = asyncio.Event()

    async def wait(post: object) -> None:
        arrived.set()
        await never(post)

    receiver.meanwhile = wait
    async with open_box() as client:
        await client.box.work(await client.invite(event_callbacks=receiver.callbacks("result")))
        await arrived.wait()
    assert [(one.state, one.attempts) for one in client.box.deliveries] == [("stopped", 1)]


async def test_the_books_of_deliveries_are_bounded(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interviewkit.sandbox.webhooks.KEPT_LETTERS", 2)
    monkeypatch.setattr("interviewkit.sandbox.webhooks.KEPT", 3)
    ident = await client.invite(event_callbacks=receiver.callbacks("result"))
    await client.box.work(ident, settle=True)
    again = await client.box.webhooks.repeat(client.box.deliveries[0], copies=4)
    assert [one.letter is None for one in [*client.box.deliveries[:1], *again]] == [True, True, True, False, False]
    with pytest.raises(LookupError):
        await client.box.webhooks.repeat(client.box.deliveries[0])
    client.box.webhooks.hold()
    client.box.webhooks.post([again[-1].letter] * 5)  # type: ignore[list-item]
    assert (client.box.webhooks.release(), client.box.webhooks.deliveries.maxlen) == (3, 10_000)


async def test_a_delivery_shows_neither_query_nor_content(client: Client, receiver: Receiver) -> None:
    place = await client.invite_to_report("robin.private@example.com")
    client.box.remoteinterview.outgoing_webhooks.append(receiver.url.replace("http://", "http://sandy:pw@"))
    client.box.remoteinterview.outgoing_webhooks.append(receiver.url)
    await client.box.work(place, settle=True)
    for delivery in client.box.deliveries:
        shown = repr(delivery)
        assert "/hooks/s3cret" in shown
        assert not [secret for secret in ("account=1", "sandy", "robin", place) if secret in shown]
        assert "robin" not in repr(delivery.letter)


async def signed(client: Client, receiver: Receiver) -> str:
    ident = await client.invite(event_callbacks=receiver.callbacks("result"))
    await client.box.work(ident, settle=True)
    receiver.posts.clear()
    return ident


def is_good(post: Any, ident: str, path: str) -> dict[str, bool]:
    """Which parts of a callback hold."""
    token = post.headers.get("Authorization", "").removeprefix("Bearer ")
    return {
        "token": token == TOKEN,
        "checksum": post.headers.get("Checksum") == md5(post.body + token.encode()),
        "session": post.json["session"]["url"].split("/")[-2] == ident,
        "path": post.path == path,
    }


@pytest.mark.parametrize(
    ("how", "wrong"),
    [
        ("made_up", {"session"}),
        ("other_session", {"session"}),
        ("other_token", {"token"}),
        ("wrong_checksum", {"checksum"}),
        ("unsigned", {"token", "checksum"}),
        ("wrong_path", {"path"}),
    ],
)
async def test_a_forgery_is_right_but_for_one_thing(how: str, wrong: set[str]) -> None:
    async with open_box(callback_token=TOKEN) as client, listening() as receiver:
        ident = await signed(client, receiver)
        receiver.answers.append(503)
        delivery = await client.box.forge(ident, how)
        [post] = receiver.posts
        assert {name for name, held in is_good(post, ident, "/hooks/s3cret").items() if not held} == wrong
        assert (delivery.forgery, delivery.status, delivery.attempts) == (how, 503, 1)
        genuine = (await client.codility("GET", f"/api/sessions/{ident}/")).json
        assert set(post.json["session"]) - {"close_date"} == set(genuine) - {"close_date"}
    assert how in set(Forgery)


async def test_a_made_up_session_is_known_to_no_vendor(client: Client, receiver: Receiver) -> None:
    for vendor in ("codility", "remoteinterview"):
        await client.box.forge(vendor=vendor, url=receiver.url)
    session, report = (post.json for post in receiver.posts)
    gone = await client.codility("GET", f"/api/sessions/{session['session']['url'].split('/')[-2]}/")
    test = client.box.remoteinterview.applicants.tests[0].id
    missing = await client.tests("GET", f"/1/tests/{test}/candidates/{report['data']['id']}/report")
    assert (gone.status, missing.status) == (404, 404)


async def test_made_up_sessions_are_finished_and_each_is_another(client: Client, receiver: Receiver) -> None:
    for vendor in ["codility", "remoteinterview"] * 13:
        await client.box.forge(vendor=vendor, url=receiver.url)
    sessions = [post.json["session"] for post in receiver.posts[::2]]
    reports = [post.json["data"] for post in receiver.posts[1::2]]
    assert len({session["url"] for session in sessions}) == len({report["id"] for report in reports}) == 13
    assert all(session["evaluation"]["result"] is not None and "codelive" not in session for session in sessions)
    assert not any("/CL-" in session["url"] for session in sessions)
    assert {report["status"] for report in reports} == {"completed"}
    assert all(report["score"] and report["tasks"] for report in reports)


async def test_remoteinterviews_report_can_be_anothers(client: Client, receiver: Receiver) -> None:
    client.box.remoteinterview.outgoing_webhooks.append(receiver.url)
    place, other = await client.invite_to_report(), await client.invite_to_report("else@example.com")
    await client.box.forge(place, "other_session", other=other)
    assert f"{other.split('/')[0]}/{receiver.posts[0].json['data']['id']}" == other


async def test_a_forgery_that_makes_no_sense_is_refused(client: Client, receiver: Receiver) -> None:
    ident = await signed(client, receiver)
    for ref, options, error in (
        (ident, {"how": "clumsy"}, "how is one of made_up"),
        (ident, {"how": "wrong_checksum"}, "signs nothing"),
        (ident, {"event": "started"}, "event is one of result, similarity"),
        (None, {"vendor": "codility"}, "give a url"),
        (None, {"vendor": "codility", "url": receiver.url, "how": "wrong_path"}, "give a ref"),
        (None, {"vendor": "coderpad", "url": receiver.url}, "sends no webhooks"),
        (None, {}, "vendor is one of"),
    ):
        with pytest.raises(ValueError, match=error):
            await client.box.forge(ref, **options)
    with pytest.raises(LookupError):
        await client.box.forge("nobody")
    assert receiver.posts == []


@pytest.mark.parametrize(
    ("name", "value"), [("copies", 0), ("attempts", 1.5), ("pause", -1), ("timeout", 0), ("out_of_order", 1)]
)
async def test_a_setting_that_makes_no_sense_changes_nothing(client: Client, name: str, value: Any) -> None:
    before = client.box.webhooks.settings()
    with pytest.raises(ValueError, match=name):
        setattr(client.box.webhooks, name, value)
    with pytest.raises(ValueError, match=name):
        client.box.webhooks.configure(**{"copies": 7, "attempts": 9, name: value})
    assert client.box.webhooks.settings() == before


def test_a_callback_token_is_a_line_of_text() -> None:
    with pytest.raises(ValueError, match="callback_token"):
        Sandbox(callback_token="two\nlines")


async def test_the_other_session_of_a_forgery_is_never_the_same(client: Client, receiver: Receiver) -> None:
    first = next(client.box.codility.sessions.ids())
    place = next(iter(client.box.refs("remoteinterview"))).partition("take_home:")[2]
    for ref in (first, place):
        await client.box.forge(ref, "other_session", url=receiver.url)
    session, report = (post.json for post in receiver.posts)
    assert session["session"]["url"].split("/")[-2] != first
    assert report["data"]["id"] != place.rpartition("/")[2]


async def test_nothing_is_posted_about_who_is_removed_before_the_check_is_done(
    client: Client, receiver: Receiver
) -> None:
    ident = await similar(client, receiver, settle=True)
    client.box.remove(ident)
    client.box.clock.advance(121)
    await client.box.webhooks.settled()
    assert receiver.events == ["result"]


async def test_a_changed_session_without_a_word_has_no_similarity_to_post(client: Client, receiver: Receiver) -> None:
    ident = await similar(client, receiver, settle=True)
    client.box.codility.callbacks.tell_similarity(ident)
    await client.box.webhooks.settled()
    assert receiver.events == ["result"]


async def test_a_closed_sandbox_posts_nothing(receiver: Receiver) -> None:
    async with open_box() as client:
        ident = await client.invite(event_callbacks=receiver.callbacks("result"))
    await client.box.work(ident, settle=True)
    assert ([one.state for one in client.box.deliveries], receiver.posts) == (["stopped"], [])


async def test_hands_of_another_thread_are_heard_of_too(client: Client, receiver: Receiver) -> None:
    ident = await similar(client, receiver, settle=True)
    await asyncio.to_thread(client.box.touch, ident)
    await asyncio.sleep(0)
    await client.box.webhooks.settled()
    assert receiver.events == ["result", "similarity"]
