"""Sign in to Codility with OAuth2, and keep the token fresh."""

import asyncio
import http.client
import os
from urllib.parse import parse_qs, urlsplit

import interviewkit as ik
from interviewkit.providers.codility import OAuthApp, OAuthToken, Token


def visit(url: str) -> dict[str, str]:
    """Stands for the user's browser: what the vendor sends back to the redirect address."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.netloc)
    line.request("GET", f"{parts.path}?{parts.query}")
    location = line.getresponse().headers["Location"]
    line.close()
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


async def save(token: Token) -> None:
    """Stands for your secret store."""
    print("stored a token, expires:", token.expires_at is not None)


async def main() -> None:
    client_id, client_secret = os.environ["CODILITY_CLIENT_ID"], os.environ["CODILITY_CLIENT_SECRET"]
    host = os.environ["CODILITY_BASE_URL"]
    # [start:authorize]
    app = OAuthApp(client_id, client_secret, redirect_uri="https://ats.example.com/codility", base_url=host)
    url, state = app.authorize_url()
    # [end:authorize]
    back = await asyncio.to_thread(visit, url)
    # [start:exchange]
    token = await app.exchange(back["code"], state=back["state"], expected_state=state)
    await save(token)
    # [end:exchange]
    # [start:use]
    source = OAuthToken(app, token, store=save)
    async with app, ik.Codility(token=source, base_url=host) as codility:
        status = await codility.check()
        print("credits left:", status.remaining is not None)
    # [end:use]


asyncio.run(main())
