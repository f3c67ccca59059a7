"""CoderPad's endpoints for questions and their variants: one function each, returning a `Call`.

Source: https://coderpad.io/api and https://api.interview.coderpad.io, read 2026-11. Their curl lines show flat names,
their lists of parameters `question[…]`; the latter also works with files, so all are sent that way. Variants are in no
official page: see https://github.com/adamtheturtle/coderpad-openapi. Errors are as in `calls`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import attrs
import msgspec

from interviewkit.errors import InvalidArgumentError
from interviewkit.http.decode import read_json
from interviewkit.http.wire import Call, FilePart, Form, Json, Multipart, Page, Path, Response, fields
from interviewkit.providers.coderpad.answers import Answer, Listing, acknowledged, granted
from interviewkit.providers.coderpad.calls import PAD_SORTS, call, listing, paging, route
from interviewkit.providers.coderpad.problems import check
from interviewkit.providers.coderpad.question_shapes import (
    CandidateInstruction,
    Question,
    QuestionFile,
    QuestionVariant,
)
from interviewkit.providers.coderpad.shapes import Ack

QUESTION_SORTS = (*PAD_SORTS, "title", "used")
PAD_TYPES = ("live", "take_home", "any")

Instructions = Sequence[CandidateInstruction | Mapping[str, Any]]
Files = Sequence[QuestionFile | Mapping[str, Any]]


class Keep(enum.Enum):
    """Stands for a field that is left as it is, where `None` has a meaning of its own."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


# --- questions -------------------------------------------------------------------------------------------------------


def list_questions(
    *, sort: str | None = None, text: str | None = None, pad_types: Sequence[str] = (), page: int | None = None,
    cursor: str | None = None,
) -> Call[Page[Question]]:  # fmt: skip
    """One page of your own questions, 50 at most.

    `sort` is `created_at` or `updated_at`, seen live also `title` and `used`, with `,asc` or `,desc`. Seen live: `text`
    searches, `pad_types` are `live`, `take_home` and `any`. `cursor` is a page's `cursor`.
    Source: https://coderpad.io/api, "GET /api/questions (index)".
    """
    if isinstance(pad_types, str):
        raise InvalidArgumentError("pad_types is a list of words", provider="coderpad")
    for word in pad_types:
        _one_of("pad_types", word, PAD_TYPES)
    query = [
        *paging(sort, page, cursor, QUESTION_SORTS),
        ("text", text),
        *(("pad_types[]", word) for word in pad_types),
    ]
    return listing("list_questions", "/api/questions", Question, "questions", query)


def list_organization_questions(
    *, sort: str | None = None, pad_type: str | None = None, language: str | None = None, page: int | None = None,
    cursor: str | None = None,
) -> Call[Page[Question]]:  # fmt: skip
    """One page of the organization's questions: your own and the shared ones, all of them for owners.

    Seen live: `pad_type` (`live` or `take_home`) and `language`. Otherwise see `list_questions`.
    Source: https://coderpad.io/api, "GET /api/organization/questions (index)".
    """
    _one_of("pad_type", pad_type, PAD_TYPES[:2])
    query = [*paging(sort, page, cursor, QUESTION_SORTS), ("pad_type", pad_type), ("language", language)]
    return listing("list_organization_questions", "/api/organization/questions", Question, "questions", query)


def create_question(
    *, title: str, language: str, description: str | None = None, contents: str | None = None,
    file_contents: Files | None = None, zip_file: bytes | None = None, solution: str | None = None,
    candidate_instructions: Instructions | None = None, candidate_description: str | None = None,
    ai_assist_custom_system_prompt: str | None = None, shared: bool | None = None, take_home: bool | None = None,
    pad_type: str | None = None, custom_database_id: int | None = None, extra: Mapping[str, Any] | None = None,
) -> Call[Question]:  # fmt: skip
    """Create a question, from text, from several files, or from a zip file: at most one of the three.

    `candidate_description` is the older form of `candidate_instructions`: one of them. Seen live: `file_contents`,
    `zip_file` and the fields from `ai_assist_custom_system_prompt` on. `extra` is merged last.
    Source: https://coderpad.io/api, "POST /api/questions (create)".
    """
    given = {
        "title": title, "language": language, "description": description, "contents": contents, "solution": solution,
        "candidate_instructions": _texts(candidate_instructions), "candidate_description": candidate_description,
        "ai_assist_custom_system_prompt": ai_assist_custom_system_prompt, "file_contents": _files(file_contents),
        "shared": shared, "take_home": take_home, "pad_type": pad_type, "custom_database_id": custom_database_id,
    }  # fmt: skip
    if not title or not language:
        raise InvalidArgumentError("create_question: title and language are required", provider="coderpad")
    body = _question_body(given, zip_file, extra)
    return call("create_question", "POST", route("/api/questions"), Answer(Question), body=body)


