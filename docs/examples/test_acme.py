"""Acme's provider under the conformance kit, on recorded answers."""

from typing import Any

from acme import Acme

import interviewkit as ik
from interviewkit.testing import Backend, ConformanceSuite, Expected, Sent, recorded

DONE = {
    "id": "i-1", "title": "Queues", "state": "done", "email": "ada@example.com", "join_url": "https://acme.example/j/1",
    "opened_at": "2026-11-02T09:00:00Z", "points": 8.0, "max_points": 10.0, "code": "print(42)",
}  # fmt: skip
RUNNING = {"id": "i-2", "title": "Trees", "state": "running", "opened_at": "2026-11-02T10:00:00Z"}
NEW = {"id": "i-3", "title": None, "state": "new", "join_url": "https://acme.example/j/3"}


def routes() -> dict[str, Any]:
    """Recorded answers; creating an interview adds one."""
    found: dict[str, Any] = {
        "GET /v1/interviews?page=1": {"rows": [DONE, RUNNING], "next": 2},
        "GET /v1/interviews?page=2": {"rows": [NEW], "next": None},
        "GET /v1/interviews/i-1": DONE,
        "GET /v1/interviews/i-2": RUNNING,
    }

    def create(_sent: Sent) -> dict[str, Any]:
        made = {**NEW, "id": f"i-{len(found)}"}
        found[f"GET /v1/interviews/{made['id']}"] = made
        return made

    found["POST /v1/interviews"] = create
    return found


def ref(interview_id: str) -> ik.SessionRef:
    return ik.SessionRef(provider="acme", kind=ik.SessionKind.LIVE, id=interview_id)


class TestAcme(ConformanceSuite):
    def make_provider(self, **settings: Any) -> Acme:
        return Acme("acme-key-17", **settings)

    def make_backend(self) -> Backend:
        return Backend(
            transport=recorded(routes()), credentials=["acme-key-17"], sessions=3,
            finished=ref("i-1"), unfinished=ref("i-2"), unknown=ref("i-999"),
            score=ik.Score(points=8.0, max_points=10.0), status_keys=["state"],
            expected={  # written by hand, from Acme's page
                "create_session": [Expected("POST", "/v1/interviews", b'{"title":"Pairing exercise"}')],
                "list_sessions": [
                    Expected("GET", "/v1/interviews?page=1"), Expected("GET", "/v1/interviews?page=2"),
                ],
                "get_session": [Expected("GET", "/v1/interviews/i-1")],
                "fetch_report": [Expected("GET", "/v1/interviews/i-1")],
                "invite_candidate": [Expected("POST", "/v1/interviews", b'{"email":"jo.doe@example.com"}')],
            },
        )  # fmt: skip
