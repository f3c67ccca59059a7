"""Mistakes on the command line, named by the word that was mistyped or left out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from cyclopts import App, CycloptsError, UnusedCliTokensError

from interviewkit.errors import InvalidArgumentError


def check_options(app: App, arguments: Sequence[str]) -> None:
    """Raise `InvalidArgumentError` for an option that the command does not have, or one that lacks its value.

    Ids may begin with a hyphen, so the parser would take `--emial` for an id and complain about what follows it.
    """
    command, words = app, list(arguments)
    while words and not words[0].startswith("-") and words[0] in command:
        command = command[words.pop(0)]
    if command is app:
        return  # the parser names an unknown command
    known = _options(command.assemble_argument_collection())
    given = list(takewhile(lambda word: word != "--", words))
    wants_value = ""
    for word in given:
        name = word.partition("=")[0]
        if word.startswith("--"):
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                raise InvalidArgumentError(
                    f"no option is called {name}", hint=f"did you mean {close[0]}?" if close else None
                )
            if wants_value:
                raise InvalidArgumentError(f"{wants_value} needs a value")
        wants_value = name if "=" not in word and known.get(name) else ""
    if wants_value:
        raise InvalidArgumentError(f"{wants_value} needs a value")


def _options(arguments: Iterable[Any]) -> dict[str, bool]:
    """Each option's name, and whether a value follows it."""
    known = {"--help": False, "--version": False}
    for one in arguments:
        is_flag = bool(one.negatives) or one.token_count()[0] == 0
        known |= {name: not is_flag for name in one.names if name.startswith("--")}
    return known


def complaint(error: CycloptsError) -> str:
    """What the parser has against a command line, in one line."""
    if isinstance(error, UnusedCliTokensError):
        return f"too many arguments: {' '.join(error.unused_tokens or ())}"
    return " ".join(str(error).split())
