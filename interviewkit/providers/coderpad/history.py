"""The edit history of a pad or of one of its files, replayed to the text at any revision.

CoderPad keeps histories as Firepad does: a JSON object of revisions `{"a": author, "o": operations, "t": ms}` whose
keys are numbers in base 62 behind a letter for their length (`A0` … `Az`, `B10` …). Their order is that of the keys;
times come from the participants' clocks and skew. An operation is a number of characters to keep, a negative number to
delete, or text to insert, and counts UTF-16 code units, as JavaScript does. Sources, read 2026-11:
https://github.com/FirebaseExtended/firepad (lib/text-operation.js, lib/firebase-adapter.js) and
https://github.com/CoderPad/firepad, which adds a checkpoint every 100 edits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Self

import attrs

from interviewkit.errors import InvalidArgumentError, MalformedResponseError
from interviewkit.model import epoch_ms

_KEY = re.compile(r"[A-Za-z][0-9A-Za-z]+")
_DIGITS = {letter: value for value, letter in enumerate(digits + ascii_uppercase + ascii_lowercase)}
_UTF16 = "utf-16-le"


@attrs.frozen(kw_only=True)
class Revision:
    """One edit. `operations` are counts to keep (above zero), counts to delete (below), and texts to insert."""

    key: str
    at: datetime | None = None
    author: str | None = attrs.field(default=None, repr=False)
    operations: tuple[int | str, ...] = attrs.field(repr=lambda value: f"<{len(value)} operations>")

    @property
    def number(self) -> int:
        """The revision's place, counted from 0, as its key says it."""
        return _number(self.key)


@attrs.frozen(kw_only=True)
class HistoryProblem:
    """An entry of a history that could not be applied, and was left out: `key` is its key, `reason` why."""

    key: str
    reason: str


@attrs.frozen(kw_only=True)
class History:
    """A replayed edit history: `text` is the last text, `text_at(revision)` an earlier one.

    `start` is the text before the first revision: empty, or a checkpoint's where the history does not reach back to the
    beginning. Entries that are malformed or do not fit the text are left out, as Firepad does, and stand in `problems`.
    """

    revisions: tuple[Revision, ...] = attrs.field(default=(), repr=lambda value: f"<{len(value)} revisions>")
    start: str = attrs.field(default="", repr=False)
    text: str = attrs.field(default="", repr=False)
    problems: tuple[HistoryProblem, ...] = ()

    @classmethod
    def parse(
        cls, source: bytes | str | Mapping[str, Any] | None, *, checkpoint: Mapping[str, Any] | None = None
    ) -> Self:
        """Read a history as it comes from its URL; `null` is one without edits.

        `source` may also be the node above it, with `history` and `checkpoint` in it. Raises `MalformedResponseError`
        for what is no JSON object.
        """
        node = _object(source)
        if isinstance(node.get("history"), dict):
            checkpoint = node.get("checkpoint") if checkpoint is None else checkpoint
            node = node["history"]
        entries, problems = _entries(node)
        whole = _Replay.over(entries, -1, "")
        saved = _checkpoint(checkpoint, problems)
        if saved is not None and not whole.sound_to(saved[0]):
            number, start = saved
            problems = [problem for problem in problems if not 0 <= _place(problem.key) <= number]
            problems.append(
                HistoryProblem(key="checkpoint", reason="the text starts here: earlier edits are incomplete")
            )
            whole = _Replay.over([entry for entry in entries if entry.number > number], number, start)
        found = sorted([*problems, *whole.problems], key=lambda problem: problem.key)
        return cls(revisions=tuple(whole.applied), start=whole.start, text=whole.text, problems=tuple(found))

    def text_at(self, revision: int | str) -> str:
        """The text after a revision: by its index in `revisions` (from the end if negative), or by its key.

        Raises `InvalidArgumentError` for a revision that the history does not have.
        """
        index = self._index(revision)
        document = bytearray(_encoded(self.start))
        for edit in self.revisions[: index + 1]:
            _apply(document, edit.operations)
        return _decoded(document)

    def texts(self) -> Iterator[tuple[Revision, str]]:
        """Each revision with the text after it, in one pass."""
        document = bytearray(_encoded(self.start))
        for edit in self.revisions:
            _apply(document, edit.operations)
            yield edit, _decoded(document)

    def _index(self, revision: int | str) -> int:
        if isinstance(revision, str):
            found = next((place for place, edit in enumerate(self.revisions) if edit.key == revision), None)
        else:
            found = revision + len(self.revisions) if revision < 0 else revision
        if found is None or not 0 <= found < len(self.revisions):
            raise InvalidArgumentError(
                f"the history has {len(self.revisions)} revisions, and this is none of them", provider="coderpad"
            )
        return found


