"""Ctrl-C during long work: the first one finishes what is in flight, the second one ends at once."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

_CAUGHT = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def handled(first: Callable[[], None], second: Callable[[], None]) -> Iterator[None]:
    """Call `first` for the first SIGINT or SIGTERM and `second` for each that follows."""
    loop = asyncio.get_running_loop()
    calls = iter([first])

    def called() -> None:
        next(calls, second)()

    caught: list[signal.Signals] = []
    for number in _CAUGHT:
        # not on Windows, and not outside the main thread: there Ctrl-C has its usual effect
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, called)
            caught.append(number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
