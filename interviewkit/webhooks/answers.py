"""What a delivery is answered: a status and nothing else, the same for whatever nobody may learn from."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs


class Verdict(StrEnum):
    """What became of a delivery at the door."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    UNREADABLE = "unreadable"
    """JSON that is no event of this vendor: stored as it came."""
    FORGOTTEN = "forgotten"
    """About a person who was erased: not stored."""
    NOWHERE = "nowhere"
    """The path is nobody's, or the method is not POST."""
    COMPRESSED = "compressed"
    TOO_LARGE = "too_large"
    CUT_SHORT = "cut_short"
    NOT_JSON = "not_json"
    BAD_SIGNATURE = "bad_signature"
    OTHER_SESSION = "other_session"
    """The URL was made for another session than the one that the delivery tells of."""
    UNAVAILABLE = "unavailable"
    """The store failed: the vendor should post it again."""


@attrs.frozen(kw_only=True)
class Answer:
    """An HTTP answer: status, headers, and a body that is always empty."""

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""


RETRY_AFTER = 30
"""Seconds after which a vendor is asked to post again what could not be stored."""
_STATUSES: Mapping[Verdict, int] = {
    Verdict.STORED: 200,
    Verdict.DUPLICATE: 200,
    Verdict.UNREADABLE: 200,
    Verdict.FORGOTTEN: 200,
    Verdict.NOWHERE: 404,
    Verdict.COMPRESSED: 415,
    Verdict.TOO_LARGE: 413,
    Verdict.CUT_SHORT: 400,
    Verdict.NOT_JSON: 400,
    Verdict.BAD_SIGNATURE: 401,
    Verdict.OTHER_SESSION: 403,
    Verdict.UNAVAILABLE: 503,
}


def answer(verdict: Verdict) -> Answer:
    """The answer to a delivery that came to this."""
    status = _STATUSES[verdict]
    return Answer(status=status, headers={"Retry-After": str(RETRY_AFTER)} if status == 503 else {})
