"""Codility's OAuth2 endpoints, as RFC 6749 and RFC 7636 have them: the vendor's page names only their addresses."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

import attrs
from aiohttp import web

from interviewkit.sandbox.bodies import FORM, BadBodyError, read_fields
from interviewkit.sandbox.site import Refusal, Site, reply

if TYPE_CHECKING:
    from . import Codility

ACCESS_LIFETIME = timedelta(hours=1)
CODE_LIFETIME = timedelta(minutes=5)
AUTHORIZE = frozenset(
    ["client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method"]
)
SCHEMES = ("https://", "http://127.0.0.1", "http://localhost")


@attrs.frozen(kw_only=True)
class Grant:
    """What an authorization code stands for."""

    redirect_uri: str
    challenge: str | None
    until: datetime


class OAuth:
    """/oauth2/authorize/ and /oauth2/token/ with the code and the refresh grant; refresh tokens are used once."""

    def __init__(self, site: Site, vendor: Codility) -> None:
        digest = hashlib.sha256(f"{vendor.setup.seed}:oauth".encode()).hexdigest()
        self.client_id = f"sandbox-{digest[:12]}"
        self.client_secret = digest[12:44]
        self.access_lifetime = ACCESS_LIFETIME
        self._vendor = vendor
        self._codes: dict[str, Grant] = {}
        self._access: dict[str, datetime] = {}
        self._refresh: set[str] = set()
        site.route("GET", "/oauth2/authorize/", self.authorize)
        site.route("POST", "/oauth2/token/", self.token)

    def accepts(self, token: str) -> bool:
        """Whether this access token was issued here and is still good."""
        until = self._access.get(token)
        return until is not None and self._vendor.clock.now() < until

    def revoke_access(self) -> None:
        """Let all access tokens end now, as if their hour was over."""
        self._access.clear()

    async def authorize(self, request: web.Request) -> web.Response:
        query = request.query
        self._vendor.refuse_unknown(query, AUTHORIZE)
        redirect_uri = query.get("redirect_uri", "")
        if query.get("client_id") != self.client_id or not redirect_uri.startswith(SCHEMES):
            raise Refusal(400, {"error": "invalid_request"})
        if query.get("response_type") != "code":
            raise _found(redirect_uri, {"error": "unsupported_response_type", "state": query.get("state")})
        if "code_challenge" in query and query.get("code_challenge_method") != "S256":
            raise _found(redirect_uri, {"error": "invalid_request", "state": query.get("state")})
        code = secrets.token_urlsafe(16)
        until = self._vendor.clock.now() + CODE_LIFETIME
        self._codes[code] = Grant(redirect_uri=redirect_uri, challenge=query.get("code_challenge"), until=until)
        raise _found(redirect_uri, {"code": code, "state": query.get("state")})

    async def token(self, request: web.Request) -> web.Response:
        try:
            form, _ = await read_fields(request, frozenset({FORM}))
        except BadBodyError as error:
            raise Refusal(400, {"error": "invalid_request"}) from error
        if not self._is_client(request, form):
            raise Refusal(401, {"error": "invalid_client"}, headers={"WWW-Authenticate": "Basic"})
        grants = {"authorization_code": self._redeem_code, "refresh_token": self._redeem_refresh}
        redeem = grants.get(form.get("grant_type", ""))
        if redeem is None:
            raise Refusal(400, {"error": "unsupported_grant_type"})
        redeem(form)
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._access[access] = self._vendor.clock.now() + self.access_lifetime
        self._refresh.add(refresh)
        self._vendor.commit("oauth.token", str(form["grant_type"]))
        seconds = int(self.access_lifetime.total_seconds())
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": seconds, "refresh_token": refresh}
        return reply(answer, headers={"Cache-Control": "no-store"})

    def _is_client(self, request: web.Request, form: dict[str, Any]) -> bool:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            try:
                client, _, secret = base64.b64decode(encoded).decode().partition(":")
            except ValueError:
                return False
            client, secret = unquote(client), unquote(secret)
        return client == self.client_id and secrets.compare_digest(secret.encode(), self.client_secret.encode())

    def _redeem_code(self, form: dict[str, Any]) -> None:
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.redirect_uri != form.get("redirect_uri") or self._vendor.clock.now() >= grant.until:
            raise Refusal(400, {"error": "invalid_grant"})
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if grant.challenge is not None and base64.urlsafe_b64encode(digest).decode().rstrip("=") != grant.challenge:
            raise Refusal(400, {"error": "invalid_grant"})

    def _redeem_refresh(self, form: dict[str, Any]) -> None:
        token = form.get("refresh_token", "")
        if token not in self._refresh:
            raise Refusal(400, {"error": "invalid_grant"})
        self._refresh.remove(token)


def _found(redirect_uri: str, parameters: dict[str, str | None]) -> Refusal:
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    joint = "&" if "?" in redirect_uri else "?"
    return Refusal(302, None, headers={"Location": f"{redirect_uri}{joint}{query}"})
