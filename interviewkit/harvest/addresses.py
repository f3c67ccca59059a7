"""The e-mail addresses that stand in a text, also where they are written in another way: escaped, quoted, in base64."""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec

_AT = re.compile("@")
_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,128}\Z")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_DELIMITER = re.compile(r"[!#$%&'*/=?^`{|}~]")
"""Letters that an address may hold, but that more often stand before one."""
_TAG = re.compile(r"_[a-z]+_(?=.)")
"""A word before the address: the ids of RemoteInterview's candidates are base64 of `_ricand_` and the address
(https://www.remoteinterview.io/api, read 2026-11)."""
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|[abefnrtv0])")
_WRITTEN_AT = ("%40", "%2540", "u0040", "&#64", "&#x40", "&#X40", "\uff20", "\ufe6b")
"""An `@` in another writing; the last two become one by normalisation."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+")
_SEPARATOR = re.compile(r"[/_-]")
_SHORTEST = 6
"""Letters of the shortest address looked for: `a@b.co`."""
_PARTS = 12
"""After how many separators of one long word base64 may begin."""


def normal(address: str) -> str:
    """The form in which two spellings of an address are one."""
    return _fold(address.strip())


def addresses(text: str, *, shortest: int = _SHORTEST) -> set[str]:
    """All addresses, normalised, in a text or in the texts of a JSON document.

    Where it is not clear with which letter an address begins, each reading is there. `shortest` is the least length
    of an address in base64 that is looked for.
    """
    found: set[str] = set()
    for one in _texts(text):
        for reading in _readings(one):
            found |= _plain(reading)
        found |= _encoded(one, shortest * 4 // 3)
    return found


def holds(text: str, address: str) -> bool:
    """Whether a normalised address is one of the text's: the same as `address in addresses(text)`, but quick."""
    domain = address.rpartition("@")[2]
    likely = not address.isascii() or domain in _fold(text) or any(mark in text for mark in (*_WRITTEN_AT, "\\u"))
    if likely and address in addresses(text, shortest=len(address)):
        return True
    return address in _encoded(text, len(address) * 4 // 3)


def _fold(text: str) -> str:
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()


def _texts(text: str) -> Iterator[str]:
    """The text, or the texts of the JSON document that it is."""
    if text[:1] not in {"{", "["}:
        yield text
        return
    try:
        waiting: list[Any] = [msgspec.json.decode(text)]
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        yield text
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value


def _readings(text: str) -> Iterator[str]:
    """The text, and what it says when it is the source of another text; none that holds no address."""
    if "@" not in text and not any(mark in text for mark in _WRITTEN_AT):
        return
    yield text
    if "\\" in text:
        yield _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text)
    if "%" in text:
        once = unquote(text)
        yield once
        if "%" in once:
            yield unquote(once)
    if "&#" in text:
        yield html.unescape(text)


def _plain(text: str) -> set[str]:
    found: set[str] = set()
    folded = _fold(text)
    for at in _AT.finditer(folded):
        local = _LOCAL.search(folded[max(0, at.start() - 128) : at.start()])
        domain = _DOMAIN.match(folded, at.end(), at.end() + 255)
        if local is not None and domain is not None:
            found |= {f"{name}@{domain[0]}" for name in _beginnings(local[0])}
    return found


def _beginnings(local: str) -> Iterator[str]:
    """The readings of what stands before an `@`: `email='o'brien` may be all of it, `o'brien` or `brien`."""
    begins = [0, *(delimiter.end() for delimiter in _DELIMITER.finditer(local))]
    for begin in begins:
        name = local[begin:]
        yield name
        yield name.lstrip(".")
        tag = _TAG.match(name)
        if tag is not None:
            yield name[tag.end() :]


def _encoded(text: str, length: int) -> set[str]:
    """What stands in words of `length` letters and more that may be base64."""
    found: set[str] = set()
    for word in _BASE64.finditer(text):
        if len(word[0]) < length:
            continue
        begins = [0, *(separator.end() for separator in _SEPARATOR.finditer(word[0]))][:_PARTS]
        for begin in begins:
            content = _decode(word[0][begin:]) if len(word[0]) - begin >= length else b""
            if b"@" in content:
                found |= _plain(content.decode(errors="replace"))
    return found


def _decode(word: str) -> bytes:
    """Bytes of base64 of either alphabet, with or without its padding; none where it is no base64."""
    whole = len(word) - (len(word) % 4 == 1)
    try:
        return base64.b64decode(word[:whole] + "=" * (-whole % 4), altchars=b"-_" if set(word) & set("-_") else None)
    except (binascii.Error, ValueError):
        return b""
