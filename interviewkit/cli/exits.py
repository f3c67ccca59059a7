"""Exit codes, and which one a command's failures make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interviewkit.cli.render import Screen
from interviewkit.errors import ConfigurationError, InterviewKitError, InvalidArgumentError, UnsupportedError
from interviewkit.http.wire import Problem

DONE, FAILED, USAGE, PARTLY, INTERRUPTED = 0, 1, 2, 3, 130
USAGE_ERRORS = (ConfigurationError, InvalidArgumentError, UnsupportedError)


def code(error: InterviewKitError) -> int:
    """The exit code of a command that an error ended."""
    return USAGE if isinstance(error, USAGE_ERRORS) else FAILED


def verdict(
    screen: Screen,
    failures: Mapping[str, InterviewKitError],
    problems: Mapping[str, Sequence[Problem]],
    *,
    accounts_asked: int,
    done: bool,
    partly: bool = False,
) -> int:
    """Say what failed, account by account, and return the exit code: `done` when anything came all the same."""
    for label, error in failures.items():
        screen.fail(error, label)
    for label, rows in problems.items():
        screen.fail(f"{len(rows)} rows could not be read: {rows[0].error}", label)
    if len(failures) == accounts_asked and failures and not done:
        return USAGE if all(isinstance(error, USAGE_ERRORS) for error in failures.values()) else FAILED
    if partly and not done:
        return FAILED
    return PARTLY if failures or problems or partly else DONE
