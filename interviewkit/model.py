"""What an interview is, whoever the vendor: the shared frozen classes that every provider speaks.

Times are aware and in UTC. `None` means that the vendor did not say. `raw` is the vendor's JSON object, untouched.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, Self, TypeVar, cast
from urllib.parse import quote, unquote, urlsplit

import attrs

from interviewkit.errors import InterviewKitError, InvalidArgumentError, MalformedResponseError

C = TypeVar("C", bound=type)

# --- keeping the vendor's JSON ---------------------------------------------------------------------------------------


class RawJSON:
    """A vendor's JSON, kept as the bytes that came and decoded once, at first use.

    `source` is JSON text, or a dict or list whose values may themselves be `RawJSON` (a report of several answers).
    """

    __slots__ = ("_source",)

    def __init__(self, source: bytes | memoryview | dict[str, Any] | list[Any]) -> None:
        self._source = source

    def decode(self) -> Any:
        """Return the decoded JSON value."""
        return _decode(self._source)


def _decode(source: Any) -> Any:
    if isinstance(source, RawJSON):
        return source.decode()
    if isinstance(source, dict):
        return {key: _decode(value) for key, value in source.items()}
    if isinstance(source, list):
        return [_decode(value) for value in source]
    if isinstance(source, bytes | memoryview):
        import msgspec

        try:
            return msgspec.json.decode(source)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            failure = MalformedResponseError("the answer is not JSON as a whole", paths=("$",), raw=bytes(source))
        raise failure
    return source


class LazySlot:
    """Stands before the slot `raw`: decodes what is kept there when it is first read."""

    __slots__ = ("_slot", "peek", "put")

    def __init__(self, slot: Any) -> None:
        self._slot = slot
        self.put: Callable[[Any, Any], None] = slot.__set__
        self.peek: Callable[[Any], Any] = slot.__get__

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = self.peek(instance)
        if value.__class__ is RawJSON:
            value = value.decode()
            self.put(instance, value)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        self.put(instance, value)


def keep_raw(cls: C) -> C:
    """Let the slot `raw` of an attrs class hold a `RawJSON` that is decoded when it is first read."""
    slot = cls.__dict__.get("raw")
    if slot is not None and not isinstance(slot, LazySlot):
        cls.raw = LazySlot(slot)  # type: ignore[attr-defined]
    return cls


def undecoded(instance: Any) -> Any:
    """What `instance.raw` holds, without decoding it: to be handed on to another object's `raw`."""
    slot = getattr(type(instance), "raw", None)
    return slot.peek(instance) if isinstance(slot, LazySlot) else instance.raw


def _raw() -> Any:
    return attrs.field(factory=dict, repr=False, eq=False)


# --- times -----------------------------------------------------------------------------------------------------------


def moment(text: str | None, path: str) -> datetime | None:
    """A vendor's ISO 8601 time as an aware one in UTC; a time without offset is taken as UTC.

    `path` is the JSON path for the `MalformedResponseError` that a text which is no time raises.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_time(path) from None


def epoch_ms(value: float | None, path: str) -> datetime | None:
    """Milliseconds since 1970 as an aware time in UTC; see `moment`."""
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise _no_time(path) from None


def _no_time(path: str) -> MalformedResponseError:
    return MalformedResponseError(f"the answer is not what the vendor documents: no time at {path}", paths=(path,))


# --- what a repr may show --------------------------------------------------------------------------------------------


def mask_email(value: str | None) -> str:
    """`c***@example.com` of a mailbox: enough to recognise one's own test data, not enough to write to a person."""
    if value is None:
        return "None"
    name, at, domain = value.partition("@")
    return f"'{name[:1]}***{at}{domain}'" if at else "'***'"


def mask_phone(value: str | None) -> str:
    """The last two digits of a phone number."""
    return "None" if value is None else f"'***{value[-2:] if len(value) > 6 else ''}'"


def mask_url(value: str | None) -> str:
    """A URL without user, query and fragment, which carry keys and candidates' ids."""
    if value is None:
        return "None"
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return "'***'"
    rest = "?***" if parts.query or parts.fragment else ""
    return f"'{parts.scheme}://{host}{parts.path}{rest}'"


def mask_id(value: str | None) -> str:
    """An id, shortened where it is long: RemoteInterview's candidate ids decode to the candidate's e-mail."""
    if value is None:
        return "None"
    return repr(value) if len(value) <= 16 else f"'{value[:4]}…'"


def mask_secret(value: object) -> str:
    """Nothing but whether there is a value."""
    return "None" if value is None else "'***'"