def get_question(question_id: int | str) -> Call[Question]:
    """One question. Source: https://coderpad.io/api, "GET /api/questions/:id (show)"."""
    return call("get_question", "GET", _question_path(question_id), Answer(Question), subject="question id")


def update_question(
    question_id: int | str, *, title: str | None = None, language: str | None = None, description: str | None = None,
    contents: str | None = None, file_contents: Files | None = None, zip_file: bytes | None = None,
    solution: str | None = None, candidate_instructions: Instructions | None = None,
    candidate_description: str | None = None, ai_assist_custom_system_prompt: str | None = None,
    shared: bool | None = None, take_home: bool | None = None, pad_type: str | None = None,
    custom_database_id: int | None = None, extra: Mapping[str, Any] | None = None,
) -> Call[Ack]:  # fmt: skip
    """Change a question; the answer is an acknowledgement only. See `create_question` for the fields.

    Source: https://coderpad.io/api, "PUT /api/questions/:id (update)".
    """
    given = {
        "title": title, "language": language, "description": description, "contents": contents, "solution": solution,
        "candidate_instructions": _texts(candidate_instructions), "candidate_description": candidate_description,
        "ai_assist_custom_system_prompt": ai_assist_custom_system_prompt, "file_contents": _files(file_contents),
        "shared": shared, "take_home": take_home, "pad_type": pad_type, "custom_database_id": custom_database_id,
    }  # fmt: skip
    body = _question_body(given, zip_file, extra)
    if not body.fields and zip_file is None:
        raise InvalidArgumentError("update_question: nothing to change", provider="coderpad")
    where = _question_path(question_id)
    return call("update_question", "PUT", where, acknowledged, body=body, subject="question id")


def delete_question(question_id: int | str) -> Call[Ack]:
    """Delete a question: there is no undo. Source: https://coderpad.io/api, "DELETE /api/questions/:id (destroy)"."""
    return call("delete_question", "DELETE", _question_path(question_id), acknowledged, subject="question id")


# --- variants --------------------------------------------------------------------------------------------------------


def list_question_variants(question_id: int | str) -> Call[Page[QuestionVariant]]:
    """The variants of a question, in one page. Source: https://github.com/adamtheturtle/coderpad-openapi."""
    where = route("/api/questions/{question_id}/variants", question_id=question_id)
    read = Listing(QuestionVariant, "variants", bare=True)
    return call("list_question_variants", "GET", where, read, subject="question id")


def create_question_variant(
    question_id: int | str, *, language: str, contents: str | Literal[Keep.KEEP] | None = KEEP,
    file_contents: Files | None = None, solution: str | Literal[Keep.KEEP] | None = KEEP,
    extra: Mapping[str, Any] | None = None,
) -> Call[QuestionVariant]:  # fmt: skip
    """Create a variant in a `language`, or from a project template by its slug.

    `contents` left out or `None` is the template's text, `""` a blank; `file_contents` are laid over the template. One
    of the two. `extra` is merged last. Source: https://github.com/adamtheturtle/coderpad-openapi.
    """
    if not language:
        raise InvalidArgumentError("create_question_variant: language is required", provider="coderpad")
    where = route("/api/questions/{question_id}/variants", question_id=question_id)
    body = _variant_body(language, contents, file_contents, solution, extra)
    read = Answer(QuestionVariant)
    return call("create_question_variant", "POST", where, read, body=body, subject="question id")


def get_question_variant(question_id: int | str, variant_id: int | str) -> Call[QuestionVariant]:
    """One variant with its code. Source: https://github.com/adamtheturtle/coderpad-openapi."""
    where = _variant_path(question_id, variant_id)
    return call("get_question_variant", "GET", where, Answer(QuestionVariant), subject="question or variant id")


def update_question_variant(
    question_id: int | str, variant_id: int | str, *, language: str | None = None,
    contents: str | Literal[Keep.KEEP] | None = KEEP, file_contents: Files | None = None,
    solution: str | Literal[Keep.KEEP] | None = KEEP, extra: Mapping[str, Any] | None = None,
) -> Call[QuestionVariant | Ack]:  # fmt: skip
    """Change a variant; returns it, or an acknowledgement where the vendor gives no more.

    Changing `language` clears the code. `contents=None` brings the template's text back, `file_contents` replaces all
    files (`[]` brings the template's back). Source: https://github.com/adamtheturtle/coderpad-openapi.
    """
    body = _variant_body(language, contents, file_contents, solution, extra)
    if not body.value:
        raise InvalidArgumentError("update_question_variant: nothing to change", provider="coderpad")
    where = _variant_path(question_id, variant_id)
    return call("update_question_variant", "PUT", where, _variant_or_ack, body=body, subject="question or variant id")


