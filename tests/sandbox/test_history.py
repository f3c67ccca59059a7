"""Edit histories replay to the file's contents, and their site gets no credential."""

from __future__ import annotations

import random
from typing import Any

import pytest

from interviewkit.sandbox.coderpad import firepad

from .client import Client
from .conftest import open_box


def replay(revisions: dict[str, Any] | None) -> str:
    """An independent reading of Firepad's form: by key, over UTF-16 code units."""
    text = b""
    for key in sorted(revisions or {}):
        operations = (revisions or {})[key].get("o")
        if operations is None:
            continue
        place, out = 0, b""
        for operation in operations:
            if isinstance(operation, str):
                out += operation.encode("utf-16-le")
            elif operation > 0:
                out += text[place : place + 2 * operation]
                place += 2 * operation
            else:
                place -= 2 * operation
        assert place == len(text)
        text = out
    return text.decode("utf-16-le")


@pytest.mark.parametrize(("number", "key"), [(0, "A0"), (9, "A9"), (10, "AA"), (61, "Az"), (62, "B10"), (3844, "C100")])
def test_revision_keys_are_firepads(number: int, key: str) -> None:
    assert firepad.revision_key(number) == key


def test_revision_keys_sort_as_numbers_do() -> None:
    keys = [firepad.revision_key(number) for number in range(5000)]
    assert keys == sorted(keys)


@pytest.mark.parametrize("seed", range(20))
def test_any_text_is_reached_by_its_history(seed: int) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choice("ab \n😀🧵é漢") for _ in range(rng.randrange(400)))
    assert replay(firepad.history("start 🚦\n", text, rng, started=0, author="1")) == text


async def test_every_file_of_the_population_replays_to_its_contents(client: Client) -> None:
    checked = surrogates = 0
    for number in range(30):
        pad = client.box.coderpad.pads.numbered(number)
        assert pad is not None
        for environment in pad.environments:
            shown = (await client.coderpad("GET", f"/api/pad_environments/{environment.id}")).json
            for file in shown["file_contents"]:
                if "history" in file and file["contents"] is not None:
                    assert replay((await client.ask("GET", file["history"])).json) == file["contents"]
                    checked += 1
                    surrogates += any(ord(letter) > 0xFFFF for letter in file["contents"])
    assert checked > 15
    assert surrogates


async def test_an_untouched_pad_has_the_history_null(client: Client) -> None:
    pad = (await client.coderpad("POST", "/api/pads", data={"language": "go"})).json
    assert (await client.ask("GET", pad["history"])).body == b"null"


async def test_setting_contents_destroys_the_history(client: Client) -> None:
    pad = (await client.coderpad("POST", "/api/pads", data={"language": "python"})).json
    await client.box.work(pad["id"])
    before = (await client.ask("GET", pad["history"])).json
    await client.coderpad("PUT", f"/api/pads/{pad['id']}", data={"contents": "print('anew')\n"})
    after = (await client.ask("GET", pad["history"])).json
    assert replay(after) == "print('anew')\n"
    assert "Start here" in str(before)
    assert "Start here" not in str(after)


async def drawing(client: Client) -> str:
    for row in await client.every_pad():
        if row.get("drawing"):
            return str(row["drawing"])
    raise AssertionError("no pad has a drawing")


async def test_a_drawings_link_lives_five_minutes(client: Client) -> None:
    url = await drawing(client)
    opened = await client.ask("GET", url)
    client.box.clock.advance(299)
    late = await client.ask("GET", url)
    client.box.clock.advance(2)
    closed = await client.ask("GET", url)
    forged = await client.ask("GET", url.replace("Signature=", "Signature=x"))
    assert (opened.body[:4], late.status, closed.status, forged.status) == (b"\x89PNG", 200, 400, 403)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"headers": {"Authorization": "Bearer k"}}, "Authorization"),
        ({"headers": {"Cookie": "a=b"}}, "a cookie"),
    ],
)
async def test_a_credential_at_the_history_site_is_refused_and_recorded(
    client: Client, options: dict[str, Any], what: str
) -> None:
    pad = (await client.coderpad("POST", "/api/pads", data={"language": "go"})).json
    answer = await client.ask("GET", pad["history"], **options)
    assert answer.status == 400
    assert [(one.site, one.what) for one in client.box.violations] == [("coderpad-files", what)]


async def test_a_key_at_the_uploads_site_is_refused_and_recorded(client: Client) -> None:
    url = f"{client.box.remoteinterview.files_site.base_url}/uploads/1-x.zip?key=secret"
    assert (await client.ask("GET", url)).status == 400
    assert client.box.violations[0].what == "?key"


async def test_a_cookie_sent_back_to_the_api_is_recorded(client: Client) -> None:
    await client.coderpad("GET", "/api/user", headers={"Cookie": "_sandbox_rails_session=0"})
    assert [one.site for one in client.box.violations] == ["coderpad"]


async def test_a_clean_run_records_no_violation() -> None:
    async with open_box(sessions=12) as client:
        await client.every_pad()
        await client.every_session()
        assert client.box.violations == []
