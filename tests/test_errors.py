"""The tree of errors: what catches what, what is remembered, and what is shown."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Iterator

import pytest

from interviewkit import errors
from interviewkit.errors import InterviewKitError, Outcome

TREE = {
    "ConfigurationError": ["InterviewKitError", "ValueError"],
    "InvalidArgumentError": ["InterviewKitError", "ValueError"],
    "UnsupportedError": ["InterviewKitError"],
    "ReferenceConflictError": ["InterviewKitError"],
    "TransportError": ["InterviewKitError"],
    "DeadlineExceededError": ["TransportError", "TimeoutError"],
    "VendorError": ["InterviewKitError"],
    "AuthenticationError": ["VendorError"],
    "PermissionDeniedError": ["VendorError"],
    "NotFoundError": ["VendorError"],
    "InvalidRequestError": ["VendorError"],
    "ConflictError": ["VendorError"],
    "QuotaExceededError": ["VendorError"],
    "RateLimitedError": ["VendorError"],
    "VendorUnavailableError": ["VendorError"],
    "MalformedResponseError": ["InterviewKitError"],
    "ListingUnstableError": ["InterviewKitError"],
    "StoreError": ["InterviewKitError"],
    "WebhookError": ["InterviewKitError"],
    "SignatureError": ["WebhookError"],
    "BadEventError": ["WebhookError"],
}
DETAILS = {
    "differing": ("title",), "status": 418, "code": "teapot", "vendor_message": "no", "request_id": "r-1",
    "raw": {"email": "candidate.one@example.com"}, "retry_after": 7.5, "paths": ("$.id",), "delivered": 3,
    "expected": 5, "is_json": True,
    "cursor": "c2",
}  # fmt: skip


def kinds() -> Iterator[type[InterviewKitError]]:
    for _name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, InterviewKitError):
            yield kind


def whole(kind: type[InterviewKitError]) -> InterviewKitError:
    """An error of this kind with everything filled in."""
    names = kind._state_names[7:]
    error = kind(
        "it went wrong", provider="acme", operation="get_pad", account="main", retryable=True, outcome=Outcome.APPLIED,
        hint="look again", **{name: DETAILS[name] for name in names},
    )  # fmt: skip
    error.operation_id = "op-1"
    return error


def test_the_tree_is_the_documented_one() -> None:
    found = {kind.__name__: [base.__name__ for base in kind.__bases__] for kind in kinds()}
    found.pop("InterviewKitError")
    assert found == TREE


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_every_error_pickles_and_copies_with_all_it_knows(kind: type[InterviewKitError]) -> None:
    error = whole(kind)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert type(again) is kind
        assert vars(again) == vars(error)
        assert (str(again), again.args) == (str(error), error.args)
    assert set(vars(error)) == {"message", *kind._state_names}


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_the_text_says_where_what_and_what_next_in_one_line_and_shows_no_data(kind: type[InterviewKitError]) -> None:
    text = str(whole(kind))
    assert text == "acme.get_pad: it went wrong [outcome: applied] (look again)"
    assert "example.com" not in repr(whole(kind))


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_every_error_of_a_call_has_a_hint_unless_its_own_words_are_one(kind: type[InterviewKitError]) -> None:
    wordy = {"InterviewKitError", "ConfigurationError", "InvalidArgumentError", "VendorError", "WebhookError"}
    assert (kind("x").hint is None) == (kind.__name__ in wordy)


def test_only_what_may_pass_by_itself_is_retryable() -> None:
    retryable = {kind.__name__ for kind in kinds() if kind("x").retryable}
    assert retryable == {
        "TransportError", "DeadlineExceededError", "RateLimitedError", "VendorUnavailableError", "ListingUnstableError",
    }  # fmt: skip
    assert not errors.TransportError("x", retryable=False).retryable


def test_what_is_refused_here_was_not_sent_unless_told_otherwise() -> None:
    assert {kind.__name__ for kind in kinds() if kind("x").outcome is Outcome.NOT_SENT} == {
        "ConfigurationError", "InvalidArgumentError", "UnsupportedError",
    }  # fmt: skip
    assert errors.InvalidArgumentError("x", outcome=Outcome.APPLIED).outcome is Outcome.APPLIED


def test_locating_fills_gaps_and_keeps_what_is_known() -> None:
    error = errors.NotFoundError("no such pad", operation="get_pad")
    assert error.locate(provider="acme", operation="fetch_report", account="main") is error
    assert (error.provider, error.operation, error.account) == ("acme", "get_pad", "main")


def test_a_subclass_of_another_package_pickles() -> None:
    again = pickle.loads(pickle.dumps(ElsewhereError("x", extra=5)))  # noqa: S301
    assert (type(again), again.extra, str(again)) == (ElsewhereError, 5, "x")


class ElsewhereError(InterviewKitError):
    """An error that some other provider's author made."""

    def __init__(self, message: str, *, extra: int) -> None:
        super().__init__(message)
        self.extra = extra