class _Replay:
    """Applies revisions to a text, leaving out what does not fit it."""

    def __init__(self, before: int, start: str) -> None:
        self.start = start
        self.applied: list[Revision] = []
        self.problems: list[HistoryProblem] = []
        self._document = bytearray(_encoded(start))
        self._last = before
        self._flaw: int | None = None

    @classmethod
    def over(cls, revisions: Sequence[Revision], before: int, start: str) -> _Replay:
        replay = cls(before, start)
        for revision in revisions:
            replay.add(revision)
        return replay

    def add(self, revision: Revision) -> None:
        number = revision.number
        if number != self._last + 1:
            self._report(self._last + 1, revision.key, f"{number - self._last - 1} revisions before it are missing")
        self._last = number
        kept = sum(abs(part) for part in revision.operations if isinstance(part, int))
        if revision.operations and 2 * kept != len(self._document):
            self._report(number, revision.key, "it does not fit the text's length")
            return
        _apply(self._document, revision.operations)
        self.applied.append(revision)

    def _report(self, number: int, key: str, reason: str) -> None:
        self._flaw = number if self._flaw is None else self._flaw
        self.problems.append(HistoryProblem(key=key, reason=reason))

    def sound_to(self, number: int) -> bool:
        """Whether every revision up to this one was there and fitted."""
        return self._last >= number and (self._flaw is None or self._flaw > number)

    @property
    def text(self) -> str:
        return _decoded(self._document)


def _apply(document: bytearray, operations: Sequence[int | str]) -> None:
    at = 0
    for part in operations:
        if isinstance(part, str):
            units = _encoded(part)
            document[at:at] = units
            at += len(units)
        elif part > 0:
            at += 2 * part
        else:
            del document[at : at - 2 * part]


def _encoded(text: str) -> bytes:
    return text.encode(_UTF16, "surrogatepass")


def _decoded(document: bytearray) -> str:
    return document.decode(_UTF16, "replace")  # half of a surrogate pair is no character: U+FFFD


def _object(source: bytes | str | Mapping[str, Any] | None) -> dict[str, Any]:
    """The history's JSON object. The standard library's reader takes halves of surrogate pairs, which do occur."""
    problem, value = "no JSON object", None
    try:
        value = json.loads(source) if isinstance(source, bytes | str) else source
    except (ValueError, RecursionError):
        problem = "not JSON"
    else:
        if value is None:
            return {}
    if not isinstance(value, Mapping):
        raise MalformedResponseError(
            f"the answer is not what the vendor documents: {problem} at $",
            paths=("$",),
            raw=source,
            provider="coderpad",
        )
    return dict(value)


def _entries(node: Mapping[str, Any]) -> tuple[list[Revision], list[HistoryProblem]]:
    revisions: list[Revision] = []
    problems: list[HistoryProblem] = []
    for key in sorted(node):
        entry = node[key]
        operations = _operations(entry.get("o")) if isinstance(entry, Mapping) else None
        if _place(key) < 0:
            problems.append(HistoryProblem(key=key, reason="its key is none of a revision"))
        elif operations is None:
            problems.append(HistoryProblem(key=key, reason="it is no revision"))
        else:
            author = entry.get("a")
            said = author if isinstance(author, str) else None
            revisions.append(Revision(key=key, at=_time(entry.get("t")), author=said, operations=operations))
    return revisions, problems


def _operations(value: Any) -> tuple[int | str, ...] | None:
    """The operations without those that do nothing: zeros, and attributes of rich text. `None`: malformed."""
    if not isinstance(value, list):
        return None
    kept: list[int | str] = []
    for part in value:
        if isinstance(part, float) and part.is_integer():
            kept.append(int(part))
        elif isinstance(part, str) or type(part) is int:
            kept.append(part)
        elif not isinstance(part, dict):
            return None
    return tuple(part for part in kept if part)


def _checkpoint(value: Mapping[str, Any] | None, problems: list[HistoryProblem]) -> tuple[int, str] | None:
    """A checkpoint's revision number and text."""
    if value is None:
        return None
    operations = _operations(value.get("o")) if isinstance(value, Mapping) else None
    number = _place(value.get("id") if isinstance(value, Mapping) else None)
    if operations is None or number < 0 or not all(isinstance(part, str) for part in operations):
        problems.append(HistoryProblem(key="checkpoint", reason="it is no checkpoint"))
        return None
    return number, "".join(str(part) for part in operations)


def _place(key: Any) -> int:
    """A key's number, or -1 for what is no key."""
    if not isinstance(key, str) or not _KEY.fullmatch(key) or _DIGITS[key[0]] - 9 != len(key) - 1:
        return -1
    return _number(key)


def _number(key: str) -> int:
    number = 0
    for letter in key[1:]:
        number = number * 62 + _DIGITS[letter]
    return number


def _time(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return epoch_ms(value, "$.t")
    except MalformedResponseError:
        return None
