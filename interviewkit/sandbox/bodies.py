"""Request bodies as these vendors take them: form, multipart and JSON, told apart by their content type."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"


class BadBodyError(Exception):
    """The body cannot be read; `unsupported` when its content type is none of those taken."""

    def __init__(self, message: str, *, unsupported: bool = False) -> None:
        super().__init__(message)
        self.unsupported = unsupported


async def read_fields(request: web.Request, accepted: frozenset[str]) -> tuple[dict[str, Any], bool]:
    """The body's fields, and whether they came as JSON (where booleans and arrays are possible)."""
    raw = await request.read()
    if not raw:
        return {}, False
    media_type = request.content_type
    if media_type not in accepted:
        raise BadBodyError("unsupported content type", unsupported=True)
    if media_type == JSON:
        return _json_object(raw), True
    if media_type == MULTIPART:
        return _multipart(raw, request.headers["Content-Type"]), False
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True)), False
    except ValueError as error:
        raise BadBodyError("malformed form") from error


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError as error:
        raise BadBodyError("malformed JSON") from error
    if not isinstance(value, dict):
        raise BadBodyError("not a JSON object")
    return value


def _multipart(raw: bytes, content_type: str) -> dict[str, Any]:
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = message_from_bytes(head + raw, policy=HTTP)
    if not message.is_multipart():
        raise BadBodyError("malformed multipart body")
    fields: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(payload, bytes):
            raise BadBodyError("a part without a name")
        fields[name] = payload if part.get_filename() else payload.decode()
    return fields
