"""RemoteInterview's webhook: what it tells, and what it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import interviewkit as ik
from interviewkit.webhooks import parse

NAME = "remoteinterview/webhook_test_report.json"
CANDIDATE = "X3JpY2dmlldy5pbw~~"


def test_the_vendors_own_example_is_a_result_of_a_candidate_whose_test_is_not_told(
    payload_bytes: Callable[[str], bytes],
) -> None:
    event = parse("remoteinterview", {}, payload_bytes(NAME))
    assert (event.type, event.vendor_type, event.provider) == (ik.EventType.RESULT, "test.report", "remoteinterview")
    assert (event.ref, event.account, event.reference, event.is_verified) == (None, None, None, False)
    assert event.session_id == CANDIDATE
    assert event.raw == json.loads(payload_bytes(NAME))


def test_its_report_is_the_payload_in_the_shared_model(payload_bytes: Callable[[str], bytes]) -> None:
    report = parse("remoteinterview", {}, payload_bytes(NAME)).report
    assert report is not None
    assert (report.score, report.status) == (ik.Score(points=90, max_points=100), ik.SessionStatus.COMPLETED)
    assert [task.title for task in report.tasks] == ["Reverse words in a sentence", "JavaScript Take-home Project"]
    assert report.candidate is not None
    assert report.candidate.email == "luke@example.com"
    assert (report.fetched_at, report.ref.parent, report.session.assessment_id) == (None, None, None)
    assert report.raw == json.loads(payload_bytes(NAME))["data"]


def test_once_its_test_is_found_the_event_and_all_in_it_have_the_whole_reference(
    payload_bytes: Callable[[str], bytes],
) -> None:
    event = parse("remoteinterview", {}, payload_bytes(NAME))
    ref = ik.SessionRef(provider="remoteinterview", kind=ik.SessionKind.TAKE_HOME, id=CANDIDATE, parent="-JrvNKhZ")
    placed = event.with_ref(ref)
    assert placed.report is not None
    assert event.report is not None
    assert placed.ref == placed.report.ref == placed.report.session.ref == ref
    assert placed.report.session.assessment_id == "-JrvNKhZ"
    assert {one.ref for task in placed.report.tasks for one in task.artifacts} == {ref}
    assert (placed.dedupe_key, placed.raw, placed.report.raw) == (event.dedupe_key, event.raw, event.report.raw)


@pytest.mark.parametrize("other", [{"id": "X3Jp"}, {"provider": "codility"}])
def test_the_reference_of_another_session_is_refused(
    payload_bytes: Callable[[str], bytes], other: dict[str, str]
) -> None:
    event = parse("remoteinterview", {}, payload_bytes(NAME))
    ref = ik.SessionRef(**{"provider": "remoteinterview", "kind": ik.SessionKind.TAKE_HOME, "id": CANDIDATE, **other})  # type: ignore[arg-type]
    with pytest.raises(ik.InvalidArgumentError, match="another session"):
        event.with_ref(ref)


def test_a_secret_is_refused_since_the_vendor_signs_nothing(payload_bytes: Callable[[str], bytes]) -> None:
    with pytest.raises(ik.ConfigurationError, match="signs no webhook"):
        parse("remoteinterview", {"Authorization": "Bearer s3cret"}, payload_bytes(NAME), secrets=["s3cret"])


def test_headers_of_any_kind_are_none_of_its_business(payload_bytes: Callable[[str], bytes]) -> None:
    headers = [("Authorization", "ü"), ("Authorization", None), ("Checksum", "")]
    event = parse("codeinterview", headers, payload_bytes(NAME))  # type: ignore[arg-type]
    assert event == parse("remoteinterview", {}, payload_bytes(NAME))


@pytest.mark.parametrize(
    ("whole", "path"),
    [
        ({"type": "pad.ended", "data": {"id": "P"}}, "$.type"),
        ({"data": {"id": "X"}}, "$"),
        ({"type": "test.report", "data": []}, "$.data"),
        ({"type": "test.report", "data": {}}, "$.data"),
        ({"type": "test.report", "data": {"id": ""}}, "$.data.id"),
        ({"type": "test.report", "data": {"id": "luke@é"}}, "$.data.id"),
        ({"type": "test.report", "data": {"id": "X", "status": 5}}, "$.data.status"),
        ({"type": "test.report", "data": {"id": "X", "added_at": 1e300}}, "$.data.added_at"),
        ({"type": "test.report", "data": {"id": "X", "tasks": [{"code": 1}]}}, "$.data.tasks[0].code"),
    ],
)
def test_an_undocumented_shape_is_told_by_its_path_and_keeps_the_json(whole: dict[str, Any], path: str) -> None:
    with pytest.raises(ik.BadEventError) as caught:
        parse("remoteinterview", {}, json.dumps(whole).encode())
    assert (caught.value.paths, caught.value.raw, caught.value.is_json) == ((path,), whole, True)
    assert "pad.ended" not in str(caught.value)
    assert "luke" not in str(caught.value)


def test_a_report_that_says_the_same_has_the_same_key_and_a_changed_one_another(payload: Callable[[str], Any]) -> None:
    whole = payload(NAME)
    keys = [parse("remoteinterview", {}, json.dumps(whole, indent=step).encode()).dedupe_key for step in (None, 2)]
    whole["data"]["score"]["got"] = 91
    keys.append(parse("remoteinterview", {}, json.dumps(whole).encode()).dedupe_key)
    assert keys[0] == keys[1] != keys[2]
