"""Whatever is posted, wherever to: one of the documented answers, never an error, and only what is known is kept."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from .door import ACME, ACME_PATH, OTHER, SECRETS, TESTS_PATH, TOKEN, Entrance, entrance, result, signed

STATUSES = {200, 400, 401, 403, 404, 413, 415}
TEXT = st.text(st.characters(), max_size=40)  # lone surrogates, too
PATHS = st.one_of(
    TEXT, st.just(ACME_PATH), st.just(TESTS_PATH), st.just(f"/{OTHER}/{SECRETS[OTHER]}"),
    st.builds("{}/{}".format, st.just(ACME_PATH), TEXT), st.builds("/{}/{}".format, st.just(ACME), TEXT),
)  # fmt: skip
NAMES = st.one_of(TEXT, st.sampled_from(["Authorization", "CHECKSUM", "content-encoding", "Content-Length", "K"]))
VALUES = st.one_of(TEXT, st.sampled_from(["identity", "gzip", "Bearer x", f"Bearer {TOKEN}", "999999999", "-1", "٣"]))
HEADERS = st.one_of(
    st.lists(st.tuples(NAMES, VALUES), max_size=6),
    st.dictionaries(NAMES, VALUES, max_size=6),
    st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=20)), max_size=6),
    st.lists(st.tuples(st.one_of(NAMES, st.none(), st.integers()), st.one_of(VALUES, st.none())), max_size=3),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.builds(
    lambda kind, key, inside: {kind[0]: kind[1], key: inside},
    st.sampled_from([("event", "result"), ("event", "similarity"), ("type", "test.report")]),
    st.sampled_from(["session", "data"]),
    st.dictionaries(
        st.sampled_from(["url", "id", "candidate", "email", "evaluation", "tasks", "status", "added_at", "similarity"]),
        st.one_of(JSON, st.just("https://codility.com/api/sessions/KKUFDG-5V5/"), st.just("X3JpY2FuZF9h")),
    ),
)
BODIES = st.one_of(
    st.binary(max_size=200), st.builds(lambda value: json.dumps(value).encode(), JSON | EVENTS),
    st.builds(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), JSON),
    st.just(result()),
)  # fmt: skip
METHODS = st.one_of(st.just("POST"), st.sampled_from(["GET", "post", "PUT", ""]), TEXT)


@pytest.fixture(scope="module", params=["unsigned", "signed"])
def place(request: pytest.FixtureRequest) -> Iterator[tuple[asyncio.Runner, Entrance]]:
    """A receiver and its loop, for all the examples: each of them leaves rows behind."""
    options: dict[str, Any] = {"tokens": {ACME: TOKEN}} if request.param == "signed" else {}
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        opened = entrance(Path(folder) / "store.db", max_body_bytes=2000, **options)
        yield runner, runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=METHODS, path=PATHS, headers=HEADERS, body=BODIES, is_signed=st.booleans())
def test_anything_gets_one_of_the_documented_answers(
    place: tuple[asyncio.Runner, Entrance], method: str, path: str, headers: Any, body: bytes, is_signed: bool
) -> None:
    runner, door = place
    if is_signed and isinstance(headers, dict):
        headers |= signed(body)
    before = len(runner.run(door.rows()))
    status = runner.run(door.post(path, body, headers, method=method))
    event(f"answered {status}")
    after = runner.run(door.rows())
    assert status in STATUSES
    assert len(after) - before in ({0, 1} if status == 200 else {0})
    assert {row.state for row in after} <= {"received", "unreadable"}
