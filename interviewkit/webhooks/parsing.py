"""One delivery of a vendor's webhook as an event: whose it is, what proves it, what it says."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from interviewkit import registry
from interviewkit.capabilities import Capabilities, Feature
from interviewkit.deliveries import UNREADABLE, EventReader, Headers
from interviewkit.errors import InterviewKitError, InvalidArgumentError, UnsupportedError
from interviewkit.model import WebhookEvent
from interviewkit.provider import InterviewProvider

GivenHeaders: TypeAlias = (
    Mapping[str, str] | Mapping[bytes, bytes] | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]
)
_OPERATION = "parse_event"


def parse(
    provider: str | type[Any] | InterviewProvider, headers: GivenHeaders, body: bytes,
    secrets: Sequence[str | bytes] | str | bytes = (),
) -> WebhookEvent:  # fmt: skip
    """Read one delivery of a vendor's webhook, and verify it where there are secrets; nothing is sent.

    `provider` is a registered name, a provider class, or a provider, whose account the event then has. A name is looked
    up among the installed packages, which takes longer than all the rest: a server hands in the class. `headers` are
    the request's: any mapping or pairs, text or bytes, in any case. `body` is the request's body as it came. `secrets`
    may have signed it: more than one while a secret is exchanged for another. Without any, the event is read and its
    `is_verified` is false. Source: the pages that the provider's module `events` names.

    Raises `SignatureError` for a delivery that the secrets do not prove, or with malformed headers; `BadEventError` for
    a body that is no event of this vendor; `UnsupportedError` for a vendor that sends no webhooks;
    `ConfigurationError` for an unknown provider, and for secrets where the vendor signs nothing (RemoteInterview);
    `InvalidArgumentError` for arguments of a wrong type and for an empty secret.
    """
    found, name, account = _provider(provider)
    try:
        reader = _reader(found)
        if not isinstance(body, bytes):
            raise InvalidArgumentError(
                f"body is bytes, not {type(body).__name__}", hint="hand in the request's body as it came, undecoded"
            )
        return reader.parse_event(_headers(headers), body, secrets=_secrets(secrets), account=account)
    except InterviewKitError as error:
        error.locate(provider=name, operation=_OPERATION, account=account)
        raise


def _provider(given: Any) -> tuple[Any, str, str | None]:
    """What was found, its name, and its account."""
    if isinstance(given, str):
        return registry.find(given), registry.canonical(given), None
    name = getattr(given, "name", None)
    if not isinstance(name, str) or not name:
        raise InvalidArgumentError(
            f"provider is a name, a provider class or a provider, not {type(given).__name__}", operation=_OPERATION
        )
    return given, name, None if inspect.isclass(given) else getattr(given, "account", None)


def _reader(found: Any) -> EventReader:
    if callable(getattr(found, "parse_event", None)):
        return cast("EventReader", found)
    declared = getattr(found, "capabilities", None)
    note = declared[Feature.WEBHOOKS].note if isinstance(declared, Capabilities) else ""
    raise UnsupportedError(f"the vendor does not support webhooks: {note or 'its provider reads none'}")


def _headers(given: Any) -> Headers:
    """Names in lower case with all their values; a value that is no text is one that no vendor sends."""
    collected: dict[str, list[str]] = {}
    try:
        pairs = given.items() if hasattr(given, "items") else given
        for name, value in pairs:
            word = name.decode("latin-1") if isinstance(name, bytes) else name
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            plain = word.lower() if word.isascii() else word  # "K", the sign of kelvin, is a "k" in lower case
            collected.setdefault(plain, []).append(text if isinstance(text, str) else UNREADABLE)
    except (TypeError, ValueError, AttributeError):
        pass
    else:
        return {name: tuple(values) for name, values in collected.items()}
    raise InvalidArgumentError("headers are a mapping or pairs, of text or bytes")


def _secrets(given: Any) -> tuple[bytes, ...]:
    several = (given,) if isinstance(given, str | bytes) else given
    if not isinstance(several, Iterable):
        raise InvalidArgumentError(f"secrets are a list of text or bytes, not {type(given).__name__}")
    return tuple(map(_secret, several))


def _secret(given: Any) -> bytes:
    if not isinstance(given, str | bytes):
        raise InvalidArgumentError(f"a secret is text or bytes, not {type(given).__name__}")
    if not given:
        raise InvalidArgumentError("a secret is empty", hint="leave it out to read without verifying")
    return given.encode(errors="surrogatepass") if isinstance(given, str) else given
