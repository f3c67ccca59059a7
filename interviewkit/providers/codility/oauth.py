"""OAuth2 for applications to which other Codility customers connect their accounts (extra `oauth`).

The protocol's own rules are oauthlib's; requests go out as every other call does. The vendor documents the two
addresses and nothing else: neither scopes, lifetimes nor refresh (https://codility.com/api-documentation/, "OAuth2",
read 2026-11).
"""

from __future__ import annotations

import asyncio
import copy
import hmac
import importlib
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, Unpack
from urllib.parse import parse_qsl

import attrs

from interviewkit.errors import (
    AuthenticationError,
    ConfigurationError,
    InterviewKitError,
    MalformedResponseError,
    Outcome,
)
from interviewkit.http.connection import Connection, Host, Settings, check_base_url
from interviewkit.http.credentials import NoCredential, clean_secret
from interviewkit.http.decode import read_json
from interviewkit.http.refusal import body_of, refusal
from interviewkit.http.wire import Call, Form, Request, Response, path
from interviewkit.model import mask_secret

PROVIDER = "codility"

_APPLICATIONS = "create an Application under My Account > Integrations: https://codility.com/api-documentation/"
_CONNECT_AGAIN = "send the user to authorize_url() again"

_REFUSED: Mapping[str, tuple[str, str]] = {
    "invalid_grant": ("the code or refresh token is not, or no longer, valid", _CONNECT_AGAIN),
    "invalid_client": ("the vendor does not know the client id and secret", _APPLICATIONS),
    "unauthorized_client": ("the application may not use this grant", _APPLICATIONS),
    "access_denied": ("the user did not agree", _CONNECT_AGAIN),
}
"""OAuth2's error words (RFC 6749, 5.2) that mean: these credentials will not do."""


def _words(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class Token:
    """What the vendor gave: keep it as a secret. `expires_at` is `None` where the vendor did not say."""

    access_token: str = attrs.field(repr=mask_secret)
    refresh_token: str | None = attrs.field(default=None, repr=mask_secret)
    expires_at: datetime | None = None
    token_type: str = "Bearer"
    scope: tuple[str, ...] = attrs.field(default=(), converter=_words)


_CENTURY = 100 * 366 * 86_400

Store = Callable[[Token], Awaitable[None]]
"""Called with each new token before it is used: keep it, since the one before may be dead by then."""


class OAuthApp:
    """An Application registered at Codility: sends users to Codility, and exchanges what they come back with.

    Takes the keywords of every provider (`timeout`, `session`, …). Use it as an async context manager, or close it by
    `aclose()`. `now` gives the time in UTC. Raises `ConfigurationError`, also where the extra `oauth` is missing.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        *,
        base_url: str = "https://codility.com",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        **settings: Unpack[Settings],
    ) -> None:
        _oauthlib()
        self._id = clean_secret(client_id, what="client_id", provider=PROVIDER, hint=_APPLICATIONS)
        self._secret = clean_secret(client_secret, what="client_secret", provider=PROVIDER, hint=_APPLICATIONS)
        if not isinstance(redirect_uri, str) or "://" not in redirect_uri:
            raise ConfigurationError("redirect_uri is not an address", provider=PROVIDER, hint=_APPLICATIONS)
        self._redirect_uri = redirect_uri
        self._base_url = check_base_url(base_url, provider=PROVIDER, allow_http=settings.get("allow_http", False))
        self._now = now
        self._connection = Connection.open(
            PROVIDER, {"api": Host(base_url=base_url, credential=NoCredential())}, refuse, settings
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._base_url}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the application's connections."""
        await self._connection.aclose()

    def now(self) -> datetime:
        """The time by which tokens expire."""
        return self._now()

    def authorize_url(self, state: str | None = None) -> tuple[str, str]:
        """Where to send the user, and the state to keep in their session until they come back with it."""
        client = _oauthlib().WebApplicationClient(self._id)
        # oauthlib refuses plain http even to this machine, where check_base_url allows it (a sandbox).
        scheme, _, rest = self._base_url.partition("://")
        url, _headers, _body = client.prepare_authorization_request(
            f"https://{rest}/oauth2/authorize/", state=state, redirect_url=self._redirect_uri
        )
        return f"{scheme}{str(url).removeprefix('https')}", str(client.state)

    async def exchange(self, code: str, *, state: str, expected_state: str) -> Token:
        """Exchange the code that the user came back with for a token.

        `state` is what they came back with, `expected_state` what `authorize_url` returned for them. Raises
        `AuthenticationError`, also where the two differ: then nothing is sent.
        """
        if not (state and expected_state and hmac.compare_digest(state.encode(), expected_state.encode())):
            raise AuthenticationError(
                "the state that came back is not the one that was sent", provider=PROVIDER, operation="exchange_code",
                outcome=Outcome.NOT_SENT, hint=_CONNECT_AGAIN,
            )  # fmt: skip
        body = _oauthlib().WebApplicationClient(self._id).prepare_request_body(
            code=code, redirect_uri=self._redirect_uri, client_secret=self._secret
        )  # fmt: skip
        return await self._ask("exchange_code", body, None)

    async def refresh(self, token: Token) -> Token:
        """A fresh token for one that has a refresh token, which is kept unless the vendor gives another.

        Raises `AuthenticationError`.
        """
        if token.refresh_token is None:
            raise AuthenticationError(
                "the access token is no longer good and there is no refresh token", provider=PROVIDER,
                operation="refresh_token", outcome=Outcome.NOT_SENT, hint=_CONNECT_AGAIN,
            )  # fmt: skip
        body = _oauthlib().WebApplicationClient(self._id).prepare_refresh_body(
            refresh_token=token.refresh_token, client_id=self._id, client_secret=self._secret
        )  # fmt: skip
        return await self._ask("refresh_token", body, token.refresh_token)

    async def _ask(self, operation: str, body: str, refresh_token: str | None) -> Token:
        form = Form(tuple(parse_qsl(body, keep_blank_values=True)))
        asked_at = self._now()
        given = await self._connection.send(
            Call(PROVIDER, operation, Request("POST", path("/oauth2/token/"), body=form), _granted)
        )
        lifetime = given.get("expires_in")
        return Token(
            access_token=given["access_token"],
            refresh_token=given.get("refresh_token") or refresh_token,
            expires_at=None if lifetime is None else asked_at + timedelta(seconds=lifetime),
            token_type=given.get("token_type") or "Bearer",
            scope=given.get("scope") or (),
        )


class OAuthToken:
    """A token that renews itself: hand it to `Codility(token=…)`.

    It is refreshed when it expires within `leeway` seconds, and once after the vendor refused it: by one request,
    however many calls wait for it. `store` is awaited with each new token before that is used; what it raises reaches
    those calls, and the same new token is offered to it again at the next one.
    """

    def __init__(self, app: OAuthApp, token: Token, *, store: Store | None = None, leeway: float = 30.0) -> None:
        self._app = app
        self._token = token
        self._store = store
        self._leeway = timedelta(seconds=leeway)
        self._unstored: Token | None = None
        self._refreshing: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} expires_at={self._token.expires_at}>"

    @property
    def current(self) -> Token:
        """The token in use."""
        return self._token

    async def token(self) -> str:
        """The access token to use now, refreshed where it is about to expire. Raises `AuthenticationError`."""
        expires_at = self._token.expires_at
        if expires_at is not None and self._app.now() + self._leeway >= expires_at:
            await self._refresh()
        return self._token.access_token

    async def renewed(self, refused: str) -> str:
        """A fresh access token after the vendor refused this one; the same one where it cannot be refreshed."""
        if self._token.access_token == refused and self._token.refresh_token is not None:
            await self._refresh()
        return self._token.access_token

    async def _refresh(self) -> None:
        """Wait for the one refresh that is under way. It goes on when a caller gives up: its answer would be lost."""
        if self._refreshing is None:
            self._refreshing = asyncio.ensure_future(self._replace())
            self._refreshing.add_done_callback(self._refreshed)
        try:
            await asyncio.shield(self._refreshing)
        except InterviewKitError as error:
            raise copy.copy(error) from None  # to each caller its own: where it happened is written into it

    async def _replace(self) -> None:
        if self._unstored is None:
            self._unstored = await self._app.refresh(self._token)
        if self._store is not None:
            await self._store(self._unstored)
        self._token, self._unstored = self._unstored, None

    def _refreshed(self, task: asyncio.Task[None]) -> None:
        self._refreshing = None
        if not task.cancelled():
            task.exception()  # seen, also where every caller has given up


