"""How Codility writes sessions and tests, and how it pages (https://codility.com/api-documentation/, read 2026-11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from interviewkit.sandbox.clock import EPOCH
from interviewkit.sandbox.site import Refusal

from .population import CLOSED, OPEN, STARTED, Session, Test

if TYPE_CHECKING:
    from . import Codility

PAGE = 20
FORMAT = frozenset({"format"})
LIST = FORMAT | {"page"}
LINK = "[PRIVATE_TEST_LINK]"
"""What every mail to a candidate has to hold."""
QUESTIONS = ("field_of_study", "school", "academic_degree", "programming_experience", "profile_url")
Row = TypeVar("Row")


def stamp(moment: datetime | None) -> str | None:
    """UTC with whole seconds, as sessions have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def stamp_naive(moment: datetime) -> str:
    """Milliseconds and no zone, as tests, links and CodeLive have it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def stamp_spaced(age: int) -> str:
    """A space and no zone, as the log of logins has it; `age` is in half days."""
    return (EPOCH - timedelta(hours=12 * age)).strftime("%Y-%m-%d %H:%M:%S")


def page_of(
    request: web.Request, base_url: str, rows: Sequence[Row], write: Callable[[Row], dict[str, Any]]
) -> dict[str, Any]:
    """One page of a list: only its rows are written down."""
    text = request.query.get("page", "1")
    pages = max(1, -(-len(rows) // PAGE))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= pages):
        raise Refusal(404, {"detail": "Invalid page."})
    page = int(text)
    kept = "".join(f"{name}={value}&" for name, value in request.query.items() if name != "page")

    def link(other: int) -> str | None:
        return f"{base_url}{request.path}?{kept}page={other}" if 1 <= other <= pages else None

    results = [write(row) for row in rows[(page - 1) * PAGE : page * PAGE]]
    return {"count": len(rows), "next": link(page + 1), "previous": link(page - 1), "results": results}


class Shapes:
    """The vendor's JSON for sessions and tests."""

    def __init__(self, vendor: Codility) -> None:
        self._vendor = vendor

    def row(self, session: Session, suffix: str = "") -> dict[str, Any]:
        """A session in a list."""
        url = f"{self._session_url(session)}{suffix}"
        row = {"url": url, "id": session.id, **self._person(session)}
        row |= {"create_date": stamp(session.created_at), "start_date": stamp(session.started_at)}
        row |= {"campaign_url": self._campaign_url(session, suffix), "similarity": self._similarity(session)}
        # Two public integrations read a close_date that the vendor's page does not show.
        if self._vendor.setup.quirks and session.number % 2:
            row["close_date"] = stamp(session.closed_at)
        return row

    def detail(self, session: Session) -> dict[str, Any]:
        """A session on its own: no id and no status."""
        url = self._session_url(session)
        row = self.row(session)
        row.pop("id")
        if self._vendor.setup.quirks and session.number % 7 == 2:
            row["create_date"] = None
        answers = {name: session.answers.get(name) for name in QUESTIONS}
        pages = self._vendor.pages.site.base_url
        detail = {
            **row,
            "evaluation": self._evaluation(session),
            "report_link": f"{pages}/tickets/{session.id}/",
            "pdf_report_url": f"{url}pdf/",
            "feedback_link": f"{pages}/feedback/{session.id}/" if session.stage == CLOSED else None,
            "cancel_url": f"{url}cancel/" if session.stage in OPEN else None,
            "start_codelive_url": f"{pages}/codelive/{session.id}/start/" if session.codelive else None,
            "test_link": self.test_link(session),
            "candidate_data": {**answers, "additional_data": session.additional_data},
        }
        if session.codelive is not None:
            live = session.codelive
            detail["codelive"] = {
                "candidate_start_date": stamp_naive(live.candidate_start_date) if live.candidate_start_date else None,
                "last_activity_date": stamp_naive(live.last_activity_date) if live.last_activity_date else None,
                "access_code": live.access_code,
            }
        return detail

    def test_row(self, test: Test) -> dict[str, Any]:
        """A test in a list: with its id."""
        return {**self.test(test), "id": test.id}

    def test(self, test: Test) -> dict[str, Any]:
        """A test on its own: no id."""
        url = f"{self._vendor.base_url}/api/tests/{test.id}/"
        public = f"{self._vendor.pages.site.base_url}/public-link/{test.id}/" if test.is_public else None
        answer: dict[str, Any] = {"url": url, "name": test.name, "create_date": stamp_naive(test.created_at)}
        answer |= {"is_archived": test.is_archived, "public_test_link": public}
        return answer | {"invite_url": f"{url}invite/", "sessions_url": f"{url}sessions/"}

    def test_link(self, session: Session) -> str:
        """The candidate's link; samples have it with and without a last slash."""
        slash = "/" if self._vendor.setup.quirks and session.number % 2 else ""
        return f"{self._vendor.pages.site.base_url}/test/{session.id}{slash}"

    def _session_url(self, session: Session) -> str:
        return f"{self._vendor.base_url}/api/sessions/{session.id}/"

    def _campaign_url(self, session: Session, suffix: str) -> str | None:
        return f"{self._vendor.base_url}/api/tests/{session.test}/{suffix}" if session.test is not None else None

    def _person(self, session: Session) -> dict[str, Any]:
        return {name: getattr(session, name) for name in ("candidate", "first_name", "last_name", "email")}

    def _similarity(self, session: Session) -> dict[str, str] | None:
        word = self._vendor.sessions.similarity(session)
        if word is None:
            return None
        # The vendor's own example lacks this slash, so no client may build on the link.
        api = "/api" if self._vendor.setup.quirks else "/api/"
        icon = f"{self._vendor.pages.site.base_url}/static/nux-img/sim-status-confirmed.png"
        embed_url = f"{self._vendor.base_url}{api}sessions/{session.id}/embed_similarity/"
        return {"text": word, "icon": icon, "embed_url": embed_url}

    def _evaluation(self, session: Session) -> dict[str, Any]:
        tasks = [
            {
                "task_name": task.title,
                "result": task.result if session.stage == CLOSED else None,
                "max_result": 100,
                "prg_lang": task.language if session.stage != STARTED else None,
                "name": task.slug,
            }
            for task in session.tasks
        ]
        return {"tasks": tasks, "max_result": 100 * len(tasks), "result": session.result}
