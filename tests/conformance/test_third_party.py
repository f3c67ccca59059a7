"""What the author of another provider writes to have the whole suite: recorded answers, and forty lines."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import parse_qs

from interviewkit import Score, SessionKind, SessionRef
from interviewkit.testing import Backend, ConformanceSuite, Expected, Sent, answer, recorded

from .acme import Acme


def interview(code: str, phase: str = "open", **more: Any) -> dict[str, Any]:
    return {"code": code, "phase": phase, "topic": "Queues", "join": f"https://acme.example/j?t={code}-9f31", **more}


FORM = "application/x-www-form-urlencoded"
CLOSED = interview("I-1", "closed", mark=4.5, begun=1793000000000, guest="jo.doe@example.com")
RUNNING = interview("I-2", "running", begun=1793000600000)


def routes() -> dict[str, Any]:
    """A fresh vendor's answers: an interview that was made is there to be read."""
    numbers = itertools.count(10)

    def created(sent: Sent) -> Any:
        given = {name: values[0] for name, values in parse_qs((sent.body or b"").decode()).items()}
        made = {**interview(f"I-{next(numbers)}"), **given}
        answers[f"GET /v2/interviews/{made['code']}"] = made
        return answer(made, status=201)

    answers: dict[str, Any] = {
        "GET /v2/interviews": {"rows": [CLOSED, RUNNING], "more": "I-2"},
        "GET /v2/interviews?after=I-2": {"rows": [interview("I-3")], "more": None},
        "GET /v2/interviews/I-1": CLOSED,
        "GET /v2/interviews/I-2": RUNNING,
        "POST /v2/interviews": created,
    }
    return answers


def ref(code: str) -> SessionRef:
    return SessionRef(provider="acme", kind=SessionKind.LIVE, id=code)


class TestAcme(ConformanceSuite):
    def make_provider(self, **settings: Any) -> Acme:
        return Acme("acme-key-1", **settings)

    def make_backend(self) -> Backend:
        return Backend(
            transport=recorded(routes()), credentials=["acme-key-1"], sessions=3, score=Score(points=4.5),
            finished=ref("I-1"), unfinished=ref("I-2"), unknown=ref("I-999"), status_keys=["phase"],
            expected={
                "create_session": [Expected("POST", "/v2/interviews", b"topic=Pairing%20exercise", FORM)],
                "list_sessions": [Expected("GET", "/v2/interviews"), Expected("GET", "/v2/interviews?after=I-2")],
                "get_session": [Expected("GET", "/v2/interviews/I-1")],
                "fetch_report": [Expected("GET", "/v2/interviews/I-1")],
                "invite_candidate": [Expected("POST", "/v2/interviews", b"guest=jo.doe%40example.com", FORM)],
            },
        )  # fmt: skip
