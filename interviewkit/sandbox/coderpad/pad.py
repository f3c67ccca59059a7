"""One CoderPad pad: its files, its events, and what people do in it."""

from __future__ import annotations

import base64
import random
from datetime import datetime, timedelta
from typing import Any

import attrs

from interviewkit.sandbox.world import programs
from interviewkit.sandbox.world.people import Person

FIRST_ENVIRONMENT = 1_000_000
ENVIRONMENTS_A_PAD = 4


@attrs.define(kw_only=True)
class File:
    """One file of an environment; `contents` is None for a binary one."""

    path: str
    template: str = ""
    contents: str | None = ""
    rewritten: bool = False


@attrs.define(kw_only=True)
class Environment:
    """One language's files in a pad."""

    id: int
    language: str
    question_id: int | None = None
    example_question_id: str | None = None
    files: list[File]
    created_at: datetime
    updated_at: datetime


@attrs.define(kw_only=True)
class Pad:
    """A pad as the vendor knows it."""

    number: int
    id: str
    title: str
    state: str = "pending"
    owner_email: str
    language: str | None
    private: bool = False
    execution_enabled: bool = True
    contents: str | None = None
    participants: list[str | None] = attrs.field(factory=list)
    events: list[dict[str, Any]] = attrs.field(factory=list)
    notes: str | None = None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    type: str = "live"
    question_ids: list[int] = attrs.field(factory=list)
    environments: list[Environment]
    active_environment_id: int | None = None
    team: dict[str, str] | None = None
    has_drawing: bool = False
    rewritten: bool = False
    restrict_interviewer_access: bool | None = None
    allowed_interviewer_emails: list[str] | None = None
    deleted: bool = False

    def event(
        self, at: datetime, kind: str, who: str | None, email: str | None, text: str, metadata: str | None = None
    ) -> None:
        """Log an event."""
        moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.events.append(
            {
                "message": f"{moment}: {who or 'Someone'} {text}",
                "kind": kind,
                "metadata": metadata,
                "user_name": who,
                "user_email": email,
                "created_at": moment,
            }
        )


def start_interview(pad: Pad, interviewer: Person, candidate: str, at: datetime) -> None:
    """Both sides join, and the interview starts."""
    pad.event(at, "joined", interviewer.name, interviewer.email, "joined the pad")
    pad.event(at + timedelta(seconds=40), "started", None, None, "started the interview")
    pad.event(at + timedelta(seconds=75), "joined", candidate, None, "joined the pad")
    pad.participants = [interviewer.name, candidate]
    pad.state = "started"


def write_code(pad: Pad, rng: random.Random, at: datetime) -> None:
    """The candidate changes every text file and runs the code."""
    for environment in pad.environments:
        for file in environment.files:
            if file.contents is not None:
                file.contents = programs.solution(environment.language, rng)
        environment.updated_at = at
        pad.event(at, "ran", _candidate(pad), None, f"ran {environment.language} code", environment.language)
    pad.active_environment_id = pad.environments[-1].id if pad.environments else None


def finish_interview(pad: Pad, at: datetime) -> None:
    """The interview ends; a pad that everybody has left is ended by the vendor."""
    by_vendor = pad.number % 4 == 0
    pad.event(at, "left", _candidate(pad), None, "left the pad")
    if by_vendor:
        pad.event(at, "auto_ended", None, None, "auto_ended the interview")
    else:
        pad.event(at, "ended", pad.participants[0] if pad.participants else None, None, "ended the interview")
    pad.state = "ended"
    pad.ended_at = at


def _candidate(pad: Pad) -> str | None:
    return pad.participants[-1] if pad.participants else None


def environment_path(pad: Pad, environment: Environment, file: File) -> str:
    """Where a file's history lies below the history site."""
    encoded = base64.b64encode(file.path.encode()).decode()
    return f"/{pad.id}/environmentFiles/{environment.language}/{encoded}/history.json"