# --- answers ---------------------------------------------------------------------------------------------------------


def refuse(call: Call[Any], response: Response) -> InterviewKitError:
    """The error that a refusal by the token endpoint means (RFC 6749, 5.2)."""
    body = body_of(response)
    code = body.get("error") if isinstance(body, dict) else None
    if response.status in {400, 401} and isinstance(code, str):
        return _refused(code, body, status=response.status)
    return refusal(call, response, raw=body, hints={401: _APPLICATIONS, 403: _APPLICATIONS})


def _refused(code: str, body: dict[str, Any], *, status: int | None) -> AuthenticationError:
    text, hint = _REFUSED.get(code, ("the vendor does not grant a token", _APPLICATIONS))
    said = body.get("error_description")
    return AuthenticationError(
        text, status=status, code=code, vendor_message=said if isinstance(said, str) else None, raw=body, hint=hint
    )


def _granted(response: Response) -> dict[str, Any]:
    """Reads a token answer by oauthlib's rules; an error in a 200 is a refusal too."""
    rules = _oauthlib()
    body = read_json(response, dict[str, Any])
    text = json.dumps({**body, "expires_in": _seconds(body.get("expires_in"))})
    try:
        given = rules.WebApplicationClient("").parse_request_body_response(text)
    except rules.MissingTokenError:
        given = {}
    except rules.OAuth2Error as error:
        raise _refused(str(error.error), body, status=response.status) from None
    except (TypeError, ValueError, AttributeError):
        given = {}
    if not isinstance(given.get("access_token"), str) or not given["access_token"]:
        raise MalformedResponseError(
            "the answer is not what the vendor documents: no token at $.access_token", paths=("$.access_token",)
        )
    return dict(given)


def _seconds(lifetime: Any) -> int | None:
    """A lifetime in whole seconds; one that cannot be read does not lose the token."""
    try:
        found = int(lifetime)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if abs(found) <= _CENTURY else None


def _oauthlib() -> Any:
    try:
        return importlib.import_module("oauthlib.oauth2")
    except ImportError:
        raise ConfigurationError(
            "OAuth2 needs a library that is not installed", provider=PROVIDER,
            hint="install it with: pip install 'interviewkit[oauth]'",
        ) from None  # fmt: skip
