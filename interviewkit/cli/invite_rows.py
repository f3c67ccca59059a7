"""Candidates in a CSV file: a row is a request for an invitation, or says why it is none.

UTF-8 with or without a byte order mark; comma, semicolon, tab or bar between the cells; quotes as RFC 4180 has them.
The first row names the columns. Those that are not known are carried through to the result, which is such a file too.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from interviewkit.errors import InvalidArgumentError
from interviewkit.harvest.export.formulas import guard, unguard
from interviewkit.ledger.operations import digest
from interviewkit.model import Candidate, InviteRequest

PERSON = ("email", "name", "first_name", "last_name", "phone", "id")
KNOWN = (*PERSON, "reference")
RESULT = ("state", "url", "ref", "email_sent", "operation_id", "error", "warnings")
"""What the result adds, beside a reference."""
_ALIASES: Mapping[str, str] = {
    "e_mail": "email", "mail": "email", "email_address": "email", "e_mail_address": "email", "full_name": "name",
    "firstname": "first_name", "lastname": "last_name", "phone_number": "phone",
}  # fmt: skip
_WHO = ", ".join(PERSON)
_DELIMITERS = ",;\t|"
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+")
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_IDS = frozenset({"id", "reference"})
_BOM = "\ufeff"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CLOSE = 0.8
_DONE_NOTHING = frozenset({"failed", "pending", "refused"})
"""States in which a result's row has invited nobody."""
MADE = "ik-"
"""How references begin that are made here."""
_REFERENCE_LENGTH = 20


@attrs.frozen(kw_only=True)
class Row:
    """One row: the input's own cells, and the request that they make or what is wrong with them."""

    line: int
    """Where it begins in the file, from 1 on."""
    cells: tuple[str, ...] = attrs.field(repr=False)
    surplus: tuple[str, ...] = attrs.field(default=(), repr=False)
    """Cells beyond the header's columns."""
    request: InviteRequest | None = attrs.field(default=None, repr=False)
    error: InvalidArgumentError | None = None
    same_as: int | None = None
    """The line of an earlier row that asks for the very same."""
    before: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """What an earlier run's result says of it, by `RESULT`'s names."""

    @property
    def reference(self) -> str | None:
        """Its own, or one that is made of its data."""
        return None if self.request is None else self.request.reference

    @property
    def is_asked(self) -> bool:
        """Whether it asks for an invitation that no earlier row asks for."""
        return self.request is not None and self.error is None and self.same_as is None


@attrs.frozen(kw_only=True)
class Table:
    """A file of candidates: its rows, and how it is written."""

    columns: tuple[str, ...]
    """The input's own, as they are written there; without `RESULT`'s where it is a result."""
    names: tuple[str, ...]
    """What each of them is to us: one of `KNOWN`, or `""`."""
    rows: tuple[Row, ...] = attrs.field(repr=False)
    is_result: bool
    made_references: int
    """How many rows have none of their own."""
    delimiter: str
    newline: str
    begins: str
    """A byte order mark, or nothing."""

    @property
    def carried(self) -> list[str]:
        """Columns that mean nothing here."""
        return [
            column.strip() for column, name in zip(self.columns, self.names, strict=True)
            if not name and plain(column) not in {"", "reference"}
        ]  # fmt: skip

    def asked(self) -> dict[str, Row]:
        """The rows that ask for an invitation, by their reference."""
        return {str(row.reference): row for row in self.rows if row.is_asked}


def read(
    path: Path, *, assessment: str | None, reference_column: str | None = None,
    made_for: Collection[str | None] = (),
) -> Table:  # fmt: skip
    """Read a file; a bad row is one of its rows. Raises `InvalidArgumentError` for a file that cannot be read as one.

    A row without a reference has its `id` for one, and without that one that is made of the assessment and the e-mail,
    or else of name and phone: the same in every run. One that a result's row got like that for an assessment in
    `made_for`, and that invited nobody, is left out of account.
    """
    text = _text(path)
    delimiter = _delimiter(path, text, reference_column)
    (_, header), *records = _records(path, text, delimiter) or [(1, [])]
    header_names = _names(path, header, reference_column)
    is_result = set(RESULT) <= {plain(column) for column in header}
    own = [place for place, column in enumerate(header) if not (is_result and plain(column) in RESULT)]
    reader = _Reader(header, header_names, is_result=is_result, assessment=assessment, made_for=made_for)
    rows = [reader.row(line, cells) for line, cells in records]
    return Table(
        columns=tuple(header[place] for place in own), names=tuple(header_names[place] for place in own),
        rows=tuple(_without_repeats(rows)), is_result=is_result, made_references=reader.made,
        delimiter=delimiter, newline="\r\n" if "\r\n" in text else "\n", begins=_BOM if text.startswith(_BOM) else "",
    )  # fmt: skip


