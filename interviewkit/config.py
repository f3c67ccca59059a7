"""Accounts from a TOML file and from the environment; secrets stand in neither the file nor an error."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import attrs
import msgspec

from interviewkit import registry
from interviewkit.errors import ConfigurationError, InvalidArgumentError
from interviewkit.http.connection import Settings
from interviewkit.http.limits import RateLimit
from interviewkit.http.retry import RetryPolicy
from interviewkit.provider import InterviewProvider

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "coderpad": ("CODERPAD_API_KEY",),
    "remoteinterview": ("REMOTEINTERVIEW_API_KEY", "REMOTEINTERVIEW_PADS_API_KEY"),
    "codility": ("CODILITY_TOKEN",),
}
"""A provider has an account in the environment when one of these variables is set; it reads them itself."""
_KEYS = [variables[0] for variables in VARIABLES.values()]
WANTED_VARIABLES = f"{', '.join(_KEYS[:-1])} or {_KEYS[-1]}"
"""The variables to set, for an error's text."""

_SECRET = re.compile(r"(?:key|token|secret|password)$", re.IGNORECASE)
_REFERENCE = re.compile(r"(env|keyring):(.*)", re.DOTALL)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_FROM_FILE: Mapping[str, Any] = {
    "timeout": float,
    "retry": RetryPolicy,
    "limit": RateLimit,
    "max_response_bytes": int,
    "reconcile_timeout": float,
    "unsupported": Literal["raise", "warn"],
    "allow_http": bool,
}
"""The settings of every provider that a file can say, with their types; the others are objects."""
_NOT_FROM_FILE = frozenset(Settings.__annotations__) - set(_FROM_FILE)
_WORDS: Mapping[Any, str] = {
    str: "text", bool: "true or false", int: "a whole number", float: "a number", dict: "a table", list: "a list",
    RetryPolicy: "a table such as { attempts = 3, base_delay = 0.5, max_delay = 8.0 }",
    RateLimit: "a table such as { requests = 500, per_seconds = 3600 }",
}  # fmt: skip
"""What TOML calls a value of each kind."""


_WEBHOOK_KEYS = ("base_url", "accounts")
_WEBHOOK_ACCOUNT = '[webhooks.accounts.{}] with secrets = ["env:NAME"]'
_PARTS: Mapping[str, tuple[str, str]] = {
    "accounts": ("holds no accounts", "write [accounts.LABEL] with provider = ..."),
    "webhooks": ("has no [webhooks]", f"write [webhooks] with base_url = ..., and {_WEBHOOK_ACCOUNT.format('LABEL')}"),
}
"""A file's tables: what is said where one is missing, and what to write."""


@attrs.frozen
class Account:
    """One set of credentials at one vendor, under the caller's label. `keywords` go to the provider's constructor."""

    label: str
    provider: str
    keywords: Mapping[str, Any] = attrs.field(factory=dict, repr=lambda value: str(sorted(value)), hash=False)

    def connect(self, **more: Any) -> InterviewProvider:
        """The account's provider; `more` are keywords that no file can say, such as `ledger`.

        Raises `ConfigurationError` that names the account.
        """
        try:
            return registry.connect(self.provider, account=self.label, **{**self.keywords, **more})
        except (ConfigurationError, InvalidArgumentError) as error:
            error.account = error.account or self.label
            error.message = f"account {self.label}: {error.message}"
            error.hint = error.hint and _in_toml(error.hint)
            raise


def load(path: str | os.PathLike[str], *, only: Collection[str] = ()) -> tuple[Account, ...]:
    """The accounts of an `interviewkit.toml`, with their secrets fetched from the environment or the keyring.

    `only` names the accounts to read (all, when empty): the secrets of the others need not be there. Raises
    `ConfigurationError` that names the file or account and the keyword, never a value.
    """
    tables = _read(Path(path))
    unknown = [label for label in only if label not in tables]
    if unknown:
        raise ConfigurationError(f"{path}: no account {', '.join(unknown)}", hint=f"there are: {', '.join(tables)}")
    return tuple(_account(label, table) for label, table in tables.items() if not only or label in only)


@attrs.frozen(kw_only=True)
class WebhookSettings:
    """What `[webhooks]` says: where the world finds the receiver, and each account's secrets, newest first.

    `secrets` stand in the URLs that vendors are given; `tokens` are those by which a vendor signs. `providers` are the
    names of the accounts' vendors.
    """

    base_url: str
    providers: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    secrets: Mapping[str, tuple[str, ...]] = attrs.field(repr=lambda found: str(sorted(found)), hash=False)
    tokens: Mapping[str, tuple[str, ...]] = attrs.field(repr=lambda found: str(sorted(found)), hash=False)


