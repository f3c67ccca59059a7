"""RemoteInterview's webhook: `{"type": "test.report", "data": {report}}`, posted when a candidate has submitted.

Vendor page: https://www.remoteinterview.io/api (read 2026-11). The URL is set for the whole account, in the vendor's
settings under Outgoing Webhooks. There is no signature, no secret, no id of the delivery and no time. The candidate is
named, the test is not: neither by its id nor by its title. So nothing proves a delivery but a URL that nobody can
guess, and a reference needs the test from elsewhere. A candidate's id decodes to the candidate's e-mail.
"""

from collections.abc import Mapping, Sequence

import attrs
import msgspec

from interviewkit.deliveries import Headers, dedupe_key, is_id, read_body, reading, undocumented
from interviewkit.errors import ConfigurationError
from interviewkit.http.decode import read_bytes
from interviewkit.model import EventType, SessionKind, SessionRef, WebhookEvent
from interviewkit.providers.remoteinterview import translate
from interviewkit.providers.remoteinterview.shapes import CandidateReport

TYPES: Mapping[str, EventType] = {"test.report": EventType.RESULT}


@attrs.frozen(kw_only=True)
class Envelope:
    """What a webhook's body is; `data` is the same object that `get_report` answers."""

    type: str
    data: msgspec.Raw


def parse(_headers: Headers, body: bytes, *, secrets: Sequence[bytes], account: str | None) -> WebhookEvent:
    """The event that a delivery tells. Raises `BadEventError`; `ConfigurationError` for secrets: it can prove none."""
    if secrets:
        raise ConfigurationError(
            "the vendor signs no webhook, so a secret can prove nothing",
            hint="leave secrets out, make the webhook's URL one that nobody can guess, and fetch the report back",
        )
    raw = read_body(body)
    with reading(raw):
        envelope = read_bytes(body, Envelope)
        if envelope.type not in TYPES:
            raise undocumented("an event of an unknown type", "$.type")
        found = read_bytes(bytes(envelope.data), CandidateReport, at="$.data")
        if not is_id(found.id):
            raise undocumented("nothing that can be an id", "$.data.id")
    ref = SessionRef(provider=translate.PROVIDER, kind=SessionKind.TAKE_HOME, id=found.id)
    with reading(raw, at="$.data"):
        report = translate.candidate_report(found, ref, account=account or translate.PROVIDER, fetched_at=None)
    return WebhookEvent(
        type=TYPES[envelope.type],
        vendor_type=envelope.type,
        provider=translate.PROVIDER,
        account=account,
        session_id=found.id,
        report=report,
        dedupe_key=dedupe_key(translate.PROVIDER, envelope.type, found.id, raw),
        raw=raw,
    )
