"""Strict reading: nothing is coerced, errors name paths and never values, and `raw` is what came."""

from __future__ import annotations

import copy
import pickle
from typing import Any, Literal

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewkit.errors import MalformedResponseError
from interviewkit.http.decode import One, Rows, content, plain, read_bytes, read_json, read_rows, structure
from interviewkit.http.wire import Response
from interviewkit.model import undecoded

EMAIL = "candidate.one@example.com"


@attrs.frozen(kw_only=True)
class Owner:
    """Part of a row."""

    email: str | None = None
    age: int | None = None


@attrs.frozen(kw_only=True)
class Pad:
    """A row as a vendor's shapes are written."""

    id: str
    title: str | None = None
    count: int | None = None
    score: float | None = None
    private: bool | None = None
    owner: Owner | None = None
    tags: list[str] | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class LongPad(Pad):
    """A row that adds to another's fields."""

    contents: str | None = None


@attrs.frozen(kw_only=True)
class Pads:
    """A page whose rows are read one by one."""

    pads: list[msgspec.Raw]
    total: int | None = None


READERS = [
    pytest.param(lambda text: read_bytes(text, Pad), id="bytes"),
    pytest.param(lambda text: structure(msgspec.json.decode(text), Pad), id="dict"),
    pytest.param(lambda text: One(Pad)(Response(200, {}, text)), id="answer"),
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b'{"id": null}', "$.id"), (b'{"id": 5}', "$.id"), (b'{"id": true}', "$.id"), (b'{"id": ["a"]}', "$.id"),
        (b'{"id": "x", "title": 1}', "$.title"), (b'{"id": "x", "title": false}', "$.title"),
        (b'{"id": "x", "title": {}}', "$.title"), (b'{"id": "x", "count": "1"}', "$.count"),
        (b'{"id": "x", "count": 1.9}', "$.count"), (b'{"id": "x", "count": 1.0}', "$.count"),
        (b'{"id": "x", "count": true}', "$.count"), (b'{"id": "x", "count": ""}', "$.count"),
        (b'{"id": "x", "score": "0.5"}', "$.score"), (b'{"id": "x", "score": true}', "$.score"),
        (b'{"id": "x", "private": 0}', "$.private"), (b'{"id": "x", "private": "false"}', "$.private"),
        (b'{"id": "x", "owner": []}', "$.owner"), (b'{"id": "x", "owner": "a"}', "$.owner"),
        (b'{"id": "x", "owner": {"age": "7"}}', "$.owner.age"), (b'{"id": "x", "tags": "abc"}', "$.tags"),
        (b'{"id": "x", "tags": ["a", null]}', "$.tags[1]"), (b'{"title": "x"}', "$"), (b"[]", "$"), (b'"x"', "$"),
        (b"null", "$"), (b"5", "$"),
    ],
)  # fmt: skip
def test_nothing_is_coerced_and_the_error_names_the_path(read: Any, text: bytes, path: str) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        read(text)
    assert caught.value.paths == (path,)
    assert str(caught.value).count(f"at {path}") == 1
    assert caught.value.raw == msgspec.json.decode(text)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("read", READERS)
def test_a_good_object_is_read_with_its_unknown_keys_in_raw(read: Any) -> None:
    text = (
        b'{"id": "x", "count": 123456789012345678901234567890, "score": 1, "owner": {"email": null}, "new_key": [1.0]}'
    )
    pad = read(text)
    assert pad == Pad(id="x", count=123456789012345678901234567890, score=1.0, owner=Owner())
    assert pad.raw == msgspec.json.decode(text)
    assert pad.raw is pad.raw


