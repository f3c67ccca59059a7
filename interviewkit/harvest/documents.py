"""A report as a row: its JSON without links that expire, normalised columns, and a hash of what it says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import Any

import attrs
import msgspec

from interviewkit.harvest.schema import REPORT_SCHEMA
from interviewkit.model import Artifact, RawJSON, Report, undecoded
from interviewkit.plan import canonical
from interviewkit.serialize import to_encodable, to_json

_ENCODER = msgspec.json.Encoder(order="deterministic")
_decode = msgspec.json.Decoder().decode
EXPIRED = "expired_link"
"""The key under which a link that expires gives way to the hash of the file behind it, or null."""
_SIGNED = re.compile(
    r"[?&;6](?:(?<=[?&;])|(?<=\\u0026))(?:X-Amz-Signature|X-Goog-Signature|Signature|GoogleAccessId|sat|sig)(?:=|\\+u003d)",
    re.IGNORECASE,
)
"""Query parameters of links that open a file for a while: at Amazon's, Google's and Microsoft's stores, and at
Codility's pages (https://codility.com/api-documentation/, read 2026-11). A `;` ends the `&amp;` of HTML, and in JSON
that nobody has decoded `&` and `=` may be escaped."""
_SIGNED_WORD = re.compile("=(?:(?<=sig=)|(?<=signature=)|(?<=sat=)|(?<=accessid=))", re.IGNORECASE)
"""What stands in each signed link but those with an escaped `=`. It begins with a letter that has no case: such a
letter is looked for ten times as fast as the beginning of `_SIGNED`."""
_TRACE = re.compile(rb'{"%b":(?:null|"[0-9a-f]+")}' % EXPIRED.encode())
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
    expiring = _expiring(report)
    links = frozenset(one.url for one in expiring if one.url)
    try:
        data = _written(report, links, files or {})
    except (UnicodeError, msgspec.MsgspecError, OverflowError, RecursionError):  # half a surrogate pair, a long number
        plain = without_links(to_json(report), links=links, files=files or {})
        del plain["fetched_at"]
        data = canonical(plain)
    content_hash = hashlib.sha256(_lasting(data, expiring)).hexdigest()
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
    fetched_at = _ENCODER.encode(report.fetched_at and report.fetched_at.astimezone(UTC))
    columns |= {
        "payload": (b'{"fetched_at":%b,%b' % (fetched_at, data[1:])).decode(),
        "content_hash": content_hash,
    }
    return Document(ref=columns["ref"], columns=columns, content_hash=content_hash)


def _written(report: Report, links: frozenset[str], files: Mapping[str, str]) -> bytes:
    """The report's JSON, but when it was fetched, in one way of writing it, whatever the order in the vendor's."""
    plain = to_encodable(report)
    del plain["fetched_at"]
    raws = _Raws(report, plain)
    if not links:
        raws.put()
        data = _ENCODER.encode(plain)
        if not _is_signed(data.decode()):
            return data
    raws.clean(links, files)
    raws.put()
    return _ENCODER.encode(without_links(plain, links=links, files=files))


class _Raws:
    """The vendor's JSON in a report. Much of it stands there twice: it is decoded, searched and written once."""

    def __init__(self, report: Report, plain: dict[str, Any]) -> None:
        self._places = [(plain["session"], report.session), *zip(plain["timeline"], report.timeline, strict=True)]
        for made, task in zip(plain["tasks"], report.tasks, strict=True):
            self._places += [(made, task), *zip(made["test_cases"], task.test_cases, strict=True)]
        self._places.append((plain, report))
        self._texts: dict[int, msgspec.Raw] = {}
        self._cleaned: Callable[[bytes], bytes] = bytes
        whole = undecoded(report.session)
        if whole.__class__ is dict:  # it stands in the report's `raw` once more
            self._text(whole)

    def put(self) -> None:
        """Set each `raw` of the plain report."""
        for made, one in self._places:
            raw = undecoded(one)
            made["raw"] = self._texts.get(id(raw), raw) if raw.__class__ is dict else self._part(raw)

    def clean(self, links: frozenset[str], files: Mapping[str, str]) -> None:
        """Take links that expire out of what was written, and of what will be."""
        words = [_ENCODER.encode(link)[1:-1] for link in links]

        def cleaned(data: bytes) -> bytes:
            if not _is_signed(data.decode()) and not any(word in data for word in words):
                return data
            return _ENCODER.encode(without_links(_decode(data), links=links, files=files, raw=True))

        self._cleaned = cleaned
        self._texts = {key: msgspec.Raw(cleaned(bytes(made))) for key, made in self._texts.items()}

    def _part(self, source: Any) -> Any:
        """What a `RawJSON` holds, with each JSON text in it, and what was written already, as it is to be written."""
        if source.__class__ is RawJSON:
            return self._part(source.source)
        if isinstance(source, bytes | memoryview) or id(source) in self._texts:
            return self._text(source)
        if isinstance(source, dict):
            return {key: self._part(one) for key, one in source.items()}
        return [self._part(one) for one in source] if isinstance(source, list) else source

    def _text(self, source: Any) -> msgspec.Raw:
        found = self._texts.get(id(source))
        if found is None:
            value = source if source.__class__ is dict else _decode(source)
            found = self._texts[id(source)] = msgspec.Raw(self._cleaned(_ENCODER.encode(value)))
        return found


