"""A report as a row: what counts as its content, what is never stored, and the same report back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings

import interviewkit as ik
from interviewkit.harvest import Store
from interviewkit.harvest.documents import document, without_links
from interviewkit.model import RawJSON, undecoded
from interviewkit.sandbox import Sandbox
from interviewkit.serialize import report_from_json, to_json
from tests.test_serialize import reports

from .stored import put, report, task

LATER = datetime(2026, 11, 3, tzinfo=UTC)
LINK = "https://files.example.com/a.png"
SIGNED = [
    "https://b.s3.example.com/a?X-Amz-Algorithm=x&X-Amz-Signature=abc",
    "https://storage.example.com/a?GoogleAccessId=a&Signature=abc",
    "https://storage.example.com/a?X-Goog-Signature=abc",
    "https://blob.example.com/a?sv=1&sig=abc",
    "https://codility.example.com/report?sat=abc",
]


def drawing(url: str | None, expires_at: datetime | None = LATER) -> ik.Artifact:
    ref = report(1).ref
    return ik.Artifact(ref=ref, kind=ik.ArtifactKind.DRAWING, url=url, expires_at=expires_at)


def content(one: ik.Report, files: dict[str, str] | None = None) -> str:
    return document(one, files).content_hash


def payload(one: ik.Report, files: dict[str, str] | None = None) -> Any:
    return json.loads(document(one, files).columns["payload"])


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"fetched_at": LATER}, id="when it was read"),
        pytest.param({"raw": {"link": SIGNED[1], "b": 2, "a": 1}}, id="signed links and the order of keys"),
        pytest.param({"artifacts": (drawing(SIGNED[1], LATER + timedelta(hours=1)),)}, id="an artifact's link"),
        pytest.param(
            {"tasks": (task("One", artifacts=(drawing(SIGNED[2], LATER + timedelta(hours=1)),)),)}, id="a task's link"
        ),
    ],
)
def test_what_is_not_content_changes_no_hash(other: dict[str, Any]) -> None:
    one = attrs.evolve(
        report(1, task("One", artifacts=(drawing(SIGNED[0]),))), raw={"a": 1, "b": 2, "link": SIGNED[0]},
        artifacts=(drawing(SIGNED[0]),),
    )  # fmt: skip
    assert content(attrs.evolve(one, **other)) == content(one)


@pytest.mark.parametrize(
    "other",
    [
        {"raw": {"id": 2}}, {"is_final": False}, {"score": None}, {"decision": ik.Decision.ACCEPTED},
        {"artifacts": (drawing(LINK, None),)}, {"warnings": (ik.Dropped(field="x", reason="y"),)},
        {"tasks": (task("One", True),)},
    ],
)  # fmt: skip
def test_anything_else_changes_the_hash(other: dict[str, Any]) -> None:
    assert content(attrs.evolve(report(1), **other)) != content(report(1))


def test_a_file_that_was_fetched_this_time_is_no_change() -> None:
    one = attrs.evolve(report(1), raw={"link": SIGNED[0]}, artifacts=(drawing(SIGNED[0]),))
    assert content(one, {SIGNED[0]: "ab12"}) == content(one)
    assert payload(one, {SIGNED[0]: "ab12"})["raw"] == {"link": {"expired_link": "ab12"}}


@pytest.mark.parametrize("link", SIGNED)
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("{}", {"expired_link": None}),
        ('see <img src="{}"> and more', 'see <img src="expired_link"> and more'),
        ("first {} then https://example.com/?a=1", "first expired_link then https://example.com/?a=1"),
    ],
)
def test_signed_links_are_not_stored(link: str, raw: str, expected: Any) -> None:
    one = attrs.evolve(
        report(1, task("One", description_html=raw.format(link.replace("&", "&amp;")), artifacts=(drawing(link),))),
        raw={"deep": [{"link": raw.format(link), "kept": LINK}]}, artifacts=(drawing(link),),
    )  # fmt: skip
    plain = payload(one)
    assert "abc" not in json.dumps(plain)
    assert plain["raw"] == {"deep": [{"link": expected, "kept": LINK}]}
    assert (plain["artifacts"][0]["url"], plain["tasks"][0]["artifacts"][0]["url"]) == (None, None)
    assert report_from_json(plain).ref == one.ref


def test_a_link_that_expires_is_not_stored_whatever_it_looks_like() -> None:
    one = attrs.evolve(report(1), raw={"link": LINK, "same": [LINK]}, artifacts=(drawing(LINK),))
    assert payload(one)["raw"] == {"link": {"expired_link": None}, "same": [{"expired_link": None}]}
    assert payload(one)["artifacts"][0]["url"] is None
    kept = attrs.evolve(one, artifacts=(drawing(LINK, None),))
    assert payload(kept)["raw"] == {"link": LINK, "same": [LINK]}


def test_words_about_signatures_are_no_links() -> None:
    text = "Signature=me; see https://example.com/?signature_of=x"
    assert without_links({"text": text}, files={}, raw=True) == {"text": text}


@pytest.mark.parametrize("raw", [{"n": "a\x00b"}, {"n": "half \ud800"}, {"n": 2**70}, {"\udc00": {"x": [1e300, None]}}])
async def test_whatever_json_holds_is_stored_and_comes_back(store_url: str, raw: dict[str, Any]) -> None:
    one = attrs.evolve(report(1, title="a\x00b\ud800", reference="\udfff"), raw=raw)
    async with await Store.open(store_url) as store:
        await put(store, one)
        (found,) = [back async for back in store.records()]
    assert found.report == one
    assert (found.row["title"], found.row["reference"]) == ("a\ufffdb?", "?")


@settings(max_examples=50, deadline=None)
@given(reports)
def test_what_is_stored_is_the_report_as_it_is_written_everywhere(one: ik.Report) -> None:
    tasks = tuple(attrs.evolve(each, artifacts=()) for each in one.tasks)
    lasting = attrs.evolve(one, tasks=tasks, artifacts=(drawing(LINK, None),))
    assert payload(lasting) == to_json(lasting)


def test_a_signed_link_in_json_within_a_text_is_not_stored() -> None:
    inner = r'{"link": "https:\/\/h.example.com\/a?x=1\u0026sig\u003dabc", "n": 1}'
    one = attrs.evolve(report(1), notes=inner, raw={"body": inner})
    kept = '{"link": "expired_link", "n": 1}'
    assert (payload(one)["notes"], payload(one)["raw"]) == (kept, {"body": kept})


def several_answers(link: str, expires_at: datetime | None) -> ik.Report:
    """A report as a provider makes it: `raw` has the vendor's answers, which nobody has decoded."""
    parts: list[Any] = [json.dumps({"b": one, "a": link}).encode() for one in ("pad", "event", {"x": [link]})]
    pad, event = parts[:2]
    odd: Any = RawJSON(parts[2])
    raw: Any = RawJSON({"pad": pad, "events": [event, odd], "deep": {"link": [link]}})
    one = report(1, attrs.evolve(task("One"), raw=odd))
    moment = ik.TimelineEvent(at=None, kind=ik.TimelineKind.RAN, raw=event)
    session, beside = attrs.evolve(one.session, raw=pad), drawing(link, expires_at)
    return attrs.evolve(one, session=session, timeline=(moment,), artifacts=(beside,), raw=raw)