def load_webhooks(path: str | os.PathLike[str], *, only: Collection[str] = ()) -> WebhookSettings:
    """The table `[webhooks]` of an `interviewkit.toml`, for all of its accounts or those that `only` names.

    Raises `ConfigurationError` that names the file or account and the keyword, never a value.
    """
    tables = _read(Path(path), "webhooks")
    what = f"{path}: [webhooks]"
    _only_keys(what, tables, _WEBHOOK_KEYS)
    base_url = tables.get("base_url")
    if not isinstance(base_url, str):
        said = "lacks base_url" if base_url is None else "has a base_url that is no text"
        raise ConfigurationError(f"{what} {said}", hint='base_url = "https://…", where vendors find the receiver')
    accounts = tables.get("accounts")
    if not isinstance(accounts, dict) or not accounts:
        raise ConfigurationError(f"{what} holds no accounts", hint=f"write {_WEBHOOK_ACCOUNT.format('LABEL')}")
    known = _read(Path(path))
    for label in (*accounts, *only):
        if label not in known:
            raise ConfigurationError(f"{path}: no account {label}", hint=f"there are: {', '.join(known)}")
        if label not in accounts:
            raise ConfigurationError(
                f"{path}: account {label} has no webhooks", hint=f"write {_WEBHOOK_ACCOUNT.format(label)}"
            )
    wanted = {label: table for label, table in accounts.items() if not only or label in only}
    found = {label: _webhook_account(label, table) for label, table in wanted.items()}
    return WebhookSettings(
        base_url=_resolve("[webhooks]", "base_url", base_url),
        providers={label: _provider_of(label, known[label])[0] for label in found},
        secrets={label: secrets for label, (secrets, _) in found.items()},
        tokens={label: tokens for label, (_, tokens) in found.items() if tokens},
    )


def _webhook_account(label: str, table: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    what = f"webhooks of account {label}"
    if not isinstance(table, dict):
        raise ConfigurationError(f"{what} are no table", hint=f"write {_WEBHOOK_ACCOUNT.format(label)}")
    _only_keys(what, table, ("secrets", "tokens"))
    secrets = _secrets(what, label, "secrets", table.get("secrets", []))
    if not secrets:
        raise ConfigurationError(f"{what}: secrets are missing", hint=f"write {_WEBHOOK_ACCOUNT.format(label)}")
    return secrets, _secrets(what, label, "tokens", table.get("tokens", []))


def _secrets(what: str, label: str, keyword: str, value: Any) -> tuple[str, ...]:
    """Several secrets, while one is exchanged for another; a single one may stand without a list."""
    given = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) and _REFERENCE.fullmatch(one) for one in given):
        variable = re.sub(r"\W+", "_", f"{label}_webhook_{keyword.removesuffix('s')}").upper()
        raise ConfigurationError(
            f"{what}: {keyword} are secrets and must not stand in the file",
            hint=f'write {keyword} = ["env:{variable}"] and set that variable, or "keyring:SERVICE/NAME"',
        )
    return tuple(_resolve(what, keyword, one).strip() for one in given)


def _only_keys(what: str, table: Mapping[str, Any], known: Collection[str]) -> None:
    strange = next((key for key in table if key not in known), None)
    if strange is not None:
        raise ConfigurationError(f"{what} knows no {strange!r}", hint=f"known: {', '.join(known)}")


def from_environment(environ: Mapping[str, str] | None = None) -> tuple[Account, ...]:
    """One account, labelled like its provider, for each built-in provider whose variables are set."""
    variables = os.environ if environ is None else environ
    return tuple(
        Account(name, name)
        for name, wanted in VARIABLES.items()
        if any(variables.get(one, "").strip() for one in wanted)
    )


def _read(path: Path, part: str = "accounts") -> dict[str, Any]:
    """One of a file's tables."""
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from None
    strangers = [key for key in document if key not in _PARTS]
    if strangers:
        raise ConfigurationError(f"{path}: {strangers[0]!r} is unknown", hint="accounts stand in [accounts.LABEL]")
    tables = document.get(part)
    if not isinstance(tables, dict) or not tables:
        said, hint = _PARTS[part]
        raise ConfigurationError(f"{path} {said}", hint=hint)
    return tables


def _account(label: str, table: Any) -> Account:
    what = f"account {label}"
    if not label.strip():
        raise ConfigurationError("an account's label is empty")
    name, provider = _provider_of(label, table)
    given = {key: value for key, value in table.items() if key != "provider"}
    if "account" in given:
        raise ConfigurationError(f"{what}: the table's name is the account's label", hint="take account out")
    registry.check_keywords(name, provider, {**given, "account": label}, what=what, untold=_NOT_FROM_FILE)
    types = registry.hints(provider)
    keywords = {keyword: _value(what, keyword, value, types.get(keyword)) for keyword, value in given.items()}
    return Account(label, name, keywords)


def _provider_of(label: str, table: Any) -> tuple[str, Callable[..., InterviewProvider]]:
    """The name of an account's provider, and what makes one."""
    what = f"account {label}"
    if not isinstance(table, dict):
        raise ConfigurationError(f"{what} is not a table", hint=f"write [accounts.{label}]")
    name = table.get("provider")
    if not isinstance(name, str):
        raise ConfigurationError(f"{what} names no provider", hint=f"provider = one of {', '.join(registry.names())}")
    try:
        return registry.canonical(name), registry.find(name)
    except ConfigurationError as error:
        raise ConfigurationError(f"{what}: {error.message}", hint=error.hint) from None