def _masked(mask: Callable[[Any], str], *, default: Any = None) -> Any:
    return attrs.field(default=default, repr=mask)


# --- words -----------------------------------------------------------------------------------------------------------


class SessionKind(enum.StrEnum):
    """Whether people meet in the session, or a candidate works alone."""

    LIVE = "live"
    TAKE_HOME = "take_home"


class SessionStatus(enum.StrEnum):
    """Where a session stands; a vendor's word that nobody has seen yet is `UNKNOWN`."""

    CREATED = "created"
    INVITED = "invited"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Decision(enum.StrEnum):
    """A recruiter's verdict after the session."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class TaskKind(enum.StrEnum):
    """What a candidate was asked to do in one task."""

    CODING = "coding"
    PROJECT = "project"
    SQL = "sql"
    MULTIPLE_CHOICE = "multiple_choice"
    OPEN_ENDED = "open_ended"
    UNKNOWN = "unknown"


class ArtifactKind(enum.StrEnum):
    """What a file or page beside a report is."""

    REPORT = "report"
    PDF = "pdf"
    SIMILARITY = "similarity"
    PLAYBACK = "playback"
    HISTORY = "history"
    DRAWING = "drawing"
    SUBMISSION = "submission"
    FEEDBACK = "feedback"


class TimelineKind(enum.StrEnum):
    """What happened at one moment of a session."""

    JOINED = "joined"
    LEFT = "left"
    RAN = "ran"
    EXECUTION_ENABLED = "execution_enabled"
    EXECUTION_DISABLED = "execution_disabled"
    STARTED = "started"
    ENDED = "ended"
    OTHER = "other"


class SimilarityStatus(enum.StrEnum):
    """What a vendor's plagiarism check says."""

    NONE = "none"
    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    SUSPECTED = "suspected"
    UNKNOWN = "unknown"


# --- references and people -------------------------------------------------------------------------------------------


