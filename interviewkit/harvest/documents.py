"""A report as a row: its JSON without links that expire, normalised columns, and a hash of what it says."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from interviewkit.harvest.schema import REPORT_SCHEMA
from interviewkit.model import Report
from interviewkit.serialize import to_json

EXPIRED = "expired_link"
"""The key under which a link that expires gives way to the hash of the file behind it, or null."""
_SIGNED = re.compile(
    r"[?&;6](?:(?<=[?&;])|(?<=\\u0026))(?:X-Amz-Signature|X-Goog-Signature|Signature|GoogleAccessId|sat|sig)(?:=|\\+u003d)",
    re.IGNORECASE,
)
"""Query parameters of links that open a file for a while: at Amazon's, Google's and Microsoft's stores, and at
Codility's pages (https://codility.com/api-documentation/, read 2026-11). A `;` ends the `&amp;` of HTML, and in JSON
that nobody has decoded `&` and `=` may be escaped."""
_LINK = re.compile(
    r"https?:(?:\\*/){2}(?:[^\s\"'<>\\]|\\+(?:/|u00(?:26|2b|2f|3d|3f)))+",
    re.IGNORECASE,
)


@attrs.frozen(kw_only=True)
class Document:
    """A report, ready to be stored. `columns` are those of the table `report` but `account`, `seq` and `deleted_at`."""

    ref: str = attrs.field(repr=False)
    columns: Mapping[str, Any] = attrs.field(repr=False)
    content_hash: str


def document(report: Report, files: Mapping[str, str] | None = None) -> Document:
    """What is stored of a report; `files` maps links to the SHA-256 of what was fetched from them."""
    plain = to_json(report)
    links = _expiring(report)
    payload = _text(plain)
    if links or _SIGNED.search(payload):
        plain = without_links(plain, links=links, files=files or {})
        payload = _text(plain)
    session, candidate, score = report.session, report.candidate, report.score
    columns = {
        "ref": str(report.ref),
        "provider": report.provider,
        "kind": session.kind.value,
        "status": report.status.value,
        "vendor_status": report.vendor_status,
        "decision": None if report.decision is None else report.decision.value,
        "title": session.title,
        "candidate_name": None if candidate is None else candidate.display_name,
        "candidate_email": None if candidate is None else candidate.email,
        "assessment_id": session.assessment_id,
        "reference": session.reference,
        "language": session.language,
        "score_points": None if score is None else score.points,
        "score_max": None if score is None else score.max_points,
        "created_at": session.created_at,
        "started_at": session.started_at,
        "ended_at": session.ended_at,
        "is_final": report.is_final,
        "fetched_at": report.fetched_at,
        "payload": payload,
        "content_hash": _hash(plain, linked=EXPIRED in payload),
        "schema_version": REPORT_SCHEMA,
    }
    clean = {name: _storable(value) if isinstance(value, str) else value for name, value in columns.items()}
    return Document(ref=str(report.ref), columns=clean, content_hash=str(clean["content_hash"]))


def without_links(
    value: Any, *, links: frozenset[str] = frozenset(), files: Mapping[str, str], raw: bool = False
) -> Any:
    """JSON without links that expire: those of `links`, and those that are signed.

    In the vendor's own JSON such a link gives way to `{"expired_link": SHA-256 of its file, or null}`, elsewhere to
    null, and in the middle of a text to the words `expired_link`.
    """
    if isinstance(value, str):
        if value in links or (_SIGNED.search(value) and _LINK.fullmatch(value)):
            return {EXPIRED: files.get(value)} if raw else None
        return text_without_links(value)
    if isinstance(value, dict):
        return {
            key: without_links(one, links=links, files=files, raw=raw or key == "raw") for key, one in value.items()
        }
    if isinstance(value, list):
        return [without_links(one, links=links, files=files, raw=raw) for one in value]
    return value


def text_without_links(text: str) -> str:
    """A text, also one of JSON, in which the words `expired_link` stand for each signed link."""
    return _LINK.sub(_kept_in_text, text) if _SIGNED.search(text) else text


def _kept_in_text(link: re.Match[str]) -> str:
    return EXPIRED if _SIGNED.search(link[0]) else link[0]


def _expiring(report: Report) -> frozenset[str]:
    every = (*report.artifacts, *(artifact for task in report.tasks for artifact in task.artifacts))
    return frozenset(one.url for one in every if one.url is not None and one.expires_at is not None)


def _hash(plain: dict[str, Any], *, linked: bool) -> str:
    """A hash of what the report says: neither when it was read, nor which links led to its files."""
    said = {key: value for key, value in plain.items() if key != "fetched_at"}
    said["artifacts"] = _undated(plain["artifacts"])
    said["tasks"] = [{**task, "artifacts": _undated(task["artifacts"])} for task in plain["tasks"]]
    return hashlib.sha256(_text(_unlinked(said) if linked else said, ordered=True).encode()).hexdigest()


def _undated(artifacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "expires_at": None} for one in artifacts]


def _unlinked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {EXPIRED}:
            return None
        return {key: _unlinked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_unlinked(one) for one in value]
    return value


def _text(value: Any, *, ordered: bool = False) -> str:
    try:
        return msgspec.json.encode(value, order="deterministic" if ordered else None).decode()
    except (
        UnicodeEncodeError,
        msgspec.MsgspecError,
        OverflowError,
    ):  # half a surrogate pair, or a number beyond 64 bits
        return json.dumps(value, ensure_ascii=True, sort_keys=ordered, separators=(",", ":"))


def _storable(text: str) -> str:
    """Text that every database takes: PostgreSQL has no NUL, and neither takes half a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
