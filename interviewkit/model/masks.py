"""What a repr may show of a person, a link or a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import attrs


def mask_email(value: str | None) -> str:
    """`c***@example.com` of a mailbox: enough to recognise one's own test data, not enough to write to a person."""
    if value is None:
        return "None"
    name, at, domain = value.partition("@")
    return f"'{name[:1]}***{at}{domain}'" if at else "'***'"


def mask_phone(value: str | None) -> str:
    """The last two digits of a phone number."""
    return "None" if value is None else f"'***{value[-2:] if len(value) > 6 else ''}'"


def mask_url(value: str | None) -> str:
    """A URL without user, query and fragment, which carry keys and candidates' ids."""
    if value is None:
        return "None"
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return "'***'"
    rest = "?***" if parts.query or parts.fragment else ""
    return f"'{parts.scheme}://{host}{parts.path}{rest}'"


def mask_id(value: str | None) -> str:
    """An id, shortened where it is long: RemoteInterview's candidate ids decode to the candidate's e-mail."""
    if value is None:
        return "None"
    return repr(value) if len(value) <= 16 else f"'{value[:4]}…'"


def mask_secret(value: object) -> str:
    """Nothing but whether there is a value."""
    return "None" if value is None else "'***'"


def masked(mask: Callable[[Any], str], *, default: Any = None) -> Any:
    """An attrs field that its class's repr shows through `mask`."""
    return attrs.field(default=default, repr=mask)
