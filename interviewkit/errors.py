"""The one tree of errors: whatever goes wrong, callers catch a class from here."""

from __future__ import annotations

import enum
from typing import Any


class Outcome(enum.Enum):
    """What is known about a write when its call ends in an error."""

    NOT_SENT = "not_sent"
    """No byte of the request left: sending it again is safe."""
    REFUSED = "refused"
    """The vendor answered that it did not do it, or its lists showed it for certain."""
    APPLIED = "applied"
    """It happened; what followed failed."""
    UNKNOWN = "unknown"
    """The request left and no answer tells what became of it: look before repeating it."""


class InterviewKitError(Exception):
    """Base of every error of this package.

    `provider` and `operation` name where it happened, `account` the caller's label for the credentials, `retryable`
    says whether the same call may succeed later unchanged, and `outcome` is set when a write's fate matters. `hint`
    is what to do next. `operation_id` is the write's number in the provider's ledger, where it has one. Errors pickle,
    and their text holds neither secrets nor candidates' data.
    """

    _state_names: tuple[str, ...] = (
        "provider", "operation", "account", "retryable", "outcome", "hint", "operation_id",
    )  # fmt: skip
    default_retryable = False
    default_hint: str | None = None
    default_outcome: Outcome | None = None

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        operation: str | None = None,
        account: str | None = None,
        retryable: bool | None = None,
        outcome: Outcome | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.operation = operation
        self.account = account
        self.retryable = self.default_retryable if retryable is None else retryable
        self.outcome = self.default_outcome if outcome is None else outcome
        self.hint = self.default_hint if hint is None else hint
        self.operation_id: str | None = None

    def __str__(self) -> str:
        where = ".".join(part for part in (self.provider, self.operation) if part)
        text = f"{where}: {self.message}" if where else self.message
        if self.outcome in {Outcome.UNKNOWN, Outcome.APPLIED}:
            text = f"{text} [outcome: {self.outcome.value}]"
        return f"{text} ({self.hint})" if self.hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, self.__dict__.copy()))

    def locate(self, *, provider: str | None, operation: str | None, account: str | None = None) -> InterviewKitError:
        """Fill in where it happened, where that is not known yet, and return the same error."""
        self.provider = self.provider or provider
        self.operation = self.operation or operation
        self.account = self.account or account
        return self


def _rebuild(cls: type[InterviewKitError], message: str, state: dict[str, Any]) -> InterviewKitError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class ConfigurationError(InterviewKitError, ValueError):
    """The set-up is wrong; nothing was sent."""

    default_outcome = Outcome.NOT_SENT


class InvalidArgumentError(InterviewKitError, ValueError):
    """This call's arguments are wrong; nothing was sent."""

    default_outcome = Outcome.NOT_SENT


class UnsupportedError(InterviewKitError):
    """The vendor cannot do this; nothing was sent."""

    default_outcome = Outcome.NOT_SENT
    default_hint = "provider.capabilities says what is supported"


class ReferenceConflictError(InterviewKitError):
    """The same reference was used before with other data; `differing` names the fields, never their values."""

    _state_names = (*InterviewKitError._state_names, "differing")  # noqa: SLF001
    default_hint = "use another reference, or the same data"

    def __init__(self, message: str, *, differing: tuple[str, ...] = (), **where: Any) -> None:
        super().__init__(message, **where)
        self.differing = differing


class TransportError(InterviewKitError):
    """No whole answer came: connection, reset, cut short of its length, too large, or a redirect."""

    default_retryable = True
    default_hint = "try again later"


class DeadlineExceededError(TransportError, TimeoutError):
    """The call's deadline passed before a whole answer came."""

    default_hint = "try again, or give the call a longer timeout"


class VendorError(InterviewKitError):
    """The vendor refused: also an HTTP 200 whose body says so.

    `status` is the HTTP status, `code` and `vendor_message` the vendor's own words where it has any, `request_id` the
    vendor's id of the request, `raw` its decoded body. `vendor_message` and `raw` may hold personal data and stand in
    no text of the error.
    """

    _state_names = (*InterviewKitError._state_names, "status", "code", "vendor_message", "request_id", "raw")  # noqa: SLF001

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        vendor_message: str | None = None,
        request_id: str | None = None,
        raw: Any = None,
        **where: Any,
    ) -> None:
        super().__init__(message, **where)
        self.status = status
        self.code = code
        self.vendor_message = vendor_message
        self.request_id = request_id
        self.raw = raw


