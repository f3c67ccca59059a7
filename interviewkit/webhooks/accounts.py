"""Whose webhooks a receiver takes: what is wrong with a set-up is told before anything listens, in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from interviewkit.capabilities import Feature, Support
from interviewkit.errors import ConfigurationError, InterviewKitError, InvalidArgumentError
from interviewkit.hub import Hub
from interviewkit.provider import InterviewProvider
from interviewkit.webhooks import paths
from interviewkit.webhooks.parsing import parse


def check(
    hub: Hub, secrets: Mapping[str, Sequence[str]], tokens: Mapping[str, Sequence[str]], *, fetch_back: bool
) -> None:  # fmt: skip
    """Raise `ConfigurationError` for secrets and tokens that make no sense, without any of them in the text."""
    if not secrets:
        raise ConfigurationError("a receiver needs an account with a secret")
    for account, own in secrets.items():
        if account not in hub:
            raise ConfigurationError(
                f"a webhook secret names the account {account!r}, which there is not",
                hint=f"the accounts are: {', '.join(hub.labels) or 'none'}",
            )
        if not own:
            raise ConfigurationError(f"the account {account!r} has no webhook secret")
        for one in own:
            paths.check_secret(account, one)
        _check_provider(hub[account], fetch_back=fetch_back)
    for account, own in tokens.items():
        if account not in secrets:
            raise ConfigurationError(f"a webhook token names the account {account!r}, which has no secret")
        _check_tokens(hub[account], own)


def several(given: object) -> tuple[str, ...]:
    """One secret or several, as several. Raises `ConfigurationError`."""
    if isinstance(given, str):
        return (given,)
    if isinstance(given, Sequence):
        return tuple(given)
    raise ConfigurationError(f"an account's webhook secrets are a text or a list of texts, not {type(given).__name__}")


def _check_provider(provider: InterviewProvider, *, fetch_back: bool) -> None:
    if not callable(getattr(provider, "parse_event", None)):
        raise ConfigurationError(
            f"the vendor of the account {provider.account!r} sends no webhooks", provider=provider.name,
            hint="leave the account out; a harvest reads its reports",
        )  # fmt: skip
    if fetch_back and provider.capabilities[Feature.FETCH_REPORT].support is Support.UNSUPPORTED:
        raise ConfigurationError(
            f"no report can be fetched from the vendor of the account {provider.account!r}", provider=provider.name,
            hint="hand in fetch_back=False to believe what is posted",
        )  # fmt: skip


def _check_tokens(provider: InterviewProvider, tokens: Sequence[str]) -> None:
    """Raise `ConfigurationError` for tokens that can prove nothing: a delivery without a body is read with them."""
    try:
        parse(provider, {}, b"", tokens)
    except (ConfigurationError, InvalidArgumentError) as error:
        raise ConfigurationError(
            f"the webhook tokens of the account {provider.account!r}: {error.message}", hint=error.hint
        ) from None
    except InterviewKitError:
        pass