def reference_of(assessment: str | None, candidate: Candidate) -> str | None:
    """A reference for who has none, the same whenever it is asked for: the id, or a hash. `None`: nobody is named."""
    if candidate.id:
        return candidate.id
    told = [candidate.email.casefold()] if candidate.email else [candidate.display_name, candidate.phone]
    if told == [None, None]:
        return None
    return f"{MADE}{digest('invite', assessment, *told)[:_REFERENCE_LENGTH]}"


def is_mailbox(text: str) -> bool:
    """Whether a text has the form of an e-mail address."""
    return _MAILBOX.fullmatch(text) is not None


# --- the file ---


def _text(path: Path) -> str:
    """The file's text; bytes that are not UTF-8 become lone surrogates, which `_Reader` finds row by row."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidArgumentError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None
    if content.startswith(_UTF_16):
        raise InvalidArgumentError(f"{path} is UTF-16 text", hint='save it as "CSV UTF-8"')
    return content.decode("utf-8", "surrogateescape")


def _records(path: Path, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of the line on which it begins."""
    found: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text.removeprefix(_BOM), newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InvalidArgumentError(
            f"{path}: the row that begins on line {begins} is not CSV: {error}; nothing was sent",
            hint="a cell that begins with a quote ends with one, and quotes within it are doubled",
        ) from None
    return found


def _delimiter(path: Path, text: str, reference_column: str | None) -> str:
    """What stands between the cells: with it, most columns of the header are known."""
    first = next((line for line in text.removeprefix(_BOM).splitlines() if line.strip()), "")
    known = dict.fromkeys(_DELIMITERS, 0)
    for delimiter in _DELIMITERS:
        try:
            header = next(csv.reader([first], delimiter=delimiter))
        except (csv.Error, StopIteration):
            continue
        known[delimiter] = sum(_known(column, reference_column) != "" for column in header)
    best = max(known, key=lambda name: known[name])
    if not known[best]:
        raise InvalidArgumentError(
            f"{path}: its first row names no column of a candidate", hint=f"columns are {_WHO}, reference"
        )
    return best


def plain(column: str) -> str:
    """A column's name, however it is written."""
    return re.sub(r"[\s_-]+", "_", column.strip().casefold())


def _known(column: str, reference_column: str | None) -> str:
    """What a column is to us; `""`: nothing."""
    word = plain(column)
    if reference_column is not None and column.strip() == reference_column.strip():
        return "reference"
    name = _ALIASES.get(word, word)
    return name if name in KNOWN and not (name == "reference" and reference_column is not None) else ""


def _names(path: Path, header: Sequence[str], reference_column: str | None) -> list[str]:
    """What each column is to us. Raises `InvalidArgumentError` where that is not clear."""
    if _NOT_UTF_8.search("".join(header)):
        raise InvalidArgumentError(f"{path}: its first row is not UTF-8 text", hint='save it as "CSV UTF-8"')
    names = [_known(column, reference_column) for column in header]
    words = [plain(column) for column in header]
    if reference_column is not None and "reference" not in names:
        raise InvalidArgumentError(
            f"{path} has no column {reference_column!r} (--reference-column)", hint=f"it has {', '.join(header)}"
        )
    if reference_column is not None and "reference" in words and not set(RESULT) <= set(words):
        raise InvalidArgumentError(
            f"{path} has a column reference too: which one is meant?", hint="rename it, or leave out --reference-column"
        )
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise InvalidArgumentError(f"{path} has more than one column {twice[0]}", hint="leave one, or rename it")
    if not set(names) & ({*KNOWN} - {"phone"}):
        raise InvalidArgumentError(f"{path} has no column that says who the candidates are", hint=f"such as {_WHO}")
    for column, name in zip(words, names, strict=True):
        close = [] if name or column in RESULT else difflib.get_close_matches(column, KNOWN, n=1, cutoff=_CLOSE)
        if close and close[0] not in names:
            raise InvalidArgumentError(
                f"{path}: the column {column!r} is not known",
                hint=f"call it {close[0]}, if that is meant, or rename it",
            )
    return names


