"""How RemoteInterview writes times and the tasks of its reports (https://www.remoteinterview.io/api, read 2026-11)."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from interviewkit.sandbox.world.problems import Problem

LANGUAGES = {"python": "Python", "javascript": "JavaScript", "java": "Java", "go": "Go", "ruby": "Ruby"}
POINTS = (10, 10, 20, 20, 10, 10, 10, 10)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def coding_task(problem: Problem, rng: random.Random, at: int) -> dict[str, Any]:
    """A coding task: test cases and code, and no id."""
    language = rng.choice(list(problem.programs))
    strength = rng.random() + 0.3
    cases = [
        {
            "name": f"Test Case {number}",
            "is_sample": number == 1,
            "is_placeholder": False,
            "points": points,
            "result": (passed := rng.random() < strength),
            "output": problem.output if passed else "",
            "expected_output": problem.output,
        }
        for number, points in enumerate(POINTS, 1)
    ]
    return {
        "body": f"<p>{problem.body}</p>\n\n<p>&nbsp;</p>\n\n<p>0 &lt; length &lt; 100</p>\n",
        "last_updated": at,
        "tags": ["lists", "easy"],
        "testcases": cases,
        "title": problem.title,
        "code": {"code": problem.programs[language], "codemode": LANGUAGES[language]},
        "is_auto_submitted": rng.random() < 0.1,
    }


def other_task(kind: str, ident: str, uploads: str, rng: random.Random, at: int) -> dict[str, Any]:
    """A project, SQL, multiple-choice or open-ended task: flags, an id and points."""
    flags = {name: name == kind for name in ("is_multiple_choice", "is_project", "is_sql", "is_open_ended")}
    task: dict[str, Any] = {
        "body": "<p>Take as long as you need.</p>\n",
        "last_updated": at,
        "title": kind.removeprefix("is_").replace("_", " ").capitalize() + " task",
        "is_auto_submitted": False,
        **flags,
        "id": ident,
        "total_score": 10,
        "given_score": rng.randrange(11),
    }
    if kind == "project":
        task["is_project"] = True
        task["submission"] = [{"name": "submission.zip", "url": uploads, "validZip": rng.random() < 0.9}]
    return task