@pytest.mark.parametrize(("link", "expires_at"), [(LINK, None), (LINK, LATER), *((one, None) for one in SIGNED)])
def test_answers_that_nobody_has_decoded_are_stored_like_others(link: str, expires_at: datetime | None) -> None:
    made, read = several_answers(link, expires_at), several_answers(link, expires_at)
    to_json(read)  # decodes each `raw`
    assert document(made) == document(read)
    assert isinstance(undecoded(made), RawJSON)
    kept = LINK if link == LINK and expires_at is None else {"expired_link": None}
    assert payload(made)["raw"]["events"][1] == {"a": kept, "b": {"x": [kept]}}
    assert payload(made)["raw"]["deep"] == {"link": [kept]}


@pytest.mark.parametrize("text", [b"{", b'{"a": "\xff"}', b"[" * 100_000])
def test_an_answer_that_is_no_json_is_our_error(text: Any) -> None:
    with pytest.raises(ik.MalformedResponseError):
        document(attrs.evolve(report(1), raw=text))


def test_the_time_of_a_report_is_stored_in_utc() -> None:
    zone = timezone(timedelta(hours=2))
    one = attrs.evolve(report(1), fetched_at=LATER.astimezone(zone))
    assert payload(one)["fetched_at"] == "2026-11-03T00:00:00Z"
    there, here = (drawing(LINK, LATER.astimezone(where)) for where in (zone, UTC))
    assert content(attrs.evolve(one, artifacts=(there,))) == content(attrs.evolve(one, artifacts=(here,)))
    with pytest.raises(ik.InvalidArgumentError, match="zone"):
        document(attrs.evolve(one, fetched_at=LATER.replace(tzinfo=None)))


def test_columns_are_those_of_the_report() -> None:
    one = attrs.evolve(report(3, task("One", True, None)), decision=ik.Decision.ACCEPTED, vendor_status="closed")
    columns = document(one).columns
    expected = {
        "ref": "codility:take_home:KK0003", "provider": "codility", "kind": "take_home", "status": "completed",
        "vendor_status": "closed", "decision": "accepted", "title": "Backend engineer", "candidate_name": "Candidate 3",
        "candidate_email": "candidate3@example.com", "assessment_id": "-Jr7", "reference": None, "language": None,
        "score_points": 7, "score_max": 10, "is_final": True, "schema_version": 1,
        "created_at": one.session.created_at, "fetched_at": one.fetched_at,
    }  # fmt: skip
    assert {name: columns[name] for name in expected} == expected


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(sessions=45, strict_limits=False) as made:
        yield made


@pytest.mark.parametrize("vendor", ["coderpad", "remoteinterview", "codility"])
async def test_every_report_of_the_sandbox_comes_back_equal(box: Sandbox, vendor: str, tmp_path: Path) -> None:
    account = {**box.accounts[f"sandbox-{vendor}"]}
    async with (
        ik.connect(account.pop("provider"), **account, limit=None) as provider,
        await Store.open(tmp_path / "store.db") as store,
    ):
        reports = [await provider.fetch_report(ref) for ref in box.refs(vendor)]
        await put(store, *reports)
        back = [one async for one in store.reports()]
    assert len(back) == len(reports) > 10
    for one, found in zip(reports, back, strict=True):
        links = [artifact.url for artifact in one.artifacts if artifact.expires_at is not None]
        expected = attrs.evolve(
            one, raw=without_links(one.raw, links=frozenset(filter(None, links)), files={}, raw=True),
            artifacts=tuple(attrs.evolve(each, url=None) if each.expires_at else each for each in one.artifacts),
        )  # fmt: skip
        assert found == expected
        assert found.raw == expected.raw
        assert content(found) == content(one)
