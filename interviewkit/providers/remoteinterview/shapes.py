"""RemoteInterview's and CodeInterview's words as they come: tests, their candidates, reports, and live pads.

Sources: https://www.remoteinterview.io/api and https://codeinterview.io/api (read 2026-11). Times are milliseconds
since 1970 (UTC). Candidates' ids decode to their e-mail and stand in no repr.
"""

from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Test:
    """A test that the key's owner is a recruiter of. Whether `timestamp` is its creation is not documented."""

    __test__ = False  # not a test class, whatever its name

    id: str
    title: str | None = None
    timestamp: int | float | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class CandidateScore:
    """Points of a whole test, as the vendor counts them: its own sample leaves a project task out."""

    total: int | float | None = None
    got: int | float | None = None


@attrs.frozen(kw_only=True)
class TestCandidate:
    """A candidate of a test, as in the list and by itself. `score` is missing by itself, and until there is one."""

    __test__ = False

    id: str = attrs.field(repr=False)
    status: str | None = None
    added_at: int | float | None = None
    email: str | None = attrs.field(default=None, repr=False)
    name: str | None = None
    phone: str | int | None = attrs.field(default=None, repr=False)
    tags: list[Any] | None = None
    score: CandidateScore | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class TaskTestCase:
    """One test case of a coding task; the meaning of `is_placeholder` is not documented."""

    name: str | None = None
    is_sample: bool | None = None
    is_placeholder: bool | None = None
    points: int | float | None = None
    result: bool | None = None
    output: str | None = attrs.field(default=None, repr=False)
    expected_output: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class TaskCode:
    """What the candidate wrote, and the language it was written in (`"C#"`)."""

    code: str | None = attrs.field(default=None, repr=False)
    codemode: str | None = None


@attrs.frozen(kw_only=True)
class Submission:
    """A file that was handed in for a project task; its link is plain http."""

    name: str | None = None
    url: str | None = attrs.field(default=None, repr=False)
    validZip: bool | None = None  # noqa: N815 - the vendor's key


@attrs.frozen(kw_only=True)
class ReportTask:
    """One task of a report. Which keys there are depends on the kind of task; `body` is untrusted HTML.

    The vendor shows no multiple-choice, SQL or open-ended task: what the candidate answered there stays in `raw`.
    """

    id: str | None = None
    title: str | None = None
    body: str | None = attrs.field(default=None, repr=False)
    last_updated: int | float | None = None
    is_auto_submitted: bool | None = None
    tags: list[Any] | None = None
    testcases: list[TaskTestCase] | None = None
    code: TaskCode | str | None = attrs.field(default=None, repr=False)
    submission: list[Submission] | None = None
    is_multiple_choice: bool | None = None
    is_project: bool | None = None
    is_sql: bool | None = None
    is_open_ended: bool | None = None
    total_score: int | float | None = None
    given_score: int | float | None = None


@attrs.frozen(kw_only=True)
class CandidateReport:
    """A candidate with all tasks. `phone` and `notes` are promised in the vendor's text; no sample shows them."""

    id: str = attrs.field(repr=False)
    status: str | None = None
    added_at: int | float | None = None
    email: str | None = attrs.field(default=None, repr=False)
    name: str | None = None
    phone: str | int | None = attrs.field(default=None, repr=False)
    notes: str | list[Any] | dict[str, Any] | None = attrs.field(default=None, repr=False)
    tags: list[Any] | None = None
    tasks: list[ReportTask] | None = None
    score: CandidateScore | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Pad:
    """A live pad. The list gives no `code`, `notes` and `language`; the older page's list no `ended_at` and `tags`."""

    id: str
    name: str | None = None
    timestamp: int | float | None = None
    ended_at: int | float | None = None
    tags: list[Any] | None = None
    code: str | None = attrs.field(default=None, repr=False)
    notes: str | None = attrs.field(default=None, repr=False)
    language: str | None = None
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class Confirmation:
    """What every write's answer begins with: `"success"`, under `message` or, when a pad is ended, under `msg`."""

    message: str | None = attrs.field(default=None, repr=False)
    msg: str | None = attrs.field(default=None, repr=False)
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class CreatedCandidate:
    """An invitation: the candidate's id, and the link that leads into the test (plain http, as it is given)."""

    id: str = attrs.field(repr=False)
    url: str | None = attrs.field(default=None, repr=False)
    message: str | None = attrs.field(default=None, repr=False)
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)


@attrs.frozen(kw_only=True)
class CreatedPad:
    """A new pad: its id, and the link that everyone joins by."""

    id: str
    url: str | None = attrs.field(default=None, repr=False)
    message: str | None = attrs.field(default=None, repr=False)
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, eq=False)