def _require_id(_instance: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise InvalidArgumentError(f"a reference's {attribute.name} is a text that is not empty")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidArgumentError(f"a reference's {attribute.name} has no UTF-8 form") from None


def _as_kind(value: Any) -> SessionKind:
    try:
        return SessionKind(value)
    except ValueError:
        raise InvalidArgumentError("a reference's kind is 'live' or 'take_home'") from None


@attrs.frozen(kw_only=True)
class SessionRef:
    """Names one session at one vendor; `str(ref)` and `SessionRef.parse(text)` round-trip.

    `kind` names the vendor's space of ids (every CoderPad pad is `live` there); `parent` is RemoteInterview's test.
    """

    provider: str = attrs.field(validator=_require_id)
    kind: SessionKind = attrs.field(converter=_as_kind)
    id: str = attrs.field(validator=_require_id, repr=mask_id)
    parent: str | None = attrs.field(default=None, validator=attrs.validators.optional(_require_id))

    def __str__(self) -> str:
        own = quote(self.id, safe="")
        last = own if self.parent is None else f"{quote(self.parent, safe='')}/{own}"
        return f"{quote(self.provider, safe='')}:{self.kind.value}:{last}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str(ref)` wrote. Raises `InvalidArgumentError` for anything else."""
        match = _REF.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise InvalidArgumentError(
                "not a session reference", hint="write PROVIDER:KIND:ID, such as coderpad:live:DM32JWG2"
            )
        provider, kind, parent, own = match.groups()
        try:
            names = [None if part is None else unquote(part, errors="strict") for part in (provider, own, parent)]
        except UnicodeDecodeError:
            raise InvalidArgumentError("not a session reference: a part of it is not UTF-8") from None
        return cls(provider=names[0] or "", kind=SessionKind(kind), id=names[1] or "", parent=names[2])


_REF = re.compile(r"([^:/\s]+):(live|take_home):(?:([^:/\s]+)/)?([^:/\s]+)")


@attrs.frozen(kw_only=True)
class Candidate:
    """A person to be interviewed. `id` is the vendor's; `attributes` holds what only one vendor asks or tells."""

    email: str | None = _masked(mask_email)
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = _masked(mask_phone)
    id: str | None = _masked(mask_id)
    attributes: Mapping[str, Any] = attrs.field(factory=dict, repr=False, hash=False)

    @property
    def display_name(self) -> str | None:
        """The name, or first and last name together, or `None`."""
        return self.name or " ".join(part for part in (self.first_name, self.last_name) if part) or None


@attrs.frozen(kw_only=True)
class Dropped:
    """Something the caller asked for that the vendor cannot be told: `field` names it, `reason` says why."""

    field: str
    reason: str


@attrs.frozen(kw_only=True)
class Score:
    """Points as the vendor gives them; nothing is recomputed."""

    points: float
    max_points: float | None = None

    @property
    def fraction(self) -> float | None:
        """Points of the maximum, 0 to 1; `None` when the maximum is unknown or zero."""
        return self.points / self.max_points if self.max_points else None

    @property
    def percent(self) -> float | None:
        """Points of the maximum in per cent; `None` when the maximum is unknown or zero."""
        return 100 * self.points / self.max_points if self.max_points else None


# --- assessments, sessions, invitations ------------------------------------------------------------------------------


@keep_raw
@attrs.frozen(kw_only=True)
class Assessment:
    """Something a candidate can be invited to: a test, or a question from which pads are made."""

    id: str
    provider: str
    account: str
    title: str | None = None
    kind: SessionKind | None = None
    created_at: datetime | None = None
    is_archived: bool | None = None
    public_url: str | None = _masked(mask_url)
    raw: dict[str, Any] = _raw()


@keep_raw
@attrs.frozen(kw_only=True)
class Session:
    """One interview: a live pad, or one candidate's test. `vendor_status` is the vendor's own word, verbatim."""

    ref: SessionRef
    provider: str
    account: str
    kind: SessionKind
    status: SessionStatus
    vendor_status: str | None = None
    decision: Decision | None = None
    title: str | None = None
    candidate: Candidate | None = None
    assessment_id: str | None = None
    reference: str | None = None
    language: str | None = None
    participants: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    candidate_url: str | None = _masked(mask_url)
    interviewer_url: str | None = _masked(mask_url)
    access_code: str | None = _masked(mask_secret)
    playback_url: str | None = _masked(mask_url)
    report_url: str | None = _masked(mask_url)
    score: Score | None = None
    warnings: tuple[Dropped, ...] = ()
    raw: dict[str, Any] = _raw()


@keep_raw
@attrs.frozen(kw_only=True)
class Invitation:
    """A candidate's invitation; `email_sent` says whether the vendor mailed it (`None`: not known)."""

    ref: SessionRef
    provider: str
    account: str
    url: str | None = _masked(mask_url)
    candidate: Candidate | None = None
    assessment_id: str | None = None
    reference: str | None = None
    email_sent: bool | None = None
    warnings: tuple[Dropped, ...] = ()
    raw: dict[str, Any] = _raw()


@attrs.frozen(kw_only=True)
class InviteRequest:
    """One candidate of a batch, with the caller's own reference."""

    candidate: Candidate
    reference: str | None = None


@attrs.frozen(kw_only=True)
class InviteOutcome:
    """What became of one request of a batch: an invitation, or the error that came instead."""

    request: InviteRequest
    invitation: Invitation | None = None
    error: InterviewKitError | None = None


def _as_tuple(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


class _Template(Protocol):
    @property
    def subject(self) -> str | None: ...
    @property
    def content(self) -> str | None: ...
    @property
    def reply_to(self) -> Any: ...


@attrs.frozen(kw_only=True)
class InvitationEmail:
    """The mail that the vendor sends with an invitation; a field left out is the vendor's default."""

    subject: str | None = attrs.field(default=None, repr=mask_secret)
    content: str | None = attrs.field(default=None, repr=mask_secret)
    reply_to: str | None = _masked(mask_email)
    cc: tuple[str, ...] = attrs.field(default=(), converter=_as_tuple, repr=lambda value: f"<{len(value)} mailboxes>")

    @classmethod
    def from_template(
        cls,
        template: _Template | Mapping[str, Any],
        *,
        placeholders: Mapping[str, str] | None = None,
        reply_to: str | None = None,
        cc: tuple[str, ...] | list[str] = (),
    ) -> Self:
        """Make a mail of a template's subject, content and reply-to.

        `template` is a vendor's template (`interviewkit.providers.codility.EmailTemplate`) or a mapping with those
        keys. `placeholders` replaces `[NAME]` in subject and content; those not named are left to the vendor.
        """
        if isinstance(template, Mapping):
            subject, content, answer_to = (template.get(key) for key in ("subject", "content", "reply_to"))
        else:
            subject, content, answer_to = template.subject, template.content, template.reply_to
        if isinstance(answer_to, list | tuple):
            answer_to = answer_to[0] if answer_to else None
        for name, value in (placeholders or {}).items():
            mark = f"[{name.strip('[]')}]"
            subject = subject and subject.replace(mark, value)
            content = content and content.replace(mark, value)
        return cls(subject=subject, content=content, reply_to=reply_to or cast("str | None", answer_to), cc=(*cc,))


# --- reports ---------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class SourceFile:
    """A file as the candidate left it; `content` is `None` when the vendor gives none (a binary file)."""

    path: str
    content: str | None = attrs.field(default=None, repr=mask_secret)
    language: str | None = None
    history_url: str | None = _masked(mask_url)


@keep_raw
@attrs.frozen(kw_only=True)
class TestCaseResult:
    """One test case of a task, as the vendor judged it."""

    __test__ = False  # not a test class, whatever its name

    name: str | None = None
    passed: bool | None = None
    max_points: float | None = None
    is_sample: bool | None = None
    output: str | None = attrs.field(default=None, repr=mask_secret)
    expected_output: str | None = attrs.field(default=None, repr=mask_secret)
    raw: dict[str, Any] = _raw()


@attrs.frozen(kw_only=True)
class Artifact:
    """A file or page beside a report. `url` is `None` where the vendor makes it on request; see `provider.download`."""

    ref: SessionRef
    kind: ArtifactKind
    url: str | None = _masked(mask_url)
    media_type: str | None = None
    expires_at: datetime | None = None
    needs_auth: bool = False
    name: str | None = None


@attrs.frozen(kw_only=True)
class TemporaryLink:
    """A link that opens without a login until `expires_at`: pass it on, do not store it."""

    url: str = attrs.field(repr=mask_url)
    expires_at: datetime | None = None


@keep_raw
@attrs.frozen(kw_only=True)
class TaskResult:
    """One task of a report. `description_html` is untrusted HTML; `vendor_language` the vendor's own word."""

    id: str | None = None
    title: str | None = None
    kind: TaskKind = TaskKind.UNKNOWN
    language: str | None = None
    vendor_language: str | None = None
    score: Score | None = None
    files: tuple[SourceFile, ...] = ()
    test_cases: tuple[TestCaseResult, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    auto_submitted: bool | None = None
    description_html: str | None = attrs.field(default=None, repr=mask_secret)
    tags: tuple[str, ...] = ()
    updated_at: datetime | None = None
    raw: dict[str, Any] = _raw()


@keep_raw
@attrs.frozen(kw_only=True)
class TimelineEvent:
    """One moment of a session; `vendor_kind` is the vendor's own word."""

    at: datetime | None
    kind: TimelineKind
    vendor_kind: str | None = None
    actor: str | None = None
    actor_email: str | None = _masked(mask_email)
    detail: str | None = None
    raw: dict[str, Any] = _raw()


@attrs.frozen(kw_only=True)
class Similarity:
    """What the vendor's plagiarism check says, with its own word."""

    status: SimilarityStatus
    vendor_status: str | None = None
    report_url: str | None = _masked(mask_url)


@keep_raw
@attrs.frozen(kw_only=True)
class Report:
    """What a session left behind. `is_final`: the vendor is not expected to add to it (see the vendor's page)."""

    ref: SessionRef
    provider: str
    account: str
    session: Session
    status: SessionStatus
    vendor_status: str | None = None
    decision: Decision | None = None
    score: Score | None = None
    tasks: tuple[TaskResult, ...] = ()
    notes: str | None = attrs.field(default=None, repr=mask_secret)
    timeline: tuple[TimelineEvent, ...] = ()
    similarity: Similarity | None = None
    artifacts: tuple[Artifact, ...] = ()
    is_final: bool = False
    fetched_at: datetime | None = None
    warnings: tuple[Dropped, ...] = ()
    raw: dict[str, Any] = _raw()

    @property
    def candidate(self) -> Candidate | None:
        """The session's candidate."""
        return self.session.candidate


@attrs.frozen(kw_only=True)
class ReportOutcome:
    """What became of one reference: a report, or the error that came instead."""

    ref: SessionRef | str
    account: str
    report: Report | None = None
    error: InterviewKitError | None = None


@keep_raw
@attrs.frozen(kw_only=True)
class AccountStatus:
    """Whether the credentials are good, and what is left of the plan."""

    ok: bool
    used: int | None = None
    remaining: int | None = None
    limit: int | None = None
    unlimited: bool | None = None
    last_reset_at: datetime | None = None
    level: str | None = None
    message: str | None = None
    raw: dict[str, Any] = _raw()


Ref = SessionRef | Session | Invitation | str
"""Whatever names a session: a reference, its text, or an object that carries one."""
