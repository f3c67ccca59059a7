"""Edit histories replayed by Firepad's rules (https://github.com/FirebaseExtended/firepad): UTF-16 units, key order."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from interviewkit import InvalidArgumentError, MalformedResponseError
from interviewkit.providers.coderpad import History, HistoryProblem


def edits(**operations: Any) -> dict[str, Any]:
    return {key: {"a": "u1", "o": done, "t": 1700000000000} for key, done in operations.items()}


def reasons(history: History) -> dict[str, str]:
    return {problem.key: problem.reason for problem in history.problems}


def test_keys_give_the_order_not_the_object_and_not_the_clocks() -> None:
    late = {"a": "u", "o": ["a"], "t": 9}
    early = {"a": "u", "o": [1, "b"], "t": 1}
    history = History.parse({"A1": early, "A0": late})
    assert history.text == "ab"
    assert [revision.at for revision in history.revisions] == [
        datetime(1970, 1, 1, 0, 0, 0, 9000, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC),
    ]  # fmt: skip


def test_more_than_62_revisions_go_on_in_order() -> None:
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    keys = [f"A{letter}" for letter in letters] + [f"B1{letter}" for letter in letters] + ["B20"]
    node = {key: {"a": "u", "o": [place, "x"] if place else ["x"]} for place, key in enumerate(keys)}
    history = History.parse(dict(reversed(node.items())))
    assert history.problems == ()
    assert [revision.number for revision in history.revisions] == list(range(125))
    assert history.text_at("B1z") == "x" * 124


@pytest.mark.parametrize(("revision", "text"), [(0, "a"), (1, "ab"), (2, "b"), (-1, "b"), (-3, "a"), ("A1", "ab")])
def test_the_text_at_any_revision(revision: int | str, text: str) -> None:
    assert History.parse(edits(A0=["a"], A1=[1, "b"], A2=[-1, 1])).text_at(revision) == text


@pytest.mark.parametrize("revision", [3, -4, "A3", "", "A"])
def test_a_revision_that_is_none_is_an_argument_error(revision: int | str) -> None:
    with pytest.raises(InvalidArgumentError):
        History.parse(edits(A0=["a"], A1=[1, "b"], A2=[-1, 1])).text_at(revision)


def test_counts_are_utf16_units() -> None:
    history = History.parse(edits(A0=["😀é😀"], A1=[2, -1, 2], A2=[4, "!"]))
    assert (history.text, history.problems) == ("😀😀!", ())


def test_halves_of_a_surrogate_pair_meet() -> None:
    history = History.parse(b'{"A0":{"a":"u","o":["\\ud83d"]},"A1":{"a":"u","o":[1,"\\ude00"]}}')
    assert history.text == "😀"
    assert history.text_at(0) == "\ufffd"
    assert [text for _, text in history.texts()] == ["\ufffd", "😀"]


def test_zeros_and_attributes_of_rich_text_do_nothing() -> None:
    history = History.parse(edits(A0=[{"b": True}, "ab"], A1=[0], A2=[{"i": 1}, 1, {}, -1, 0], A3=[1.0, "c"]))
    assert (history.text, history.problems) == ("ac", ())
    assert history.revisions[2].operations == (1, -1)


@pytest.mark.parametrize(
    "entry",
    [
        None, "x", 7, [], {}, {"o": None}, {"o": "x"}, {"o": {"0": "x"}}, {"o": [None]}, {"o": [True]}, {"o": [1.5]},
        {"o": [["x"]]},
    ],
)  # fmt: skip
def test_a_malformed_entry_is_left_out_and_told(entry: Any) -> None:
    history = History.parse(edits(A0=["ab"]) | {"A1": entry} | edits(A2=[2, "c"]))
    assert history.text == "abc"
    assert reasons(history) == {"A1": "it is no revision", "A2": "1 revisions before it are missing"}


@pytest.mark.parametrize("done", [[3], [1], [2, -1], [5, "x"], [-3], ["x"]])
def test_an_edit_that_does_not_fit_the_text_is_left_out_as_firepad_does(done: list[Any]) -> None:
    history = History.parse(edits(A0=["ab"], A1=done, A2=[2, "c"]))
    assert history.text == "abc"
    assert history.problems == (HistoryProblem(key="A1", reason="it does not fit the text's length"),)
    assert [revision.key for revision in history.revisions] == ["A0", "A2"]


@pytest.mark.parametrize("key", ["", "A", "B0", "C12", "AA1", "0", "A-", "meta", "A0 "])
def test_a_key_that_is_none_is_told(key: str) -> None:
    history = History.parse(edits(A0=["ab"]) | {key: {"a": "u", "o": [2, "c"]}})
    assert history.text == "ab"
    assert reasons(history) == {key: "its key is none of a revision"}


def test_a_missing_revision_is_told() -> None:
    history = History.parse(edits(A0=["ab"], A3=[2, "c"]))
    assert history.text == "abc"
    assert reasons(history) == {"A3": "2 revisions before it are missing"}


def test_an_odd_author_or_time_loses_no_revision() -> None:
    history = History.parse({"A0": {"a": 7, "o": ["a"], "t": "x"}, "A1": {"o": [1, "b"], "t": 1e300}, "A2": {"o": [2]}})
    assert history.text == "ab"
    assert {(revision.author, revision.at) for revision in history.revisions} == {(None, None)}


CHECKPOINT = {"a": "u", "o": ["abc"], "id": "A2"}


def test_a_history_that_does_not_reach_back_starts_from_its_checkpoint() -> None:
    history = History.parse(edits(A2=[2, "c"], A3=[3, "d"], A4=[4, "e"]), checkpoint=CHECKPOINT)
    assert (history.start, history.text) == ("abc", "abcde")
    assert [revision.key for revision in history.revisions] == ["A3", "A4"]
    assert history.text_at("A3") == "abcd"
    assert reasons(history) == {"checkpoint": "the text starts here: earlier edits are incomplete"}


def test_a_history_with_a_flaw_before_its_checkpoint_starts_from_it() -> None:
    node = edits(A0=["a"], A1=None, A2=[1, "c"], A3=[3, "d"], A4=None, meta=["x"])
    history = History.parse(node, checkpoint=CHECKPOINT)
    assert (history.start, history.text) == ("abc", "abcd")
    assert set(reasons(history)) == {"checkpoint", "A4", "meta"}


def test_a_whole_history_needs_no_checkpoint() -> None:
    history = History.parse(edits(A0=["a"], A1=[1, "b"], A2=[2, "c"], A3=[3, "d"]), checkpoint=CHECKPOINT)
    assert (history.start, history.text, history.problems) == ("", "abcd", ())
    assert history.text_at(0) == "a"


def test_a_checkpoint_without_later_edits_is_the_text() -> None:
    history = History.parse({"history": {}, "checkpoint": CHECKPOINT})
    assert (history.text, history.revisions) == ("abc", ())


def test_history_and_checkpoint_come_as_one_node_too() -> None:
    assert History.parse({"history": edits(A3=[3, "d"]), "checkpoint": CHECKPOINT, "users": {}}).text == "abcd"


@pytest.mark.parametrize(
    "bad", [7, {}, {"o": ["a"]}, {"o": [3], "id": "A1"}, {"o": ["a"], "id": "zz"}, {"o": "a", "id": "A1"}]
)
def test_a_bad_checkpoint_is_told(bad: Any) -> None:
    history = History.parse(edits(A0=["a"]), checkpoint=bad)
    assert (history.text, reasons(history)) == ("a", {"checkpoint": "it is no checkpoint"})


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7", b'"x"', b"\xff", b"[" * 100_000, b'{"A0":'])
def test_what_is_no_history_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        History.parse(body)


@pytest.mark.parametrize("body", [b"null", "null", None, b"{}", {}])
def test_nothing_typed_is_an_empty_history(body: Any) -> None:
    assert History.parse(body) == History()


def test_a_repr_shows_neither_text_nor_people() -> None:
    history = History.parse({"A0": {"a": "greg", "o": ["secret"]}})
    assert "secret" not in repr(history)
    assert "greg" not in repr(history.revisions[0])
    assert "secret" not in repr(history.revisions[0])


def test_a_random_history_replays_to_the_text_it_was_made_of() -> None:
    rng = random.Random(7)
    units: list[str] = []
    node: dict[str, Any] = {}
    texts: list[str] = []
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for number in range(300):
        at = rng.randrange(len(units) + 1)
        gone = rng.randrange(min(3, len(units) - at) + 1)
        typed = rng.choice(["x", "é\n", "wide"])
        units[at : at + gone] = typed
        rest = len(units) - at - len(typed)
        key = f"A{letters[number]}" if number < 62 else f"B{letters[number // 62]}{letters[number % 62]}"
        node[key] = {"a": "u", "o": [part for part in (at, typed, -gone, rest) if part]}
        texts.append("".join(units))
    history = History.parse(json.dumps(node))
    assert history.problems == ()
    assert [text for _, text in history.texts()] == texts
    assert history.text_at(150) == texts[150]
