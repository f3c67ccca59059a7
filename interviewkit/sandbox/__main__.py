"""`python -m interviewkit.sandbox`: the vendors on loopback, for people and for other programs."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading

from .box import Sandbox
from .checks import NonsenseError
from .serve import serve


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGINT, SIGTERM or, when asked to, the end of standard input."""
    parser = argparse.ArgumentParser(prog="python -m interviewkit.sandbox", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--port", type=int, default=0, help="first port; free ones unless told")
    parser.add_argument("--no-quirks", action="store_true", help="only the newest documented form of every answer")
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that fail, 0 to 1")
    parser.add_argument("--json", action="store_true", help="one JSON line when ready")
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when standard input ends")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_run(options))
    except NonsenseError as error:
        parser.error(str(error))
    except OSError as error:
        sys.exit(f"{parser.prog}: {error.strerror or error}")


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    if options.exit_with_parent:
        # A daemon thread: a blocked read of standard input must not hold up the end.
        threading.Thread(target=_wait_for_end, args=(asyncio.get_running_loop(), stop), daemon=True).start()
    await serve(
        seed=options.seed,
        sessions=options.sessions,
        port=options.port,
        quirks=not options.no_quirks,
        faults=options.faults,
        on_ready=announce_json if options.json else announce,
        stop=stop,
    )


def _wait_for_end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    loop.call_soon_threadsafe(stop.set)


def announce_json(box: Sandbox) -> None:
    """One line for a program."""
    ready = {"accounts": box.accounts, "environment": box.environment, "control_url": box.control_url}
    print(json.dumps(ready), flush=True)  # noqa: T201


def announce(box: Sandbox) -> None:
    """The configuration for a person, to paste into a file and a shell."""
    lines = ("# interviewkit.toml", box.config_toml(), "# shell", box.export_lines())
    print(*lines, f"# control routes at {box.control_url}, stop with Ctrl-C", sep="\n", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