# --- cells ---


def as_written(name: str, cell: str) -> str:
    """A cell as it is written, `name` its column: a text that a spreadsheet could take for a formula is protected.

    Ids are not, and in columns that mean nothing here, neither are numbers.
    """
    return cell if _is_plain(name, cell) else guard(cell)


def as_read(name: str, cell: str) -> str:
    """What `as_written` was given."""
    return cell if name in _IDS else unguard(cell)


def _is_plain(name: str, cell: str) -> bool:
    return name in _IDS or (not name and _NUMBER.fullmatch(cell) is not None)


# --- its rows ---


class _Reader:
    """Reads rows under one header."""

    def __init__(
        self, header: Sequence[str], names: Sequence[str], *, is_result: bool, assessment: str | None,
        made_for: Collection[str | None],
    ) -> None:  # fmt: skip
        self._width = len(header)
        self._names = names
        self._words = [plain(column) for column in header]
        self._is_result = is_result
        self._assessment = assessment
        self._made_for = made_for
        self._tells_who = any(name in PERSON for name in names)
        self.made = 0

    def row(self, line: int, cells: list[str]) -> Row:
        """One row as it stands by itself."""
        whole = [*cells[: self._width], *[""] * (self._width - len(cells))]
        if self._is_result:
            whole = [as_read(name, cell) for name, cell in zip(self._names, whole, strict=True)]
        surplus = tuple(cells[self._width :]) if any(cell.strip() for cell in cells[self._width :]) else ()
        before = dict(zip(self._words, whole, strict=True)) if self._is_result else {}
        own = tuple(
            cell for word, cell in zip(self._words, whole, strict=True) if not (self._is_result and word in RESULT)
        )
        made = Row(
            line=line, cells=own, surplus=surplus, before={name: before[name].strip() for name in RESULT if before}
        )  # fmt: skip
        try:
            return attrs.evolve(made, request=self._request(whole, surplus, made.before))
        except InvalidArgumentError as error:
            return attrs.evolve(made, error=error)

    def _request(
        self, cells: Sequence[str], surplus: Sequence[str], before: Mapping[str, str]
    ) -> InviteRequest:  # fmt: skip
        if surplus:
            raise InvalidArgumentError(
                f"it has {len(surplus)} cell{'s' * (len(surplus) != 1)} more than the header",
                hint="quote a cell that holds the separator",
            )
        if _NOT_UTF_8.search("".join(cells)):
            raise InvalidArgumentError("it is not UTF-8 text", hint='save the file as "CSV UTF-8"')
        told = {name: cell.strip() or None for name, cell in zip(self._names, cells, strict=True) if name}
        reference = told.pop("reference", None)
        candidate = Candidate(**told)  # type: ignore[arg-type]  # of its fields, only texts are among them
        if candidate.email is not None and not is_mailbox(candidate.email):
            raise InvalidArgumentError("its e-mail is no mailbox")
        if reference is not None and self._tells_who and candidate == Candidate():
            raise InvalidArgumentError(
                "it has a reference, and nothing says who it is about", hint=f"fill in one of {_WHO}"
            )
        if before.get("state") in _DONE_NOTHING and not before.get("ref") and self._was_made(reference, candidate):
            reference = None
        if reference is None:
            reference = reference_of(self._assessment, candidate)
            self.made += 1
        if reference is None:
            raise InvalidArgumentError("nothing in it says who it is about", hint=f"fill in one of {_WHO}")
        return InviteRequest(candidate=candidate, reference=reference)

    def _was_made(self, reference: str | None, candidate: Candidate) -> bool:
        return any(reference == reference_of(one, candidate) for one in self._made_for)


def _without_repeats(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows, those that repeat the reference of an earlier one marked."""
    seen: dict[str, Row] = {}
    for row in rows:
        first = None if row.request is None else seen.setdefault(str(row.reference), row)
        if first is None or first is row:
            yield row
        elif _told(first) == _told(row):
            yield attrs.evolve(row, same_as=first.line)
        else:
            yield attrs.evolve(row, error=InvalidArgumentError(
                f"it has the reference of line {first.line}, and other data",
                hint="a reference, or without one the id or the e-mail, stands for one candidate",
            ))  # fmt: skip


def _told(row: Row) -> Candidate | None:
    person = None if row.request is None else row.request.candidate
    return person and attrs.evolve(person, email=person.email and person.email.casefold())
