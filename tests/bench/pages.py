"""A page of 50 pads into the vendor's shapes and on to sessions, beside pydantic v2 on the same fields."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import orjson
import pydantic

from interviewkit.http.wire import Response
from interviewkit.providers import coderpad
from interviewkit.providers.coderpad import translate
from interviewkit.providers.coderpad.answers import Listing
from interviewkit.providers.coderpad.listing import PadRow
from tests.bench.measure import Row, cpu_seconds, ratio

PAYLOADS = Path(__file__).parent.parent / "payloads/coderpad"
REPEAT = 200


def page_of_fifty() -> bytes:
    """Fifty pads as the vendor's published list has them, each with its own id."""
    rows = json.loads((PAYLOADS / "interview_pads_list.json").read_bytes())["pads"]
    pads = [{**rows[number % len(rows)], "id": f"PAD{number:05}"} for number in range(50)]
    return json.dumps({"status": "OK", "pads": pads, "total": 50}).encode()


def mirror(shape: type[Any], name: str) -> type[pydantic.BaseModel]:
    """A pydantic model with the fields of one of our shapes."""
    hints = get_type_hints(shape)
    known: dict[Any, Any] = {}

    def convert(hint: Any) -> Any:
        if isinstance(hint, type) and attrs.has(hint):
            if hint not in known:
                known[hint] = mirror(hint, hint.__name__)
            return known[hint]
        args = getattr(hint, "__args__", None)
        if not args:
            return hint
        origin = getattr(hint, "__origin__", None)
        if origin in {list, tuple}:
            return origin[(convert(args[0]), *args[1:])] if origin is tuple else list[convert(args[0])]  # type: ignore[misc]
        if type(hint).__name__ == "UnionType" or str(getattr(hint, "__origin__", "")) == "typing.Union":
            union = convert(args[0])
            for arg in args[1:]:
                union = union | convert(arg)
            return union
        return hint

    fields: dict[str, Any] = {}
    for field in attrs.fields(shape):
        if field.name == "raw":
            continue
        default = ... if field.default is attrs.NOTHING else None
        if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
            default = pydantic.Field(default_factory=field.default.factory)  # type: ignore[union-attr]
        elif field.default is not attrs.NOTHING:
            default = field.default
        fields[field.name] = (convert(hints[field.name]), default)
    return pydantic.create_model(name, **fields)


def _from(key: str) -> Any:
    return pydantic.Field(default=None, validation_alias=key)


class SessionFields(pydantic.BaseModel):
    """The fields of `Session`, as a pydantic user would fill them from a pad; no nested objects, no vocabulary."""

    model_config = pydantic.ConfigDict(frozen=True)

    id: str
    provider: str = "coderpad"
    account: str = "bench"
    kind: str | None = _from("type")
    status: str | None = _from("state")
    vendor_status: str | None = _from("state")
    decision: str | None = None
    title: str | None = None
    candidate: str | None = None
    assessment_id: list[int | str] | None = _from("question_ids")
    reference: str | None = None
    language: str | None = None
    participants: tuple[str | None, ...] = ()
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    candidate_url: str | None = _from("url")
    interviewer_url: str | None = _from("url")
    access_code: str | None = None
    playback_url: str | None = _from("playback")
    report_url: str | None = None
    score: float | None = None
    warnings: tuple[str, ...] = ()


async def pages() -> list[Row]:
    """Both comparisons."""
    body = page_of_fifty()
    theirs = mirror(coderpad.Pad, "Pad")
    call = coderpad.list_pads()
    response = Response(200, {}, body)

    async def shapes() -> object:
        return call.read(response)

    async def pydantic_shapes() -> object:
        return [(theirs.model_validate(row), row) for row in orjson.loads(body)["pads"]]

    async def pydantic_sessions() -> object:
        return [(SessionFields.model_validate(row), row) for row in orjson.loads(body)["pads"]]

    rows = Listing(PadRow, "pads")

    async def sessions() -> object:
        return rows(response).map(partial(translate.session, account="bench"))

    assert len((await sessions()).items) == 50  # type: ignore[attr-defined]
    found = await cpu_seconds(
        {
            "shapes": shapes,
            "pydantic_shapes": pydantic_shapes,
            "sessions": sessions,
            "pydantic_sessions": pydantic_sessions,
        },
        repeat=REPEAT,
    )
    return [
        Row(
            "50 pads into shapes: pydantic v2 / ours",
            ratio(found, "pydantic_shapes", "shapes"),
            2.0,
            2.3,
            smaller_is_better=False,
        ),
        Row("50 pads on to Sessions: ours / pydantic v2", ratio(found, "sessions", "pydantic_sessions"), 1.0),
    ]