WRONG_TEXTS = {
    "an empty answer": (b"", "empty"),
    "HTML": (b"  <!doctype html><p>" + EMAIL.encode(), "HTML"),
    "half an object": (b'{"id": "' + EMAIL.encode(), "not JSON"),
    "two objects": (b'{"id": "x"} {}', "not JSON"),
    "a byte order mark": (b'\xef\xbb\xbf{"id": "x"}', "not JSON"),
    "NaN": (b'{"id": "x", "score": NaN}', "not JSON"),
    "Infinity": (b'{"id": "x", "other": Infinity}', "not JSON"),
    "single quotes": (b"{'id': 'x'}", "not JSON"),
    "not UTF-8 where it is read": (b'{"id": "\xff"}', "UTF-8"),
    "not UTF-8 where it is skipped": (b'{"id": "x", "other": "\xff"}', "UTF-8"),
    "UTF-16": ('{"id": "x"}'.encode("utf-16"), "UTF-8"),
    "nested too deeply where it is skipped": (b'{"id": "x", "o": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deeply"),
    "nested too deeply": (b'{"o": ' * 100_000, "deeply"),
    "a wrong escape": (b'{"id": "\\x41"}', "not JSON"),
}


@pytest.mark.parametrize(("text", "said"), list(WRONG_TEXTS.values()), ids=list(WRONG_TEXTS))
@pytest.mark.parametrize("shape", [Pad, object])
def test_what_is_no_json_says_so(text: bytes, said: str, shape: Any) -> None:
    with pytest.raises(MalformedResponseError, match=said) as caught:
        read_bytes(text, shape)
    assert caught.value.paths == ("$",)
    assert caught.value.raw == text
    assert EMAIL not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_number_out_of_range_fails_when_raw_is_read_and_not_with_a_strangers_error() -> None:
    pad = read_bytes(b'{"id": "x", "other": 1e400}', Pad)
    with pytest.raises(MalformedResponseError):
        _ = pad.raw
    with pytest.raises(MalformedResponseError):
        plain(b"1e400")


def test_of_two_equal_keys_the_last_one_counts() -> None:
    pad = read_bytes(b'{"id": "a", "id": "b"}', Pad)
    assert (pad.id, pad.raw) == ("b", {"id": "b"})


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (rb"\ud83d\ude00", "😀"), (rb"\ud83d", "\ufffd"), (rb"\ude00\ud83d", "\ufffd\ufffd"), (rb"a\uD83Db",
        "a\ufffdb"),
        (rb"\\ud83d", "\\ud83d"), (rb"\\\ud83d", "\\\ufffd"), (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"\ud83d\u0041", "\ufffdA"), (rb"\ud83d\n", "\ufffd\n"),
    ],
)  # fmt: skip
def test_half_a_surrogate_pair_is_read_as_the_replacement_character(text: bytes, title: str) -> None:
    whole = b'{"id": "x", "title": "' + text + b'", "other": "' + text + b'"}'
    pad = read_bytes(whole, Pad)
    assert (pad.title, pad.raw["other"]) == (title, title)
    page = read_bytes(b'{"pads": [' + whole + b"]}", Pads)
    items, problems = read_rows(page.pads, Pad, at="$.pads")
    assert ([item.title for item in items], problems) == ([title], ())


@given(st.text(max_size=20))
def test_an_error_never_holds_what_was_read(secret: str) -> None:
    text = msgspec.json.encode({"id": [secret + "§"], "title": 5}) if secret.isprintable() else b'{"id": 5}'
    with pytest.raises(MalformedResponseError) as caught:
        read_bytes(text, Pad)
    assert secret + "§" not in str(caught.value)


def test_not_even_a_word_that_an_enumeration_lacks() -> None:
    words: tuple[Any, Any] = (Literal["a", "b"], Literal[1, 2])
    word, number = (attrs.make_class("Word", {"word": attrs.field(type=kind)}) for kind in words)
    for shape, text in ((word, f'{{"word": "{EMAIL}"}}'), (number, '{"word": 4242}')):
        with pytest.raises(MalformedResponseError) as caught:
            read_bytes(text.encode(), shape)
        assert EMAIL not in str(caught.value)
        assert "4242" not in str(caught.value)
        assert caught.value.paths == ("$.word",)


