"""What the vendors' payloads show, path by path, and the few things that only their pages or other sources say."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parents[1] / "payloads"
Schema = dict[str, set[str]]

EXTRA: dict[str, dict[str, str]] = {
    # What the payloads do not show and the pages or other public sources do: path -> types, with the reason.
    "pads": {
        "pads[].prev_page": "string",
        "pads[].restrict_interviewer_access": "boolean",  # third parties' readings of 2026, as on a single pad
        "pads[].allowed_interviewer_emails": "array",
        "pads[].interview_highlights": "null",
        "pads[].interview_outline": "null",
        "pads[].transcript": "array",
        "pads[].transcript_source_unavailable": "boolean",
        "pads[].review_reports": "array",
        "pads[].team": "null",  # a pad without a team; nothing says whether it is null or left out
        "pads[].active_environment_id": "null",  # null on the created pad's payload
        "pads[].participants[]": "null",  # null in the single pad's payload of 2026
        "pads[].ended_at": "string",  # a time or null, says the field table
        "pads[].events[].user_name": "null",  # null in the events' payload
        "pads[].events[].user_email": "null",
        "prev_page": "string",  # named by the page, never shown
    },
    "pad": {
        "team": "null",
        "events[].user_name": "null",  # null in the events' payload
    },
    "events": {"prev_page": "string", "next_page": "string"},
    "environment": {
        "question_id": "number",  # the field table: the identifier of the question
        "file_contents[].contents": "null",
    },
    "question": {"solution": "string"},  # a text or null in the lists
    "questions": {"questions[].description": "string", "questions[].contents": "string"},
    "organization": {"default_language": "string"},  # the page's prose; the saved answer has the longer key
    "user": {"name": "string"},
    "sessions": {
        "next": "string",
        "previous": "string",
        "results[].candidate": "null",
        "results[].campaign_url": "null",  # a whiteboard belongs to no test
        "results[].close_date": "string null",  # read by two public integrations
        "results[].first_name": "null",  # only the candidate's id is required to invite
        "results[].last_name": "null",
        "results[].email": "null",
    },
    "detail": {
        "candidate": "string",
        "create_date": "string",
        "start_date": "string",
        "campaign_url": "null",
        "first_name": "null",
        "last_name": "null",
        "email": "null",
        "close_date": "string null",
        "similarity": "object",  # the same as in the list, says the page
        "similarity.text": "string",
        "similarity.icon": "string",
        "similarity.embed_url": "string",
        "evaluation.result": "number",
        "evaluation.tasks[].result": "number",
        "evaluation.tasks[].prg_lang": "string",
        "feedback_link": "string",
        "cancel_url": "null",
        "start_codelive_url": "string",
        "candidate_data.field_of_study": "string",
        "candidate_data.school": "string",
        "candidate_data.programming_experience": "string",
        "codelive.candidate_start_date": "null",
        "codelive.last_activity_date": "null",
    },
    "logins": {"next": "string", "previous": "string"},
    "tests": {"next": "string", "previous": "string", "results[].public_test_link": "string"},
    "test": {"public_test_link": "string"},
    "credit": {"message": "string"},  # documented, absent from the example
    "candidates": {
        "[].name": "null",  # nobody has told the vendor a name yet
        "[].tags[]": "string",  # empty in all samples; texts on pads
    },
    "candidate": {"name": "null", "tags[]": "string"},
    "report": {"phone": "string", "notes": "string", "name": "null", "tags[]": "string"},  # promised by the prose
    "ri_pads": {"[].ended_at": "null"},
    "ri_pad": {"ended_at": "null"},
}


def kind(value: Any) -> str:
    kinds = ((bool, "boolean"), (int, "number"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"))
    return next((name for cls, name in kinds if isinstance(value, cls)), "null")


def schema_of(value: Any, path: str = "", found: Schema | None = None) -> Schema:
    found = defaultdict(set) if found is None else found
    found[path].add(kind(value))
    if isinstance(value, dict):
        for key, part in value.items():
            schema_of(part, f"{path}.{key}" if path else key, found)
    elif isinstance(value, list):
        for part in value:
            schema_of(part, f"{path}[]", found)
    return found


def documented(names: Iterable[str], extra: Iterable[str]) -> Schema:
    found: Schema = defaultdict(set)
    for name in names:
        schema_of(json.loads((PAYLOADS / name).read_text()), found=found)
    for table in extra:
        for path, types in EXTRA[table].items():
            found[path].update(types.split())
    return found


def assert_documented(answers: Iterable[Any], names: Iterable[str], *extra: str) -> None:
    allowed = documented(names, extra)
    for answer in answers:
        odd = {path: kinds - allowed[path] for path, kinds in schema_of(answer).items() if not kinds <= allowed[path]}
        assert not odd