class AuthenticationError(VendorError):
    """401: the vendor does not accept the credentials."""

    default_hint = "check the key or token, and whose account it is"


class PermissionDeniedError(VendorError):
    """403: the credentials are good, but not for this."""

    default_hint = "ask the account's owner for the permission"


class NotFoundError(VendorError):
    """404: no such id, or none that these credentials may see."""

    default_hint = "check the id, and that it belongs to this account"


class InvalidRequestError(VendorError):
    """Another 4xx: the vendor calls the request wrong."""

    default_hint = "the vendor's own words are in .vendor_message and .raw"


class ConflictError(VendorError):
    """409, or a session that can no longer be cancelled."""

    default_hint = "read it again to see where it stands"


class QuotaExceededError(VendorError):
    """The plan's allowance is used up; repeating the call does not help."""

    default_hint = "wait for the plan's next period, or ask the vendor for more"


class RateLimitedError(VendorError):
    """Too many requests; `retry_after` is the pause in seconds that the vendor or the limiter asks for, if known."""

    _state_names = (*VendorError._state_names, "retry_after")  # noqa: SLF001
    default_retryable = True
    default_hint = "wait for .retry_after seconds"

    def __init__(self, message: str, *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after = retry_after


class VendorUnavailableError(VendorError):
    """5xx: the vendor's side failed."""

    default_retryable = True
    default_hint = "try again later"


class MalformedResponseError(InterviewKitError):
    """A whole answer that is not what the vendor documents.

    `paths` are JSON paths such as `$.pads[3].title`; `raw` is the body or the row as it came (personal data: in no text
    of the error).
    """

    _state_names = (*InterviewKitError._state_names, "paths", "raw")  # noqa: SLF001
    default_hint = "the answer as it came is in .raw"

    def __init__(self, message: str, *, paths: tuple[str, ...] = (), raw: Any = None, **where: Any) -> None:
        super().__init__(message, **where)
        self.paths = paths
        self.raw = raw


class ListingUnstableError(InterviewKitError):
    """A list lost rows while it was read. `delivered` counts the rows that came, `cursor` is the last one."""

    _state_names = (*InterviewKitError._state_names, "delivered", "expected", "cursor")  # noqa: SLF001
    default_retryable = True
    default_hint = "read the list again"

    def __init__(
        self,
        message: str,
        *,
        delivered: int = 0,
        expected: int | None = None,
        cursor: str | None = None,
        **where: Any,
    ) -> None:
        super().__init__(message, **where)
        self.delivered = delivered
        self.expected = expected
        self.cursor = cursor


class StoreError(InterviewKitError):
    """The harvest's store cannot be read or written: full, lost on the way, or taken over by another process."""

    default_hint = "nothing that was stored is lost: run it again when the cause is mended"


class WebhookError(InterviewKitError):
    """A webhook delivery cannot be taken."""


class SignatureError(WebhookError):
    """The delivery does not prove that it comes from the vendor."""

    default_hint = "check the secret, and that the URL is the one that was registered"


class BadEventError(WebhookError):
    """The delivery's body is not an event that the vendor documents.

    `is_json` tells JSON of an unknown shape, which is worth keeping, from what is no JSON at all, or none that can be
    kept. `raw` is the decoded body (personal data: in no text of the error), `paths` are JSON paths such as
    `$.session.url`.
    """

    _state_names = (*InterviewKitError._state_names, "paths", "raw", "is_json")  # noqa: SLF001
    default_hint = "the vendor may have changed its events: look at the delivery"

    def __init__(
        self, message: str, *, paths: tuple[str, ...] = (), raw: Any = None, is_json: bool = False, **where: Any
    ) -> None:
        super().__init__(message, **where)
        self.paths = paths
        self.raw = raw
        self.is_json = is_json
