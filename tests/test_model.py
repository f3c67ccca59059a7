"""The shared classes: references, times, scores, masks, and the vendor's JSON that they keep."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interviewkit import model
from interviewkit.errors import InvalidArgumentError, MalformedResponseError
from interviewkit.model import (
    Candidate,
    InvitationEmail,
    RawJSON,
    Report,
    Score,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    closed,
    epoch_ms,
    moment,
    opened,
    quick,
    undecoded,
)

REF = SessionRef(provider="acme", kind=SessionKind.TAKE_HOME, id="K7", parent="t/1")
SECRET = "s3cr3t"
PERSON = "candidate.one@example.com"


def classes() -> Iterator[type]:
    for _name, kind in inspect.getmembers(model, inspect.isclass):
        if attrs.has(kind) and kind.__module__.startswith(model.__name__):
            yield kind


@pytest.mark.parametrize("kind", list(classes()), ids=lambda kind: kind.__name__)
def test_every_class_is_frozen_slotted_and_keyword_only(kind: Any) -> None:
    assert "__slots__" in kind.__dict__
    assert all(field.kw_only for field in attrs.fields(kind))
    instance = object.__new__(kind)
    with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
        instance.anything = 1
    for field in attrs.fields(kind):
        if field.name == "raw":
            assert not field.repr
            assert not field.eq


def test_every_name_of_the_model_is_there_and_no_other() -> None:
    assert {name for name in model.__all__ if not hasattr(model, name)} == set()
    assert set(model.__all__) <= set(dir(model))
    with pytest.raises(AttributeError, match="no attribute 'Interview'"):
        _ = model.Interview  # type: ignore[attr-defined]


# --- references ---


@given(
    provider=st.text(min_size=1),
    kind=st.sampled_from(SessionKind),
    id_=st.text(min_size=1),
    parent=st.none() | st.text(min_size=1),
)
@example(provider="remoteinterview", kind=SessionKind.TAKE_HOME, id_="X3JpY2F~~", parent="-JrvNKhZ")
@example(provider="a:b", kind=SessionKind.LIVE, id_="a/b:c%2F ", parent="%")
@example(provider="a", kind=SessionKind.LIVE, id_="\ud83d", parent=None)
def test_a_reference_and_its_text_round_trip(provider: str, kind: SessionKind, id_: str, parent: str | None) -> None:
    try:
        ref = SessionRef(provider=provider, kind=kind, id=id_, parent=parent)
        text = str(ref)
    except InvalidArgumentError:
        assert any("\ud800" <= letter <= "\udfff" for letter in provider + id_ + (parent or ""))
        return
    assert SessionRef.parse(text) == ref
    assert text.isascii()
    assert not any(letter.isspace() for letter in text)
    assert text.count(":") == 2


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("coderpad:live:DM32JWG2", SessionRef(provider="coderpad", kind=SessionKind.LIVE, id="DM32JWG2")),
        ("remoteinterview:take_home:-JrvNKhZ/X3JpY2F~~", SessionRef(provider="remoteinterview",
            kind=SessionKind.TAKE_HOME, id="X3JpY2F~~", parent="-JrvNKhZ")),
        ("codility:take_home:KKUFDG-5V5", SessionRef(provider="codility", kind=SessionKind.TAKE_HOME, id="KKUFDG-5V5")),
    ],
)  # fmt: skip
def test_a_references_text_is_the_documented_one(text: str, ref: SessionRef) -> None:
    assert str(ref) == text
    assert SessionRef.parse(text) == ref


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "a:b:c",
        "a:live",
        "a:live:",
        ":live:x",
        "a:live:x/y/z",
        "a:live:/x",
        "a:live:x/",
        "a:live:x y",
        "a:live:x:y",
        " a:live:x",
        None,
        5,
        REF,
        "a:live:%FF",
        "a:live:%ED%A0%BD",
    ],
)
def test_what_is_no_reference_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        SessionRef.parse(wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"provider": ""}, {"id": ""}, {"id": 5}, {"provider": None}, {"kind": "quiz"}, {"parent": ""}, {"parent": 5}],
)
def test_a_reference_without_its_parts_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        SessionRef(**{"provider": "acme", "kind": SessionKind.LIVE, "id": "x", **wrong})


def test_a_references_repr_shortens_an_id_that_may_be_a_candidates() -> None:
    long = SessionRef(provider="remoteinterview", kind=SessionKind.TAKE_HOME, id="Y2FuZGlkYXRlLm9uZUBleGFtcGxlLmNvbQ~~")
    assert "Y2FuZGlkYXRl" not in repr(long)
    assert "DM32JWG2" in repr(SessionRef(provider="coderpad", kind=SessionKind.LIVE, id="DM32JWG2"))


# --- times ---


@pytest.mark.parametrize(
    ("text", "time"),
    [
        (None, None),
        ("2026-11-03T10:20:30Z", datetime(2026, 11, 3, 10, 20, 30, tzinfo=UTC)),
        ("2026-11-03T10:20:30.123Z", datetime(2026, 11, 3, 10, 20, 30, 123000, tzinfo=UTC)),
        ("2026-11-03T10:20:30-05:00", datetime(2026, 11, 3, 15, 20, 30, tzinfo=UTC)),
        ("2026-11-03 10:20:30", datetime(2026, 11, 3, 10, 20, 30, tzinfo=UTC)),
        ("2026-11-03T10:20:30+0200", datetime(2026, 11, 3, 8, 20, 30, tzinfo=UTC)),
        ("2026-11-03", datetime(2026, 11, 3, tzinfo=UTC)),
    ],
)
def test_a_time_is_aware_and_in_utc(text: str | None, time: datetime | None) -> None:
    found = moment(text, "$.created_at")
    assert found == time
    assert found is None or found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "wrong", ["", "soon", "2026-13-01", "0001-01-01T00:00:00+10:00", "2026-11-03T25:00:00Z", "1762165230"]
)
def test_what_is_no_time_names_its_path_and_not_its_value(wrong: str) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        moment(wrong, "$.created_at")
    assert caught.value.paths == ("$.created_at",)
    assert not wrong or wrong not in str(caught.value)


def test_milliseconds_are_a_time_in_utc() -> None:
    assert epoch_ms(1_762_165_230_500, "$.at") == datetime(2025, 11, 3, 10, 20, 30, 500000, tzinfo=UTC)
    assert epoch_ms(None, "$.at") is None
    for wrong in (1e30, -1e30, float("nan"), float("inf")):
        with pytest.raises(MalformedResponseError):
            epoch_ms(wrong, "$.at")


@given(st.integers(0, 4_000_000_000))
def test_any_time_with_an_offset_is_the_same_moment(seconds: int) -> None:
    time = datetime.fromtimestamp(seconds, timezone(timedelta(hours=5)))
    assert moment(time.isoformat(), "$") == time


# --- scores ---


@pytest.mark.parametrize(
    ("points", "most", "fraction", "percent"),
    [(3, 4, 0.75, 75), (0, 10, 0, 0), (5, None, None, None), (5, 0, None, None), (12, 10, 1.2, 120)],
)
def test_a_score_is_as_given(points: float, most: float | None, fraction: float | None, percent: float | None) -> None:
    score = Score(points=points, max_points=most)
    assert (score.fraction, score.percent) == (fraction, percent)


# --- what is shown ---


def full_session() -> Session:
    url = f"https://u:{SECRET}@vendor.example/pad?key={SECRET}#{SECRET}"
    return Session(
        ref=REF, provider="acme", account="main", kind=SessionKind.LIVE, status=SessionStatus.CREATED,
        candidate=Candidate(email=PERSON, phone="+15550100999", id="Y2FuZGlkYXRlLm9uZUBleGFtcGxl",
        attributes={"email": PERSON}),
        candidate_url=url, interviewer_url=url, playback_url=url, report_url=url, access_code=SECRET,
        raw={"email": PERSON},
    )  # fmt: skip


def test_no_repr_shows_a_secret_or_a_person() -> None:
    shown = [
        repr(full_session()),
        repr(
            Report(
                ref=REF,
                provider="acme",
                account="main",
                session=full_session(),
                status=SessionStatus.COMPLETED,
                notes=SECRET,
            )
        ),
        repr(InvitationEmail(subject=SECRET, content=SECRET, reply_to=PERSON, cc=[PERSON])),
        repr(model.TemporaryLink(url=f"https://v.example/r?sig={SECRET}")),
        repr(model.Artifact(ref=REF, kind=model.ArtifactKind.PDF, url=f"https://v.example/r?sig={SECRET}")),
        repr(model.SourceFile(path="a.py", content=SECRET, history_url=f"https://v.example/h?auth={SECRET}")),
        repr(model.TestCaseResult(output=SECRET, expected_output=SECRET)),
        repr(model.TimelineEvent(at=None, kind=model.TimelineKind.JOINED, actor_email=PERSON)),
        repr(model.TaskResult(description_html=SECRET)),
    ]
    for text in shown:
        assert SECRET not in text
        assert PERSON not in text
        assert "candidate.one" not in text
        assert "15550100999" not in text
        assert "Y2FuZGlkYXRlLm9uZUBleGFtcGxl" not in text
    assert "c***@example.com" in shown[0]
    assert "https://vendor.example/pad?***" in shown[0]


@given(st.text(max_size=30))
@example("http://[::1")
def test_masks_take_any_text(text: str) -> None:
    for mask in (model.mask_email, model.mask_phone, model.mask_url, model.mask_id, model.mask_secret):
        assert isinstance(mask(text), str)
        assert mask(None) == "None"


# --- raw ---


def with_raw(raw: Any) -> Session:
    """A session whose `raw` is still as it came."""
    return attrs.evolve(full_session(), raw=raw)


def test_raw_is_decoded_once_at_first_use() -> None:
    session = with_raw(RawJSON(b'{"id": "x", "n": [1, 2]}'))
    assert isinstance(undecoded(session), RawJSON)
    assert session.raw == {"id": "x", "n": [1, 2]}
    assert type(session.raw) is dict
    assert session.raw is session.raw


def test_raw_of_several_answers_is_decoded_whole() -> None:
    pad, environments = RawJSON(b'{"id": "x"}'), [RawJSON(b'{"id": 1}'), {"id": 2}]
    session = with_raw(RawJSON({"pad": pad, "environments": environments, "events": None}))
    assert session.raw == {"pad": {"id": "x"}, "environments": [{"id": 1}, {"id": 2}], "events": None}


@pytest.mark.parametrize("again", [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy, attrs.evolve])  # noqa: S301
def test_raw_pickles_and_copies(again: Any) -> None:
    session = with_raw(RawJSON(b'{"id": "x"}'))
    other = again(session)
    assert other == session
    assert other.raw == {"id": "x"}


@pytest.mark.parametrize("text", [b'{"id": ', b'"\xff"', b"[" * 100_000])
def test_raw_that_cannot_be_decoded_is_our_error(text: bytes) -> None:
    session = with_raw(RawJSON(text))
    with pytest.raises(MalformedResponseError) as caught:
        _ = session.raw
    assert caught.value.raw == text


def test_raw_counts_neither_for_equality_nor_for_the_hash() -> None:
    ref, other = (model.TemporaryLink(url="https://v.example/x") for _ in range(2))
    assert ref == other
    one, two = full_session(), attrs.evolve(full_session(), raw={"other": 1})
    assert one == two
    assert hash(one) == hash(two)


# --- people and mail ---


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"name": "A B"}, "A B"),
        ({"first_name": "A", "last_name": "B"}, "A B"),
        ({"last_name": "B"}, "B"),
        ({}, None),
        ({"name": ""}, None),
    ],
)
def test_a_candidates_name_is_put_together(names: dict[str, Any], shown: str | None) -> None:
    assert Candidate(**names).display_name == shown


def test_a_mail_is_made_of_a_template() -> None:
    template = {
        "subject": "[COMPANY] invites you",
        "content": "Open [PRIVATE_TEST_LINK], [NAME]",
        "reply_to": ["team@example.com"],
    }
    mail = InvitationEmail.from_template(
        template, placeholders={"COMPANY": "Acme", "[NAME]": "Ada"}, cc=["boss@example.org"]
    )
    assert (mail.subject, mail.content) == ("Acme invites you", "Open [PRIVATE_TEST_LINK], Ada")
    assert (mail.reply_to, mail.cc) == ("team@example.com", ("boss@example.org",))


def test_a_mail_is_made_of_a_template_object_and_the_callers_reply_address_goes_first() -> None:
    template = attrs.make_class("Template", ["subject", "content", "reply_to"])("S", None, None)
    mail = InvitationEmail.from_template(template, reply_to="me@example.com", placeholders={"X": "y"})
    assert (mail.subject, mail.content, mail.reply_to, mail.cc) == ("S", None, "me@example.com", ())


def test_what_was_open_is_an_ordinary_object_of_its_class_once_it_is_closed() -> None:
    ref = SessionRef(provider="acme", kind=SessionKind.LIVE, id="x")
    known: dict[str, Any] = {
        "ref": ref, "provider": "acme", "account": "a", "kind": SessionKind.LIVE, "status": SessionStatus.CREATED,
    }  # fmt: skip
    filled = opened(Session)
    for field in attrs.fields(Session):
        setattr(filled, field.name, known.get(field.name, field.default))
    filled.raw = RawJSON(b'{"id": "x"}')
    made = closed(filled, Session)
    assert type(made) is Session
    assert made == Session(**known)
    assert hash(made) == hash(Session(**known))
    assert made.raw == {"id": "x"}
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.title = "changed"  # type: ignore[misc]


def test_what_is_made_quickly_is_an_ordinary_object_of_its_class() -> None:
    ref = SessionRef(provider="acme", kind=SessionKind.LIVE, id="x")
    known: dict[str, Any] = {
        "ref": ref, "provider": "acme", "account": "a", "kind": SessionKind.LIVE, "status": SessionStatus.CREATED,
    }  # fmt: skip
    made = quick(Session)(**known, raw=RawJSON(b'{"id": "x"}'))  # type: ignore[arg-type]
    assert type(made) is Session
    assert made == Session(**known)
    assert hash(made) == hash(Session(**known))
    assert made.raw == {"id": "x"}
    assert quick(Session)(**known).raw == {}
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.title = "changed"  # type: ignore[misc]
