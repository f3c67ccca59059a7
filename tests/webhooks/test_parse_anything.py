"""Whatever comes in headers and bodies: an event, or an error of this package."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import interviewkit as ik
from interviewkit.webhooks import parse
from tests.conftest import PAYLOADS

TOKEN = "callback-token-1"
SESSION = json.loads((PAYLOADS / "codility/session_detail.not_started.response.json").read_bytes())
WHOLE = {
    "codility": {"event": "result", "session": {**SESSION, "codelive": {}, "similarity": {"text": "acknowledged"}}},
    "remoteinterview": json.loads((PAYLOADS / "remoteinterview/webhook_test_report.json").read_bytes()),
}
vendors = st.sampled_from(sorted(WHOLE))

names = st.sampled_from(["authorization", "Authorization", "checksum", "CHECKSUM"]) | st.text(max_size=9)
values: Any = st.sampled_from(["", "Bearer", f"Bearer {TOKEN}", "Bearer \xa0", "0" * 32]) | st.text(max_size=40)
texts = st.tuples(names, values | values.map(lambda text: "Bearer " + text))
headers = st.lists(texts | st.tuples(st.binary(max_size=9), st.binary(max_size=40)), max_size=4)

words = st.sampled_from(["result", "similarity", "test.report", "2019-04-24T14:00:00Z", "https://x/sessions/A-1/", ""])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | words
shapes = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars, max_size=2)


@st.composite
def bent(draw: st.DrawFn, vendor: str) -> bytes:
    """A vendor's own delivery with something in it replaced, left out or added."""
    whole = copy.deepcopy(WHOLE[vendor])
    for _ in range(draw(st.integers(0, 2))):
        node: Any = whole
        while True:
            at = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            if not node[at] or not isinstance(node[at], dict | list) or not draw(st.integers(0, 3)):
                break
            node = node[at]
        node[at] = draw(shapes)
        if draw(st.integers(0, 3)) == 0:
            del node[at]
        if not whole:
            break
    return json.dumps(whole).encode()


def outcome(vendor: str, body: bytes, *given: Any) -> ik.WebhookEvent | ik.InterviewKitError:
    """The event, or the error, of one of the two kinds that a sender can cause."""
    try:
        return parse(vendor, given[0] if given else {}, body, *given[1:])
    except (ik.SignatureError, ik.BadEventError) as error:
        return error


@settings(max_examples=200, deadline=None)
@given(vendor=vendors, headers=headers, body=st.binary(max_size=60) | shapes.map(lambda one: json.dumps(one).encode()))
def test_no_body_and_no_header_ends_in_another_error(vendor: str, headers: list[Any], body: bytes) -> None:
    found = outcome(vendor, body, headers)
    assert isinstance(found, ik.WebhookError)
    assert str(pickle.loads(pickle.dumps(found))) == str(found)  # noqa: S301


@settings(max_examples=200, deadline=None)
@given(vendor=vendors, data=st.data())
def test_a_delivery_of_which_a_part_is_odd_is_an_event_or_json_to_keep(vendor: str, data: st.DataObject) -> None:
    body = data.draw(bent(vendor))
    found = outcome(vendor, body)
    if isinstance(found, ik.BadEventError):
        assert found.is_json or b"NaN" in body or b"Infinity" in body
    else:
        assert isinstance(found, ik.WebhookEvent)
        assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301
        assert (found.ref is None) == (vendor == "remoteinterview")


@settings(max_examples=200, deadline=None)
@given(headers=headers, secrets=st.lists(st.text(min_size=1) | st.binary(min_size=1), min_size=1, max_size=2))
def test_no_headers_that_were_made_up_prove_a_delivery(headers: list[Any], secrets: list[Any]) -> None:
    solid = [one for one in secrets if one.strip()] or [TOKEN * 2]
    assert isinstance(outcome("codility", json.dumps(WHOLE["codility"]).encode(), headers, solid), ik.SignatureError)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_change_of_a_signed_delivery_passes(data: st.DataObject) -> None:
    body = json.dumps(WHOLE["codility"]).encode()
    checksum = hashlib.md5(body + TOKEN.encode()).hexdigest()  # noqa: S324
    parts = [body, f"Bearer {TOKEN}".encode(), checksum.encode()]
    which = data.draw(st.sampled_from([0, 1, 2]))
    place = data.draw(st.integers(7 if which == 1 else 0, len(parts[which]) - 1))  # the scheme's case does not count
    letter = data.draw(st.integers(0, 255).filter(lambda one: one != parts[which][place]))
    parts[which] = parts[which][:place] + bytes([letter]) + parts[which][place + 1 :]
    with pytest.raises(ik.SignatureError):
        parse("codility", {b"Authorization": parts[1], b"Checksum": parts[2]}, parts[0], [TOKEN])