def delete_question_variant(question_id: int | str, variant_id: int | str) -> Call[Ack]:
    """Delete a variant. Source: https://github.com/adamtheturtle/coderpad-openapi."""
    where = _variant_path(question_id, variant_id)
    return call("delete_question_variant", "DELETE", where, acknowledged, subject="question or variant id")


# --- bodies ----------------------------------------------------------------------------------------------------------


def _one_of(name: str, value: str | None, allowed: Sequence[str]) -> None:
    """Raise `InvalidArgumentError` for a word that is not in a closed set."""
    if value is not None and value not in allowed:
        raise InvalidArgumentError(f"{name} is one of {', '.join(allowed)}", provider="coderpad")


class _Identity(msgspec.Struct):
    id: Any = None


def _variant_or_ack(response: Response) -> QuestionVariant | Ack:
    """Reads the variant where the answer is one, else the acknowledgement."""
    check(response)
    if read_json(response, _Identity).id is None:
        return granted(response)
    return read_json(response, QuestionVariant)


def _question_path(question_id: int | str) -> Path:
    return route("/api/questions/{question_id}", question_id=question_id)


def _variant_path(question_id: int | str, variant_id: int | str) -> Path:
    template = "/api/questions/{question_id}/variants/{variant_id}"
    return route(template, question_id=question_id, variant_id=variant_id)


def _question_body(
    given: Mapping[str, Any], zip_file: bytes | None, extra: Mapping[str, Any] | None
) -> Form | Multipart:
    merged = {**given, **(extra or {})}
    _at_most_one("contents, file_contents, zip_file", merged["contents"], merged["file_contents"], zip_file)
    _at_most_one(
        "candidate_instructions, candidate_description",
        merged["candidate_instructions"], merged["candidate_description"],
    )  # fmt: skip
    _one_of("pad_type", merged["pad_type"], PAD_TYPES)
    pairs = [(f"question[{name}]", _as_json(value)) for name, value in merged.items()]
    if zip_file is None:
        return Form(fields(pairs))
    if not isinstance(zip_file, bytes) or not zip_file:
        raise InvalidArgumentError("zip_file is the bytes of a zip file", provider="coderpad")
    return Multipart(fields(pairs), (FilePart("question[zip_file]", "files.zip", zip_file, "application/zip"),))


def _variant_body(
    language: str | None, contents: object, file_contents: Files | None, solution: object,
    extra: Mapping[str, Any] | None,
) -> Json:  # fmt: skip
    if contents is not KEEP:
        _at_most_one("contents, file_contents", True, file_contents)
    given: dict[str, Any] = {} if language is None else {"language": language}
    given |= {name: value for name, value in (("contents", contents), ("solution", solution)) if value is not KEEP}
    if file_contents is not None:
        given["file_contents"] = _files(file_contents)
    return Json(given | dict(extra or {}))


def _at_most_one(names: str, *values: object) -> None:
    if sum(value is not None for value in values) > 1:
        raise InvalidArgumentError(f"give at most one of {names}", provider="coderpad")


def _as_json(value: Any) -> Any:
    """Lists and objects go into a form as JSON text, as the vendor's own curl line does it."""
    if isinstance(value, list | dict):
        return Json(value).encode().decode()
    return value


def _texts(instructions: Instructions | None) -> list[dict[str, Any]] | None:
    if isinstance(instructions, str):
        raise InvalidArgumentError(
            "candidate_instructions is a list", provider="coderpad", hint="candidate_description takes plain text"
        )
    return _plain("candidate_instructions", instructions, required=("instructions",))


def _files(files: Files | None) -> list[dict[str, Any]] | None:
    return _plain("file_contents", files, required=("path", "contents"))


def _plain(
    name: str, rows: Sequence[CandidateInstruction | QuestionFile | Mapping[str, Any]] | None, required: tuple[str, ...]
) -> list[dict[str, Any]] | None:
    if rows is None:
        return None
    plain = [
        dict(row) if isinstance(row, Mapping)
        else {key: value for key, value in attrs.asdict(row).items() if value is not None}
        for row in rows
    ]  # fmt: skip
    if not all(isinstance(row.get(key), str) for row in plain for key in required):
        raise InvalidArgumentError(f"each of {name} has {' and '.join(required)} as text", provider="coderpad")
    return plain