def _value(what: str, keyword: str, value: Any, wanted: Any) -> Any:
    if keyword in Settings.__annotations__:
        if keyword not in _FROM_FILE:
            raise ConfigurationError(f"{what}: {keyword} is an object that only a program can give")
        wanted = _FROM_FILE[keyword]
    if _SECRET.search(keyword):
        return _secret(what, keyword, value)
    if isinstance(value, str):
        value = _resolve(what, keyword, value)
    return _typed(what, keyword, value, wanted)


def _typed(what: str, keyword: str, value: Any, wanted: Any) -> Any:
    if wanted is None:
        return value
    if attrs.has(wanted) and isinstance(value, dict):
        return _table(what, keyword, value, wanted)
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError:
        kind = next((word for shape, word in _WORDS.items() if value.__class__ is shape), "a time")
        given = "another word" if get_origin(wanted) is Literal and kind == "text" else kind
        raise ConfigurationError(f"{what}: {keyword} is {_word(wanted)}, not {given}") from None
    except TypeError:
        return value  # a type that a file has no word for, such as an object's protocol: the constructor judges


def _table(what: str, keyword: str, value: dict[str, Any], wanted: Any) -> Any:
    """A small table, such as `limit`, as its class."""
    types, fields = get_type_hints(wanted), attrs.fields_dict(wanted)
    strange = next((key for key in value if key not in fields), None)
    if strange is not None:
        raise ConfigurationError(f"{what}: {keyword} knows no {strange!r}", hint=f"known: {', '.join(fields)}")
    missing = next((name for name, one in fields.items() if one.default is attrs.NOTHING and name not in value), None)
    if missing is not None:
        raise ConfigurationError(f"{what}: {keyword} lacks {missing}", hint=f"{keyword} is {_word(wanted)}")
    found = {name: _typed(what, f"{keyword}.{name}", one, types.get(name)) for name, one in value.items()}
    try:
        return wanted(**found)
    except ConfigurationError as error:
        raise ConfigurationError(f"{what}: {keyword} is wrong: {error.message}", hint=error.hint) from None


def _word(wanted: Any) -> str:
    """A type in a file's words: `text`, `a number`, `"raise" or "warn"`."""
    if get_origin(wanted) is Literal:
        return " or ".join(f'"{one}"' for one in get_args(wanted))
    several = [_word(one) for one in get_args(wanted) if one is not type(None)]
    return " or ".join(several) or _WORDS.get(wanted, "something else")


_PYTHON = re.compile(r"\b(\w+)=(?:(True|False)|'([^']*)')")


def _in_toml(hint: str) -> str:
    """A hint for a program in a file's words: `allow_http=True` is `allow_http = true` there."""
    return _PYTHON.sub(lambda found: f"{found[1]} = " + (found[2].lower() if found[2] else f'"{found[3]}"'), hint)


def _secret(what: str, keyword: str, value: Any) -> str:
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        variable = re.sub(r"\W+", "_", f"{what.removeprefix('account ')}_{keyword}").upper()
        raise ConfigurationError(
            f"{what}: {keyword} is a secret and must not stand in the file",
            hint=f'write {keyword} = "env:{variable}" and set that variable, or {keyword} = "keyring:SERVICE/NAME"',
        )
    return _resolve(what, keyword, value)


def _resolve(what: str, keyword: str, value: str) -> str:
    match = _REFERENCE.fullmatch(value)
    if match is None:
        return value
    source, name = match.groups()
    return _from_env(what, keyword, name) if source == "env" else _from_keyring(what, keyword, name)


def _from_env(what: str, keyword: str, variable: str) -> str:
    if not _VARIABLE.fullmatch(variable):  # perhaps a secret that was pasted in the name's place: not to be shown
        raise ConfigurationError(f"{what}: {keyword} names no environment variable", hint='write "env:NAME"')
    found = os.environ.get(variable, "")
    if not found.strip():
        raise ConfigurationError(f"{what}: {keyword} needs the environment variable {variable}, which is not set")
    return found


def _from_keyring(what: str, keyword: str, name: str) -> str:
    service, _, user = name.rpartition("/")
    if not service or not user:
        raise ConfigurationError(f"{what}: {keyword} names no keyring entry", hint='write "keyring:SERVICE/NAME"')
    try:
        import keyring
        import keyring.errors
    except ModuleNotFoundError:
        raise ConfigurationError(
            f"{what}: {keyword} needs the keyring", hint="pip install 'interviewkit[keyring]'"
        ) from None
    try:
        found = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise ConfigurationError(f"{what}: {keyword}: the keyring cannot be read ({type(error).__name__})") from None
    if not found:
        raise ConfigurationError(
            f"{what}: {keyword}: the keyring has no entry {name}", hint=f"keyring set {service} {user}"
        )
    return found
