"""Candidates in a CSV file: which requests its rows make, which rows are bad, and what the result keeps of them."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewkit import Candidate, InvalidArgumentError
from interviewkit.cli.invite_result import Fate, ResultFile, State, of_row, place
from interviewkit.cli.invite_rows import RESULT, Table, as_read, as_written, read, reference_of


def table(tmp_path: Path, text: str | bytes, assessment: str = "T", **more: str) -> Table:
    path = tmp_path / "in.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, assessment=assessment, **more)


def people(found: Table) -> list[Candidate | None]:
    return [None if row.request is None else row.request.candidate for row in found.rows]


def references(found: Table) -> list[str | None]:
    return [row.reference for row in found.rows]


def errors(found: Table) -> dict[int, str]:
    return {row.line: row.error.message for row in found.rows if row.error}


def written(path: Path, found: Table) -> Path:
    """The result of a table of which nothing was sent."""
    target = path.with_name("out.result.csv")
    source = path.with_name("in.csv")
    fates = {row.line: of_row(row) or Fate(state=State.PENDING) for row in found.rows}
    ResultFile(target, found, source).save(fates)
    return target


ROBIN = Candidate(email="robin@example.com", first_name="Robin", last_name="Example")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("begins", ["", "\ufeff"])
def test_any_spreadsheets_csv_is_read(tmp_path: Path, delimiter: str, newline: str, begins: str) -> None:
    rows = ["E-Mail,First Name,LastName,reference", "robin@example.com,Robin,Example,r-1", ""]
    found = table(tmp_path, begins + newline.join(rows).replace(",", delimiter))
    assert people(found) == [ROBIN]
    assert references(found) == ["r-1"]
    assert (found.delimiter, found.newline, found.begins) == (delimiter, newline, begins)


def test_quoted_cells_hold_separators_quotes_and_line_ends(tmp_path: Path) -> None:
    found = table(tmp_path, 'name,reference\n"Example, ""Rob""\nJunior",1\nAlex,2\n')
    assert [person and person.name for person in people(found)] == ['Example, "Rob"\nJunior', "Alex"]
    assert [row.line for row in found.rows] == [2, 4]


def test_empty_lines_are_no_rows_and_count_as_lines(tmp_path: Path) -> None:
    found = table(tmp_path, "\nemail,name\n\nrobin@example.com,\n,\n\nbad,\n")
    assert [row.line for row in found.rows] == [4, 7]
    assert errors(found) == {7: "its e-mail is no mailbox"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"robin,Robin,", "its e-mail is no mailbox"),
        (b"robin @example.com,Robin,", "its e-mail is no mailbox"),
        (b"robin@example.com,Robin,,more", "it has 1 cell more than the header"),
        (b"robin@example.com,J\xf6rg,", "it is not UTF-8 text"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(tmp_path: Path, row: bytes, said: str) -> None:
    found = table(tmp_path, b"email,name,phone\n" + row + b"\nalex@example.com,Alex,\n")
    assert errors(found) == {2: said}
    assert people(found)[1] == Candidate(email="alex@example.com", name="Alex")


def test_a_row_that_names_nobody_is_bad(tmp_path: Path) -> None:
    assert errors(table(tmp_path, "email,stage\n,screen\n")) == {2: "nothing in it says who it is about"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "names no column of a candidate"),
        (b"robin@example.com,Robin\n", "names no column of a candidate"),
        (b"phone\n1\n", "no column that says who"),
        (b"email,E-Mail\na@example.com,b@example.com\n", "more than one column email"),
        (b'email,name\nrobin@example.com,"Robin\nalex@example.com,Alex\n', "the row that begins on line 2 is not CSV"),
        (b'email,name\nrobin@example.com,"Rob"in\n', "the row that begins on line 2 is not CSV"),
        ("email\n".encode("utf-16"), "is UTF-16 text"),
        (b"email,gr\xf6\xdfe\n", "its first row is not UTF-8"),
        (b"emial,name\nrobin@example.com,Robin\n", "the column 'emial' is not known"),
    ],
)
def test_a_file_that_may_be_misread_is_refused_whole(tmp_path: Path, text: bytes, said: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"in\.csv") as caught:
        table(tmp_path, text)
    assert said in str(caught.value)
    assert "robin" not in str(caught.value)


def test_a_column_like_a_known_one_is_carried_when_that_is_there_too(tmp_path: Path) -> None:
    assert table(tmp_path, "email,email2\nrobin@example.com,x\n").carried == ["email2"]


# --- references ---


def test_a_row_without_a_reference_gets_the_same_one_in_every_run(tmp_path: Path) -> None:
    first = table(tmp_path, "email,name\nrobin@example.com,Robin\n")
    again = table(tmp_path, "name,email,stage\nRobin B.,ROBIN@example.com ,x\n")
    assert references(first) == references(again) == ["ik-0c05817e244c58353889"]
    assert references(table(tmp_path, "email\nrobin@example.com\n", assessment="other")) != references(first)


def test_the_id_stands_for_a_reference_that_is_left_out(tmp_path: Path) -> None:
    assert references(table(tmp_path, "id,reference,email\n7,,a@example.com\n8,r,b@example.com\n")) == ["7", "r"]


def test_without_an_e_mail_name_and_phone_make_the_reference() -> None:
    assert reference_of("T", Candidate(name="Robin", phone="1")) != reference_of("T", Candidate(name="Robin"))
    assert reference_of("T", Candidate()) is None


def test_another_column_can_hold_the_reference(tmp_path: Path) -> None:
    assert references(table(tmp_path, "email,ATS id\na@example.com,A1\n", reference_column="ATS id")) == ["A1"]


@pytest.mark.parametrize(
    ("header", "said"),
    [("email,x", "has no column 'ATS id'"), ("email,reference,ATS id", "has a column reference too")],
)
def test_a_reference_column_that_is_not_clear_is_refused(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(InvalidArgumentError, match=said):
        table(tmp_path, header + "\n", reference_column="ATS id")


def test_a_repeated_reference_is_one_request_or_a_bad_row(tmp_path: Path) -> None:
    found = table(tmp_path, "email,name,reference\na@example.com,A,1\nA@example.com,A,1\na@example.com,B,1\n")
    assert [row.same_as for row in found.rows] == [None, 2, None]
    assert errors(found) == {4: "it has the reference of line 2, and other data"}
    assert list(found.asked()) == ["1"]


# --- the result ---

TRICKY = (
    "\ufeffE-Mail;name;phone;id;balance;state\r\n"
    "robin@example.com;=1+1;+49 170 1;-7;-5,5;=x\r\n"
    "alex@example.com;'=protected;;@8;'-5;CA\r\n"
    'bad;"a ""b""\r\nc";;;;\r\n'
    "\r\n"
    "sam@example.com;Sam;;;1;;surplus\r\n"
).encode()


def test_a_result_that_is_fed_in_again_asks_for_the_very_same(tmp_path: Path) -> None:
    found = table(tmp_path, TRICKY)
    again = read(written(tmp_path / "in.csv", found), assessment="T")
    assert again.is_result
    assert [row.request for row in again.rows] == [row.request for row in found.rows]
    assert list(errors(again).values()) == list(errors(found).values())
    assert [column.removeprefix("input_") for column in again.columns[: len(found.columns)]] == [
        *found.columns[:-1], "state",
    ]  # fmt: skip
    assert [row.cells[:6] for row in again.rows] == [row.cells for row in found.rows]


def test_a_result_of_a_result_is_the_same_file(tmp_path: Path) -> None:
    first = written(tmp_path / "in.csv", table(tmp_path, TRICKY)).read_bytes()
    second = written(tmp_path / "in.csv", table(tmp_path, first)).read_bytes()
    assert second == first


def test_a_result_holds_no_formula_and_leaves_ids_and_numbers_alone(tmp_path: Path) -> None:
    text = written(tmp_path / "in.csv", table(tmp_path, TRICKY)).read_text("utf-8")
    lines = text.removeprefix("\ufeff").splitlines()
    assert text.startswith("\ufeff")
    assert lines[0] == "E-Mail;name;phone;id;balance;input_state;reference;" + ";".join(RESULT)
    assert lines[1].startswith("robin@example.com;'=1+1;'+49 170 1;-7;-5,5;'=x;-7;pending;")
    assert lines[2].startswith("alex@example.com;''=protected;;@8;''-5;CA;@8;pending;")


@given(st.sampled_from(["name", "", "id"]), st.text())
def test_every_cell_comes_back(name: str, cell: str) -> None:
    assert as_read(name, as_written(name, cell)) == cell


def test_bytes_that_are_not_utf_8_stay_what_they_were(tmp_path: Path) -> None:
    found = table(tmp_path, b"email,name\nrobin@example.com,J\xf6rg\n")
    assert b"robin@example.com,J\xf6rg,," in written(tmp_path / "in.csv", found).read_bytes()


def test_a_result_goes_beside_its_source_or_in_its_place() -> None:
    assert place(Path("a/candidates.csv")) == place(Path("a/candidates.result.csv")) == Path("a/candidates.result.csv")


def test_a_file_without_an_error_column_is_no_result(tmp_path: Path) -> None:
    header = ",".join(["email", *RESULT[:-1]])
    assert not table(tmp_path, f"{header}\nrobin@example.com,invited,u,r,,,\n").is_result


def test_a_row_shows_nobodys_data_in_its_repr(tmp_path: Path) -> None:
    found = table(tmp_path, "email,name,phone\nrobin@example.com,Robin,+49\n")
    assert "obin" not in repr(found) + repr(found.rows[0])
    assert attrs.has(type(found))