def without_links(
    value: Any, *, links: frozenset[str] = frozenset(), files: Mapping[str, str], raw: bool = False
) -> Any:
    """JSON without links that expire: those of `links`, and those that are signed.

    In the vendor's own JSON such a link gives way to `{"expired_link": SHA-256 of its file, or null}`, elsewhere to
    null, and in the middle of a text to the words `expired_link`.
    """

    def cleaned(value: Any, *, raw: bool) -> Any:
        if isinstance(value, str):
            return cleaned_text(value, raw=raw)
        if isinstance(value, dict):
            return {
                key: cleaned(one, raw=raw or key == "raw") if one.__class__ in _HOLDS_LINKS and one else one
                for key, one in value.items()
            }
        if isinstance(value, list):
            return [cleaned(one, raw=raw) if one.__class__ in _HOLDS_LINKS else one for one in value]
        return value

    def cleaned_text(text: str, *, raw: bool) -> Any:
        is_signed = ("=" in text or "u003" in text) and _is_signed(text)
        if text in links or (is_signed and _LINK.fullmatch(text)):
            return {EXPIRED: files.get(text)} if raw else None
        return text_without_links(text) if is_signed else text

    return cleaned(value, raw=raw)


def text_without_links(text: str) -> str:
    """A text, also one of JSON, in which the words `expired_link` stand for each signed link."""
    return _LINK.sub(_kept_in_text, text) if _is_signed(text) else text


def _kept_in_text(link: re.Match[str]) -> str:
    return EXPIRED if _SIGNED.search(link[0]) else link[0]


def _expiring(report: Report) -> list[Artifact]:
    every = (*report.artifacts, *(artifact for task in report.tasks for artifact in task.artifacts))
    return [one for one in every if one.expires_at is not None]


def _lasting(data: bytes, expiring: Iterable[Artifact]) -> bytes:
    """The JSON without a trace of the files behind links that expired, nor of the times until which they are open."""
    for until in {one.expires_at for one in expiring if one.expires_at is not None}:
        data = data.replace(b'"expires_at":%b' % _ENCODER.encode(until.astimezone(UTC)), b'"expires_at":null')
    return _TRACE.sub(b"null", data) if EXPIRED.encode() in data else data


def _is_signed(text: str) -> bool:
    """Whether a signed link stands in a text, also in one of JSON."""
    told = "=" in text and _SIGNED_WORD.search(text) is not None
    return (told or "u003" in text) and _SIGNED.search(text) is not None


def _storable(text: str) -> str:
    """Text that every database takes: PostgreSQL has no NUL, and neither takes half a surrogate pair."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
