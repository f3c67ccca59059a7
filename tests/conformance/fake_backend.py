"""The backend of the fake provider's conformance runs."""

from __future__ import annotations

from typing import Any

from interviewkit.model import Artifact, ArtifactKind, Score, SessionKind, SessionRef
from interviewkit.testing import Backend, Expected, FakeVendor

JSON = "application/json"


def ref(session_id: str) -> SessionRef:
    """A reference of the fake vendor."""
    return SessionRef(provider="fake", kind=SessionKind.LIVE, id=session_id)


def fake_backend() -> Backend:
    """A fresh vendor with two assessments and five sessions on three pages."""
    vendor = FakeVendor(api_key="fake-key-K3Y", page_size=2)
    tests = [vendor.add_assessment(title) for title in ("Queues", "Trees", "Graphs")]
    people = [{"email": f"person-{number}@example.com", "name": f"Person {number}"} for number in range(3)]
    sessions = [vendor.add_session(title=f"Interview {person['name']}", candidate=person) for person in people]
    vendor.finish(sessions[0])
    vendor.start(sessions[1])
    invited: dict[str, Any] = {"kind": "take_home", "state": "invited", "assessment": tests[0], "title": "Queues"}
    sessions += [vendor.add_session(candidate=person, **invited) for person in people[:2]]
    return Backend(
        transport=vendor.carrier, credentials=["fake-key-K3Y"], sessions=5, assessment_id=tests[0],
        finished=ref(sessions[0]), unfinished=ref(sessions[1]), unknown=ref("S999"), endable=ref(sessions[3]),
        artifact=Artifact(ref=ref("S1"), kind=ArtifactKind.PDF, name="S1.pdf", needs_auth=True),
        score=Score(points=7.5, max_points=10.0), status_keys=("state",), secrets=("code-S1-7731", "ticket=tS1x1"),
        expected={
            "create_session": [Expected("POST", "/sessions", b'{"title":"Pairing exercise"}', JSON)],
            "list_sessions": [Expected("GET", f"/sessions?page={page}") for page in (1, 2, 3)],
            "get_session": [Expected("GET", "/sessions/S1")],
            "fetch_report": [Expected("GET", "/sessions/S1/report")],
            "invite_candidate": [
                Expected(
                    "POST", "/assessments/A1/invitations",
                    b'{"candidate":{"email":"jo.doe@example.com","first_name":"Jo","last_name":"Doe"}}', JSON,
                )
            ],
            "list_assessments": [Expected("GET", f"/assessments?page={page}") for page in (1, 2)],
            "end_session": [Expected("POST", "/sessions/S4/end", b"{}", JSON)],
            "report_link": [Expected("POST", "/sessions/S1/link", b'{"kind":"report"}', JSON)],
            "check": [Expected("GET", "/account")],
        },
    )  # fmt: skip
