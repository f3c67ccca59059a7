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
from interviewkit.model import Artifact, Report
from interviewkit.serialize import to_json

_ENCODER = msgspec.json.Encoder(order="deterministic")
EXPIRED = "expired_link"
"""The key under which a link that expires gives way to the hash of the file behind it, or null."""
_SIGNED = re.compile(
    r"[?&;6](?:(?<=[?&;])|(?<=\\u0026))(?:X-Amz-Signature|X-Goog-Signature|Signature|GoogleAccessId|sat|sig)(?:=|\\+u003d)",
    re.IGNORECASE,
)
"""Query parameters of links that open a file for a while: at Amazon's, Google's and Microsoft's stores, and at
Codility's pages (https://codility.com/api-documentation/, read 2026-11). A `;` ends the `&amp;` of HTML, and in JSON
that nobody has decoded `&` and `=` may be escaped."""
_SIGNED_WORDS = (b"sig=", b"signature=", b"sat=", b"accessid=", b"u003d")
"""Of these words, in lower case, one stands in each signed link."""
_TRACE = re.compile(rb'{"%b":(?:null|"[0-9a-f]+")}' % EXPIRED.encode())
_SHORTEST = 13
"""Letters of the shortest signed link: `http://h?sig=`."""
_HOLDS_LINKS = frozenset({str, dict, list})
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
    fetched_at = plain.pop("fetched_at")
    expiring = _expiring(report)
    links = frozenset(one.url for one in expiring if one.url is not None)
    text = b"" if links else _json(plain)
    if links or _is_signed(text):
        plain = without_links(plain, links=links, files=files or {})
        text = _json(plain)
    said = _lasting(_json(_undated(plain)) if expiring else text)
    session, candidate, score = report.session, report.candidate, report.score
    columns: dict[str, Any] = {
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
        "schema_version": REPORT_SCHEMA,
    }
    columns = {name: _storable(value) if value.__class__ is str else value for name, value in columns.items()}
    content_hash = hashlib.sha256(said).hexdigest()
    columns |= {
        "payload": (b'{"fetched_at":%b,%b' % (_json(fetched_at), text[1:])).decode(),
        "content_hash": content_hash,
    }
    return Document(ref=columns["ref"], columns=columns, content_hash=content_hash)


def without_links(
    value: Any, *, links: frozenset[str] = frozenset(), files: Mapping[str, str], raw: bool = False
) -> Any:
    """JSON without links that expire: those of `links`, and those that are signed.

    In the vendor's own JSON such a link gives way to `{"expired_link": SHA-256 of its file, or null}`, elsewhere to
    null, and in the middle of a text to the words `expired_link`.
    """
    if isinstance(value, str):
        signed = len(value) >= _SHORTEST and _SIGNED.search(value)
        if value in links or (signed and _LINK.fullmatch(value)):
            return {EXPIRED: files.get(value)} if raw else None
        return _LINK.sub(_kept_in_text, value) if signed else value
    if isinstance(value, dict):
        return {
            key: without_links(one, links=links, files=files, raw=raw or key == "raw")
            if one.__class__ in _HOLDS_LINKS
            else one
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [without_links(one, links=links, files=files, raw=raw) for one in value]
    return value


def text_without_links(text: str) -> str:
    """A text, also one of JSON, in which the words `expired_link` stand for each signed link."""
    return _LINK.sub(_kept_in_text, text) if _SIGNED.search(text) else text


def _kept_in_text(link: re.Match[str]) -> str:
    return EXPIRED if _SIGNED.search(link[0]) else link[0]


def _expiring(report: Report) -> list[Artifact]:
    every = (*report.artifacts, *(artifact for task in report.tasks for artifact in task.artifacts))
    return [one for one in every if one.expires_at is not None]


def _undated(plain: dict[str, Any]) -> dict[str, Any]:
    """The same report, but not until when links to its files are open."""
    without = [{**task, "artifacts": _endless(task["artifacts"])} for task in plain["tasks"]]
    return {**plain, "artifacts": _endless(plain["artifacts"]), "tasks": without}


def _endless(artifacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "expires_at": None} for one in artifacts]


def _lasting(text: bytes) -> bytes:
    """The JSON without a trace of the files behind links that expired."""
    return _TRACE.sub(b"null", text) if EXPIRED.encode() in text else text


def _is_signed(text: bytes) -> bool:
    """Whether a signed link stands in JSON."""
    lower = text.lower()  # with this and a look for each word, no pattern has to try every letter of most reports
    return any(word in lower for word in _SIGNED_WORDS) and _SIGNED.search(text.decode()) is not None


def _json(value: Any) -> bytes:
    """JSON in one way of writing it, whatever the order in which the vendor wrote."""
    try:
        return _ENCODER.encode(value)
    except (
        UnicodeEncodeError,
        msgspec.MsgspecError,
        OverflowError,
    ):  # half a surrogate pair, or a number beyond 64 bits
        return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def _storable(text: str) -> str:
    """Text that every database takes: PostgreSQL has no NUL, and neither takes half a surrogate pair."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
