"""Files from known hosts: no credentials, few redirects, a whole file or none."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from interviewkit.errors import (
    AuthenticationError,
    ConflictError,
    DeadlineExceededError,
    InterviewKitError,
    InvalidArgumentError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    TransportError,
    VendorError,
    VendorUnavailableError,
)
from interviewkit.http.connection import Connection, Host
from interviewkit.http.credentials import StaticCredential
from interviewkit.http.download import KnownHosts, open_file, save, whole
from interviewkit.http.refusal import refusal
from tests.http.calls import KEY
from tests.http.servers import RawServer, Script, closed_port, raw_server, says

LOOPBACK = KnownHosts(https=(), loopback=True)
KNOWN = KnownHosts(https=("files.vendor.example", ".cdn.vendor.example"), http=("old.vendor.example",))


@pytest.mark.parametrize(
    "url",
    [
        "https://files.vendor.example/a?sig=1", "https://FILES.vendor.example/a", "https://a.cdn.vendor.example/x",
        "http://old.vendor.example/x", "https://old.vendor.example/x", "https://files.vendor.example:8443/x",
    ],
)  # fmt: skip
def test_a_known_host_is_allowed(url: str) -> None:
    assert KNOWN.allow(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.vendor.example/a", "https://vendor.example/a", "https://evil.example/files.vendor.example",
        "https://files.vendor.example.evil.example/", "https://xcdn.vendor.example/", "https://cdn.vendor.example/",
        "https://user@files.vendor.example/", "https://files.vendor.example@evil.example/", "ftp://files.vendor.example/",
        "file:///etc/passwd", "//files.vendor.example/", "https://evil.example\\.cdn.vendor.example/",
        "https://evil.example#.cdn.vendor.example", "https://evil.example/?.cdn.vendor.example", "http://127.0.0.1/",
        "https://localhost/", "https://[::1", "https://files.vendor.example:x/", "", "x",
        "https://evil.example\t.cdn.vendor.example/", "https://evil.example .cdn.vendor.example/",
        "https://evil.example%5C.cdn.vendor.example/", "https://files.vendor.example/a b",
        "https://files.vendor.example/\r\nX: 1",
    ],
)  # fmt: skip
def test_any_other_host_is_not(url: str) -> None:
    assert not KNOWN.allow(url)


def test_this_machine_is_allowed_to_a_sandbox_only() -> None:
    assert LOOPBACK.allow("http://127.0.0.1:8080/x")
    assert not KNOWN.allow("http://127.0.0.1:8080/x")


def connect(**settings: Any) -> Connection:
    host = Host(base_url="https://vendor.example", credential=StaticCredential(KEY, header="Bearer {}"))
    return Connection.open("acme", {"api": host}, refusal, settings)  # type: ignore[arg-type]


def files(folder: Path) -> list[Path]:
    """What lies in a folder."""
    return list(folder.iterdir())


async def fetch(
    url: str, *, hosts: KnownHosts = LOOPBACK, target: Any = None, redirects: int = 3, **settings: Any
) -> bytes:
    connection = connect(**settings)
    file = target or io.BytesIO()
    try:
        async with open_file(connection, url, hosts, operation="download", redirects=redirects) as pieces:
            size = await save(pieces, file)
    finally:
        await connection.aclose()
    found: bytes = file.getvalue() if isinstance(file, io.BytesIO) else file.read_bytes()
    assert size == len(found)
    return found


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"HTTP/1.1 {status} X\r\n{lines}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_file_comes_whole_and_without_our_key() -> None:
    async with raw_server(says(answer(200, b"%PDF" * 50_000))) as server:
        assert await fetch(f"{server.url}/r.pdf?sig=a%2Fb") == b"%PDF" * 50_000
    assert server.requests[0].startswith(b"GET /r.pdf?sig=a%2Fb HTTP/1.1\r\n")
    assert KEY.encode() not in server.requests[0]
    assert b"authorization" not in server.requests[0].lower()


def _redirecting(to: str, last: bytes = b"") -> Script:
    async def script(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await server.take(reader)
        here = int(request.split(b" ")[1].rpartition(b"/")[2] or 0)
        writer.write(
            answer(302, b"", f"Location: {to.format(here + 1)}") if not last or here < 3 else answer(200, last)
        )
        await writer.drain()

    return script


async def test_three_redirects_are_followed() -> None:
    async with raw_server(_redirecting("/{}", b"file")) as server:
        assert await fetch(f"{server.url}/0") == b"file"
    assert len(server.requests) == 4


async def test_a_url_with_blanks_and_other_scripts_is_quoted_and_nothing_else_is() -> None:
    async with raw_server(says(answer(200, b"file"))) as server:
        await fetch(f"{server.url}/my file é|(1).zip?sig=a%2Bb+c==&x=~")
    assert server.requests[0].startswith(b"GET /my%20file%20%C3%A9|(1).zip?sig=a%2Bb+c==&x=~ HTTP/1.1\r\n")


async def test_a_fourth_redirect_is_an_error() -> None:
    async with raw_server(_redirecting("/{}")) as server:
        with pytest.raises(TransportError, match="redirects"):
            await fetch(f"{server.url}/0")
    assert len(server.requests) == 4


async def test_no_redirect_is_followed_where_none_is_allowed() -> None:
    async with raw_server(_redirecting("/{}")) as server:
        with pytest.raises(TransportError, match="redirects"):
            await fetch(f"{server.url}/0", redirects=0)
    assert len(server.requests) == 1


async def test_a_redirect_to_a_host_that_is_not_known_is_not_followed() -> None:
    async with raw_server(_redirecting("http://evil.example/{}?sig=s3cret")) as server:
        with pytest.raises(InvalidArgumentError) as caught:
            await fetch(f"{server.url}/0")
    assert "s3cret" not in str(caught.value)
    assert (caught.value.provider, caught.value.operation) == ("acme", "download")


async def test_a_host_that_is_not_known_is_asked_nothing() -> None:
    async with raw_server(says(answer(200))) as server:
        with pytest.raises(InvalidArgumentError):
            await fetch(server.url, hosts=KNOWN)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (410, InvalidRequestError),
    ],
)
async def test_a_link_that_has_expired_says_so(status: int, kind: type[InterviewKitError]) -> None:
    error = await refused(status)
    assert type(error) is kind
    assert "fresh" in str(error)


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (409, ConflictError, False),
        (429, RateLimitedError, True),
        (500, VendorUnavailableError, True),
        (503, VendorUnavailableError, True),
    ],
)
async def test_another_refusal_of_a_files_host_is_its_statuss_error(
    status: int, kind: type[InterviewKitError], retryable: bool
) -> None:
    error = await refused(status)
    assert type(error) is kind
    assert error.retryable is retryable
    assert "expired" not in str(error)


async def test_a_files_host_says_how_long_to_wait() -> None:
    error = await refused(429, "Retry-After: 7")
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == 7.0


async def refused(status: int, *headers: str) -> VendorError:
    """The error of a file that its host refuses."""
    async with raw_server(says(answer(status, b"gone", *headers))) as server:
        with pytest.raises(VendorError) as caught:
            await fetch(f"{server.url}/x?sig=s3cret")
    error = caught.value
    assert (error.status, error.provider, error.operation, error.outcome) == (status, "acme", "download", None)
    assert "s3cret" not in str(error)
    return error


async def test_a_redirect_that_leads_nowhere_is_no_file() -> None:
    async with raw_server(says(answer(302))) as server:
        with pytest.raises(TransportError, match="302"):
            await fetch(server.url)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", TransportError),
        (b"", TransportError),
        (b"garbage\r\n\r\n", TransportError),
        (answer(200, b"x" * 5000), TransportError),
    ],
)
async def test_a_file_that_is_not_whole_leaves_no_file(wrong: bytes, kind: type[Exception], tmp_path: Path) -> None:
    target = tmp_path / "r.pdf"
    async with raw_server(says(wrong)) as server:
        with pytest.raises(kind) as caught:
            await fetch(server.url, target=target, max_response_bytes=4000)
    assert type(caught.value) is kind
    assert caught.value.__context__ is None
    assert files(tmp_path) == []


async def test_a_refused_connection_is_our_error() -> None:
    with pytest.raises(TransportError) as caught:
        await fetch(f"http://127.0.0.1:{closed_port()}/x")
    assert caught.value.provider == "acme"


async def test_a_file_that_drips_ends_at_the_deadline() -> None:
    drip = says(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n", *[b"x"] * 400, pause=0.01)
    async with raw_server(drip) as server:
        with pytest.raises(DeadlineExceededError):
            await fetch(server.url, timeout=0.1)


class Full(io.BytesIO):
    """A target of the caller's own that cannot take any more."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, _data: object) -> int:
        raise self.error