def test_a_bad_row_becomes_a_problem_with_its_path_and_the_others_come() -> None:
    text = b'{"total": 4, "pads": [{"id": "a"}, {"id": 5}, {"id": "c", "owner": {"age": "x"}}, "d", {"id": "e"}]}'
    page = read_bytes(text, Pads)
    items, problems = read_rows(page.pads, Pad, at="$.pads")
    assert [item.id for item in items] == ["a", "e"]
    assert [problem.error.paths[0] for problem in problems] == ["$.pads[1].id", "$.pads[2].owner.age", "$.pads[3]"]
    assert [problem.raw for problem in problems] == [{"id": 5}, {"id": "c", "owner": {"age": "x"}}, "d"]
    assert items[1].raw == {"id": "e"}


def test_a_bare_array_is_one_page() -> None:
    page = Rows(Pad)(Response(200, {}, b'[{"id": "a"}, {"id": null}]'))
    assert ([item.id for item in page.items], page.total, page.cursor) == (["a"], 2, None)
    assert [problem.error.paths for problem in page.problems] == [("$[1].id",)]


@pytest.mark.parametrize("text", [b"{}", b'"x"', b"null"])
def test_what_is_no_array_is_no_page(text: bytes) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        Rows(Pad)(Response(200, {}, text))
    assert caught.value.paths == ("$",)


def test_a_path_within_an_answer_is_prefixed() -> None:
    with pytest.raises(MalformedResponseError) as caught:
        read_bytes(b'{"id": 1}', Pad, at="$.section")
    assert caught.value.paths == ("$.section.id",)


@pytest.mark.parametrize("shape", [Pad, LongPad])
def test_raw_is_decoded_at_first_use_and_once(shape: type[Pad]) -> None:
    pad = read_json(Response(200, {}, b'{"id": "x", "other": {"a": 1}}'), shape)
    assert isinstance(undecoded(pad), bytes)
    first = pad.raw
    assert first == {"id": "x", "other": {"a": 1}}
    assert undecoded(pad) is first is pad.raw


@pytest.mark.parametrize("again", [lambda pad: pickle.loads(pickle.dumps(pad)), copy.copy, copy.deepcopy, attrs.evolve])  # noqa: S301
@pytest.mark.parametrize("shape", [Pad, LongPad])
def test_raw_pickles_and_copies(again: Any, shape: type[Pad]) -> None:
    pad = read_bytes(b'{"id": "x", "other": {"a": 1}}', shape)
    other = again(pad)
    assert other == pad
    assert type(other.raw) is dict
    assert other.raw == {"id": "x", "other": {"a": 1}}


def test_a_row_is_an_ordinary_frozen_object_and_a_key_called_raw_is_no_field_of_it() -> None:
    (row,), problems = read_rows([msgspec.Raw(b'{"id": "x", "raw": 5}')], LongPad, at="$")
    assert problems == ()
    assert type(row) is LongPad
    assert row == LongPad(id="x")
    assert row.raw == {"id": "x", "raw": 5}
    assert attrs.evolve(row, title="t").raw is row.raw
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        row.title = "changed"  # type: ignore[misc]


def test_structure_keeps_the_very_dict_and_reads_pages_too() -> None:
    raw = {"id": "x", "other": 1}
    assert structure(raw, Pad).raw is raw
    assert structure(raw, LongPad).raw is raw
    page = structure({"pads": [{"id": "a"}], "total": 1}, Pads)
    assert read_rows(page.pads, Pad, at="$.pads")[0][0].id == "a"
    with pytest.raises(MalformedResponseError) as caught:
        structure({"pads": 5}, Pads)
    assert caught.value.paths == ("$.pads",)


def test_a_file_is_its_bytes() -> None:
    assert content(Response(200, {}, b"%PDF")) == b"%PDF"
