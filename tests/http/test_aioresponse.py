"""The table of answers that provider tests use works with our transport."""

from __future__ import annotations

import pytest

from interviewkit.errors import TransportError
from interviewkit.http.transport import Transport
from tests.conftest import ExactResponses

URL = "https://vendor.example/api/pads/a%3Ab%20c?page=2&q=x%20y"


async def test_an_answer_of_the_table_comes_back_with_status_headers_and_body(aioresponse: ExactResponses) -> None:
    aioresponse.post(URL, payload={"status": "OK"}, status=201, headers={"X-Request-Id": "r-1"})
    transport = Transport()
    answer = await transport.send("POST", URL, headers={"Authorization": "k"}, body=b"a=1", timeout=1, max_bytes=1000)
    await transport.aclose()
    assert (answer.status, answer.headers["x-request-id"], answer.body) == (201, "r-1", b'{"status": "OK"}')
    [sent] = aioresponse.sent
    assert (sent.method, sent.url, sent.body) == ("POST", URL, b"a=1")
    assert sent.headers["Authorization"] == "k"
    aioresponse.assert_called_once()  # type: ignore[no-untyped-call]


async def test_a_request_that_is_not_in_the_table_is_a_transport_error(aioresponse: ExactResponses) -> None:
    transport = Transport()
    with pytest.raises(TransportError):
        await transport.send("GET", URL, headers={}, body=None, timeout=1, max_bytes=1000)
    await transport.aclose()