@pytest.mark.parametrize(
    "error", [OSError(28, "disk full"), TimeoutError("slow disk"), ValueError("closed"), EOFError()]
)
async def test_an_error_of_the_callers_target_passes_through(error: Exception) -> None:
    async with raw_server(says(answer(200, b"file"))) as server:
        with pytest.raises(type(error)) as caught:
            await fetch(server.url, target=Full(error))
    assert type(caught.value) is type(error)
    assert str(caught.value) == str(error)


async def test_an_older_file_is_replaced_by_a_whole_one_only(tmp_path: Path) -> None:
    target = tmp_path / "r.pdf"
    target.write_bytes(b"old")

    async def broken() -> AsyncIterator[bytes]:
        yield b"new"
        raise TransportError("cut short")

    with pytest.raises(TransportError):
        await save(broken(), target)
    assert target.read_bytes() == b"old"
    assert await save(whole(b"new"), str(target)) == 3
    assert target.read_bytes() == b"new"
    assert files(tmp_path) == [target]


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("missing/r.pdf", FileNotFoundError),
        ("file/r.pdf", NotADirectoryError),
        ("folder", IsADirectoryError),
    ],
)
async def test_a_bad_target_is_named_as_it_was_given(place: str, kind: type[OSError], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(kind) as caught:
        await save(whole(b"x"), tmp_path / place)
    assert (caught.value.filename, caught.value.filename2) == (str(tmp_path / place), None)
    assert ".part" not in str(caught.value)
    assert {found.name for found in files(tmp_path)} == {"file", "folder"}


@pytest.mark.parametrize("target", ["", ".", "/"])
async def test_a_target_without_a_files_name_is_refused(target: str) -> None:
    with pytest.raises(InvalidArgumentError, match="target"):
        await save(whole(b"x"), target)
