"""A vendor that lives in memory: a small JSON API over assessments, sessions, invitations and reports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from interviewkit.http.wire import Response
from interviewkit.testing.scripted import Scripted, Sent, answer

EPOCH = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""When the fake vendor's time begins: it goes on by a minute with everything that happens."""

BASE_URL = "https://api.fake.example"
Handler = Callable[["FakeVendor", dict[str, str], dict[str, str], dict[str, Any]], Response]


class FakeVendor:
    """Assessments, sessions and reports in memory; several providers may share one.

    `assessments` and `sessions` are the rows as the API gives them: change them as a test needs it. `requests` keeps
    what reached the vendor, newest last.
    """

    def __init__(self, *, api_key: str = "fake-key", page_size: int = 20) -> None:
        self.api_key = api_key
        self.page_size = page_size
        self.assessments: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.requests: list[Sent] = []
        self._ticks = 0

    # --- what a test sets up, and what candidates do ---

    def add_assessment(self, title: str, *, archived: bool = False) -> str:
        """A new assessment; its id."""
        number = f"A{len(self.assessments) + 1}"
        self.assessments[number] = {
            "id": number, "title": title, "kind": "take_home", "created_at": self._now(), "archived": archived,
            "public_url": f"https://fake.example/a/{number}",
        }  # fmt: skip
        return number

    def add_session(self, *, kind: str = "live", state: str = "created", **fields: Any) -> str:
        """A new session, with any of the row's fields; its id."""
        number = f"S{len(self.sessions) + 1}"
        now = self._now()
        page = f"https://fake.example/s/{number}"
        self.sessions[number] = {
            "id": number, "kind": kind, "state": state, "title": None, "language": None, "assessment": None,
            "reference": None, "verdict": None, "points": None, "max_points": None, "candidate": None, "tags": [],
            "created_at": now, "updated_at": now, "started_at": None, "ended_at": None,
            "access_code": f"code-{number}-7731", "version": "2",
            "candidate_url": f"{page}?ticket=t{number}x1", "interviewer_url": f"{page}?host=h{number}x2", **fields,
        }  # fmt: skip
        return number

    def start(self, session_id: str) -> None:
        """The candidate begins."""
        self.sessions[session_id] |= {"state": "started", "started_at": self._now(), "updated_at": self._now()}

    def finish(self, session_id: str, *, points: float | None = 7.5, max_points: float | None = 10.0) -> None:
        """The candidate has finished and was evaluated: there is a whole report."""
        row = self.sessions[session_id]
        row["started_at"] = row["started_at"] or self._now()
        row |= {"state": "finished", "points": points, "max_points": max_points, "verdict": "accepted"}
        row |= {"ended_at": self._now(), "updated_at": self._now()}
        self.files[f"{session_id}.pdf"] = b"%PDF-1.7 the fake report of " + session_id.encode()
        self.reports[session_id] = {
            "notes": "Asked about edge cases first.",
            "tasks": [
                {
                    "id": "T1", "title": "Queue of two stacks", "kind": "coding", "language": "Python 3",
                    "points": points, "max_points": max_points,
                    "files": [{"path": "queue.py", "content": "class Queue: ...\n"}],
                    "cases": [{"name": "empty", "passed": True, "points": 2.5}, {"name": "long", "passed": False}],
                }
            ],
            "events": [
                {"at": row["started_at"], "kind": "joined", "name": "Jo", "email": "jo.doe@example.com"},
                {"at": row["ended_at"], "kind": "left", "name": "Jo", "email": "jo.doe@example.com"},
            ],
            "similarity": "none",
            "files": [{"name": f"{session_id}.pdf", "kind": "pdf", "media_type": "application/pdf"}],
        }  # fmt: skip

    # --- the API ---

    def carrier(self) -> Scripted:
        """A transport that leads to this vendor, for one provider."""
        return Scripted(respond=self.respond)

    def respond(self, sent: Sent) -> Response:
        """Answer one request, as the API would."""
        self.requests.append(sent)
        if sent.headers.get("Authorization") != f"Bearer {self.api_key}":
            return answer({"detail": "this key is not known"}, status=401)
        parts = urlsplit(sent.url)
        for method, route, handle in self._ROUTES:
            match = re.fullmatch(route.replace("{id}", "(?P<id>[^/]+)"), parts.path)
            if match is not None and method == sent.method:
                ids = {name: unquote(value) for name, value in match.groupdict().items()}
                body = json.loads(sent.body) if sent.body else {}
                try:
                    return handle(self, ids, dict(parse_qsl(parts.query)), body)
                except KeyError:
                    break
        return answer({"detail": "there is nothing here"}, status=404)

    def _now(self) -> str:
        self._ticks += 1
        return (EPOCH + timedelta(minutes=self._ticks)).isoformat()

    def _page(self, name: str, rows: list[dict[str, Any]], query: Mapping[str, str]) -> Response:
        page, size = int(query.get("page", "1")), self.page_size
        following = page + 1 if page * size < len(rows) else None
        return answer({name: rows[(page - 1) * size : page * size], "next": following, "total": len(rows)})

    def _list_sessions(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        asked = {key: query[key] for key in ("kind", "assessment") if key in query}
        rows = [row for row in self.sessions.values() if all(row[key] == value for key, value in asked.items())]
        since = query.get("updated_since")
        return self._page("sessions", [row for row in rows if since is None or row["updated_at"] >= since], query)

    def _list_assessments(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        archived = query.get("archived") == "true"
        rows = [row for row in self.assessments.values() if archived or not row["archived"]]
        return self._page("assessments", rows, query)

    def _create(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        return answer(self.sessions[self.add_session(**body)], status=201)

    def _show(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        return answer(self.sessions[ids["id"]])

    def _report(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        row = self.sessions[ids["id"]]
        return answer({"session": row, **self.reports.get(ids["id"], {"notes": None, "tasks": [], "events": []})})

    def _invite(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        mailed = body.pop("email", None)
        for instruction in ("callback_url", "redirect_url", "report_emails"):
            body.pop(instruction, None)
        assessment = self.assessments[ids["id"]]
        body["candidate"]["id"] = f"C{len(self.sessions) + 1}"
        number = self.add_session(
            kind="take_home", state="invited", assessment=ids["id"], title=assessment["title"], **body
        )  # fmt: skip
        return answer({**self.sessions[number], "mailed": mailed is not None}, status=201)

    def _end(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        row = self.sessions[ids["id"]]
        if row["state"] in {"finished", "cancelled"}:
            return answer({"detail": "it has ended before"}, status=409)
        row |= {"state": "cancelled", "updated_at": self._now(), "ended_at": self._now()}
        return answer(row)

    def _link(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        row = self.sessions[ids["id"]]
        until = (EPOCH + timedelta(days=30)).isoformat()
        return answer({"url": f"https://fake.example/r/{row['id']}?signature=f4k3{body['kind']}", "expires_at": until})

    def _file(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        return answer(self.files[ids["id"]], headers={"content-type": "application/pdf"})

    def _account(self, ids: dict[str, str], query: dict[str, str], body: dict[str, Any]) -> Response:
        return answer({"used": len(self.sessions), "limit": 1000, "plan": "fake"})

    _ROUTES: ClassVar[tuple[tuple[str, str, Handler], ...]] = (
        ("GET", "/sessions", _list_sessions),
        ("POST", "/sessions", _create),
        ("GET", "/sessions/{id}", _show),
        ("GET", "/sessions/{id}/report", _report),
        ("POST", "/sessions/{id}/end", _end),
        ("POST", "/sessions/{id}/link", _link),
        ("GET", "/assessments", _list_assessments),
        ("POST", "/assessments/{id}/invitations", _invite),
        ("GET", "/files/{id}", _file),
        ("GET", "/account", _account),
    )
