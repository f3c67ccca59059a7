"""Webhooks that no vendor sent: of the right shape, and wrong in one respect."""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import attrs

from .checks import NonsenseError, one_of
from .deliveries import Letter

if TYPE_CHECKING:
    from .vendor import Vendor


class Forgery(StrEnum):
    """In which respect a webhook is wrong."""

    MADE_UP = "made_up"
    """The content is that of a session which does not exist."""
    OTHER_SESSION = "other_session"
    """The content is that of another session than the one whose URL it is posted to."""
    OTHER_TOKEN = "other_token"
    """It is signed by another token, and the checksum fits that one."""
    WRONG_CHECKSUM = "wrong_checksum"
    """The token is right, and the checksum does not fit the body."""
    UNSIGNED = "unsigned"
    """It has neither token nor checksum."""
    WRONG_PATH = "wrong_path"
    """It is posted to a path that nobody gave away."""


SIGNATURE = frozenset({Forgery.OTHER_TOKEN, Forgery.WRONG_CHECKSUM, Forgery.UNSIGNED})


def signature(body: bytes, token: str) -> dict[str, str]:
    """The headers of Codility's newer form, as public code reads them (2026-11); the vendor's page has none yet."""
    checksum = hashlib.md5(body + token.encode(), usedforsecurity=False).hexdigest()
    return {"Authorization": f"Bearer {token}", "Checksum": checksum}


def forged(
    vendor: Vendor, ident: str | None, how: str, *, event: str | None, url: str | None, other: str | None
) -> Letter:
    """A letter as `vendor` would post it about a session, but for what `how` says.

    Raises `LookupError` for a session that is not known, `ValueError` for what makes no sense.
    """
    one_of("how", how, Forgery)
    if not vendor.events:
        raise NonsenseError(f"{vendor.name} sends no webhooks")
    event = event or vendor.events[0]
    one_of("event", event, vendor.events)
    if how in SIGNATURE and vendor.callback_token is None:
        raise NonsenseError(f"{vendor.name} signs nothing here, so that no signature can be wrong")
    target = url or next(iter(vendor.callback_urls(ident, event)), None)
    if target is None:
        raise NonsenseError("nobody told where to post this: give a url")
    if how == Forgery.MADE_UP:
        return vendor.made_up_letter(event, target)
    if ident is None:
        raise NonsenseError("whose session? give a ref")
    subject = (other or vendor.another(ident)) if how == Forgery.OTHER_SESSION else ident
    letter = vendor.letter(subject, event, _elsewhere(target) if how == Forgery.WRONG_PATH else target)
    return attrs.evolve(letter, headers=_headers(letter, how, vendor.callback_token))


def _headers(letter: Letter, how: str, token: str | None) -> dict[str, str]:
    headers = dict(letter.headers)
    if how == Forgery.OTHER_TOKEN:
        headers |= signature(letter.body, secrets.token_hex(16))
    elif how == Forgery.WRONG_CHECKSUM:
        headers |= {"Checksum": signature(letter.body + b" ", token or "")["Checksum"]}
    elif how == Forgery.UNSIGNED:
        headers = {name: value for name, value in headers.items() if name not in ("Authorization", "Checksum")}
    return headers


def _elsewhere(url: str) -> str:
    parts = urlsplit(url)
    above, _, last = parts.path.rstrip("/").rpartition("/")
    path = f"{above}/{secrets.token_urlsafe(max(len(last), 8))[: max(len(last), 8)]}"
    return urlunsplit(parts._replace(path=path))
