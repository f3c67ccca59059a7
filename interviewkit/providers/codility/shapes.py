"""Codility's words: its JSON objects as attrs classes, every field named as the vendor names it.

Statuses and times stay text; a field that the vendor leaves out is `None`. Source of all of them:
https://codility.com/api-documentation/ (read 2026-11).
"""

from typing import Any

import attrs


def _private(default: Any = None) -> Any:
    """A field that no `repr` shows: a person, a secret, or a link that opens without a login."""
    return attrs.field(default=default, repr=False)


# --- account ---------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class CreditLevel:
    """What is left of the account's credits; `level` is `ok`, `warning` or `empty`."""

    credits_available: int | None = None
    level: str | None = None
    message: str | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class User:
    """Who logged in."""

    first_name: str | None = _private()
    last_name: str | None = _private()
    email: str | None = _private()


@attrs.frozen(kw_only=True)
class UserLogin:
    """One login of one of the account's users; `timestamp` has no offset (`2019-01-02 00:00:00`)."""

    timestamp: str | None = None
    ip: str | None = _private()
    user: User | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class EmailTemplate:
    """A mail template; the account's default one has no `name`. `reply_to` is text, or the list as which it is sent."""

    name: str | None = None
    reply_to: tuple[str, ...] | str | None = _private()
    subject: str | None = None
    content: str | None = _private()
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


# --- sessions --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class SimilarityCheck:
    """What the similarity check says. `embed_url` is broken in the vendor's own example: it is not used."""

    text: str | None = None
    icon: str | None = None
    embed_url: str | None = None


@attrs.frozen(kw_only=True)
class SessionSummary:
    """A row of a list of sessions: it has no evaluation and no status. `candidate` is the inviter's own id."""

    url: str | None = None
    id: str | int | None = None
    candidate: str | int | None = _private()
    first_name: str | None = _private()
    last_name: str | None = _private()
    email: str | None = _private()
    create_date: str | None = None
    start_date: str | None = None
    close_date: str | None = None
    """Not on the vendor's page; two public integrations read it (seen 2026-11)."""
    campaign_url: str | None = None
    similarity: SimilarityCheck | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Task:
    """One task's result. `name` is a deprecated slug; `prg_lang` the language of the solution."""

    task_name: str | None = None
    result: int | float | str | None = None
    max_result: int | float | str | None = None
    prg_lang: str | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class Evaluation:
    """All tasks' results; `result` is `None` until the session is evaluated."""

    tasks: tuple[Task, ...] | None = None
    result: int | float | str | None = None
    max_result: int | float | str | None = None


@attrs.frozen(kw_only=True)
class CandidateData:
    """The candidate's answers before the test, and what the inviter stored with the candidate."""

    field_of_study: str | None = _private()
    school: str | None = _private()
    academic_degree: str | None = _private()
    programming_experience: str | None = _private()
    profile_url: str | None = _private()
    additional_data: Any = attrs.field(default=None, repr=False, hash=False)


@attrs.frozen(kw_only=True)
class CodeLive:
    """What only a CodeLive session has; `last_activity_date` is refreshed every three minutes."""

    candidate_start_date: str | None = None
    last_activity_date: str | None = None
    access_code: str | int | None = _private()


@attrs.frozen(kw_only=True)
class SessionDetail:
    """One session as a whole. It names itself by `url` only, and has no status field."""

    url: str | None = None
    id: str | int | None = None
    candidate: str | int | None = _private()
    first_name: str | None = _private()
    last_name: str | None = _private()
    email: str | None = _private()
    create_date: str | None = None
    start_date: str | None = None
    close_date: str | None = None
    campaign_url: str | None = None
    similarity: SimilarityCheck | None = None
    evaluation: Evaluation | None = None
    report_link: str | None = _private()
    pdf_report_url: str | None = None
    feedback_link: str | None = _private()
    cancel_url: str | None = None
    start_codelive_url: str | None = _private()
    test_link: str | None = _private()
    candidate_data: CandidateData | None = None
    codelive: CodeLive | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class EmbedLink:
    """A link that opens without a login until `valid_until` (a time without offset)."""

    url: str = attrs.field(repr=False)
    valid_until: str | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Result:
    """The answer to mailing and cancelling: `result` is `OK`."""

    result: str
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


# --- tests -----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Test:
    """A test that candidates are invited to; only rows of the list have an `id`."""

    __test__ = False  # not a test class, whatever its name

    url: str | None = None
    id: int | str | None = None
    name: str | None = None
    create_date: str | None = None
    is_archived: bool | None = None
    public_test_link: str | None = None
    invite_url: str | None = None
    sessions_url: str | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class InviteCandidate:
    """A candidate to be invited. `id` is the inviter's own; it comes back as the session's `candidate`."""

    id: str | int = attrs.field(repr=False)
    first_name: str | None = _private()
    last_name: str | None = _private()
    email: str | None = _private()
    redirect_url: str | None = _private()
    """Where the candidate's browser goes once the evaluation is done."""
    additional_data: Any = attrs.field(default=None, repr=False, hash=False)
    """Any JSON to be stored with the candidate."""


@attrs.frozen(kw_only=True)
class EventCallback:
    """Where the vendor posts the session when `event` (`result` or `similarity`) has come."""

    event: str
    url: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class InvitedCandidate:
    """A candidate's private link to the test, and the API's address of the new session."""

    id: str | int | None = _private()
    test_link: str | None = _private()
    session_url: str | None = _private()
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


# --- CodeLive --------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Whiteboard:
    """A new CodeLive whiteboard. Without `access_code` the interviewer cannot join by `test_url`."""

    test_url: str | None = _private()
    access_code: str | int | None = _private()
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)
