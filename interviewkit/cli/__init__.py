"""The command `interviewkit`: 0 done, 1 failed, 2 wrong usage or set-up, 3 done in part, 130 interrupted."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

_NEEDED = ("cyclopts", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (`sys.argv` unless given) and return its exit code; expected errors are one line on stderr."""
    try:
        for name in _NEEDED:
            importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        print(  # noqa: T201 - the console of the extra is what is missing
            "error: the command line needs an extra: pip install 'interviewkit[cli]'", file=sys.stderr
        )
        return 2
    except KeyboardInterrupt:
        return 130
    try:
        from interviewkit.cli.app import run
    except KeyboardInterrupt:
        return 130
    return run(sys.argv[1:] if arguments is None else list(arguments))
