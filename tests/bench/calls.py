"""One call through a provider beside the same call by hand, and beside other clients where they install."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import orjson

from interviewkit import CoderPad, RetryPolicy
from interviewkit.http.wire import Response
from tests.bench.measure import ROUNDS, Row, cpu_seconds, median, ratio

PAD = "983SDkjdsh"
CALLS = 400
BARE, OURS = "bare aiohttp", "interviewkit"
Run = Callable[[], Awaitable[object]]


@contextlib.contextmanager
def vendor() -> Iterator[str]:
    """The base URL of a server in another process."""
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "vendor_server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        assert process.stdin is not None
        process.stdin.close()


async def one_call() -> list[Row]:
    """A provider's `get_session` against bare aiohttp with `orjson.loads`; other clients beside them."""
    async with _contestants() as contestants:
        found = await cpu_seconds(contestants, repeat=CALLS)
        rows = [Row("a call to the shared model / bare aiohttp + orjson", ratio(found, OURS, BARE), 1.30, 1.20)]
        rows += [Row(f"CPU a call: {name}", median(found, name) / CALLS * 1e6, None, unit="us") for name in contestants]
        for name, run in contestants.items():
            started = time.perf_counter()
            for _ in range(CALLS):
                await run()
            rows.append(Row(f"calls a second: {name}", CALLS / (time.perf_counter() - started), None, unit="/s"))
    return rows


@contextlib.asynccontextmanager
async def _contestants() -> AsyncIterator[dict[str, Run]]:
    headers = {"Authorization": 'Token token="bench"', "Accept": "application/json"}
    with vendor() as base:
        url = f"{base}/api/pads/{PAD}"
        async with (
            CoderPad(api_key="bench", base_url=base) as pads,
            aiohttp.ClientSession(headers=headers) as session,
            contextlib.AsyncExitStack() as others,
        ):

            async def bare() -> object:
                async with session.get(url) as answer:
                    return orjson.loads(await answer.read())

            contestants: dict[str, Run] = {BARE: bare, OURS: lambda: pads.get_session(PAD)}
            await _other_clients(contestants, others, base, url, headers)
            yield contestants


async def _other_clients(
    contestants: dict[str, Run],
    stack: contextlib.AsyncExitStack,
    base: str,
    url: str,
    headers: dict[str, str],
) -> None:
    with contextlib.suppress(ImportError):
        import httpx

        client = await stack.enter_async_context(httpx.AsyncClient(headers=headers, trust_env=False))

        async def by_httpx() -> object:
            return orjson.loads((await client.get(url)).content)

        contestants["httpx"] = by_httpx
    with contextlib.suppress(ImportError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import coderpad

        theirs = coderpad.AsyncCoderPad(api_key="bench", base_url=base)
        await stack.enter_async_context(theirs)
        contestants["coderpad-py"] = lambda: theirs.pads.get(pad_id=PAD)


class Instant:
    """A transport whose answer is already there."""

    def __init__(self, response: Response) -> None:
        self.response = response

    async def send(self, method: str, url: str, **_: object) -> Response:
        """The answer."""
        return self.response

    async def aclose(self) -> None:
        """Nothing is open."""

    def stream(self, url: str, **_: object) -> None:
        """Nothing is streamed here."""
        raise AssertionError


async def pipeline() -> list[Row]:
    """What the pipeline adds to a transport that answers at once, in microseconds a call."""
    from interviewkit.http.decode import content
    from interviewkit.http.wire import Call, Request, path

    instant = Instant(Response(200, {}, b"{}"))
    call = Call("coderpad", "bench", Request("GET", path("/api/pads")), content, repeatable=True)
    async with CoderPad(api_key="bench", transport=instant, retry=RetryPolicy()) as pads:  # type: ignore[arg-type]

        async def alone() -> object:
            return await instant.send("GET", "http://x/api/pads", headers={}, body=None, timeout=1.0, max_bytes=1)

        repeat = 20_000
        found = await cpu_seconds({"alone": alone, "through": lambda: pads.send(call)}, repeat=repeat)
        added = (median(found, "through") - median(found, "alone")) / repeat * 1e6
    return [Row(f"the pipeline alone, a call (median of {ROUNDS})", added, 6.0, 3.0, unit="us")]
