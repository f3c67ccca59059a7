"""The control routes of the vendors' post: where it goes, how it goes, what became of it, and forgeries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from .checks import NonsenseError, number, one_of, text
from .site import Refusal
from .webhooks import SETTINGS

if TYPE_CHECKING:
    from .box import Sandbox

Answer = Callable[[dict[str, Any]], Awaitable[Any]]
CALLBACK = ("callback_token", "callback_content_type")
FORGE = ("id", "how", "vendor", "event", "url", "other")
LONGEST_WAIT = 600


class WebhookRoutes:
    """The routes below /webhooks, and GET /deliveries."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.table: tuple[tuple[str, str, Answer, tuple[str, ...]], ...] = (
            ("GET", "/webhooks", self.show, ()),
            ("POST", "/webhooks", self.add, ("vendor", "url")),
            ("DELETE", "/webhooks", self.drop, ("vendor", "url")),
            ("POST", "/webhooks/settings", self.configure, (*SETTINGS, *CALLBACK)),
            ("POST", "/webhooks/hold", self.hold, ()),
            ("POST", "/webhooks/release", self.release, ("order",)),
            ("POST", "/webhooks/settle", self.settle, ("timeout",)),
            ("POST", "/webhooks/repeat", self.repeat, ("number", "copies")),
            ("POST", "/webhooks/forge", self.forge, FORGE),
            ("GET", "/deliveries", self.deliveries, ()),
        )

    async def show(self, body: dict[str, Any]) -> Any:
        codility = self._box.codility
        return {
            "outgoing": {"remoteinterview": list(self._box.remoteinterview.outgoing_webhooks)},
            "holding": self._box.webhooks.is_holding,
            "settings": {
                **self._box.webhooks.settings(),
                "signed": codility.callback_token is not None,
                "callback_content_type": codility.callback_content_type,
            },
        }

    async def add(self, body: dict[str, Any]) -> Any:
        self._check_vendor(body)
        text("url", body.get("url"))
        outgoing = self._box.remoteinterview.outgoing_webhooks
        if body["url"] not in outgoing:
            outgoing.append(body["url"])
        return await self.show({})

    async def drop(self, body: dict[str, Any]) -> Any:
        self._check_vendor(body)
        url = body.get("url")
        if url is not None:
            text("url", url)
        outgoing = self._box.remoteinterview.outgoing_webhooks
        outgoing[:] = [one for one in outgoing if url is not None and one != url]
        return await self.show({})

    async def configure(self, body: dict[str, Any]) -> Any:
        callback = {name: body.pop(name) for name in CALLBACK if name in body}
        for name, value in callback.items():
            if value is not None:
                text(name, value)
        self._box.webhooks.configure(**body)
        for name, value in callback.items():
            setattr(self._box.codility, name, value)
        return await self.show({})

    async def hold(self, body: dict[str, Any]) -> Any:
        self._box.webhooks.hold()
        return {"ok": True}

    async def release(self, body: dict[str, Any]) -> Any:
        return {"released": self._box.webhooks.release(body.get("order", "kept"))}

    async def settle(self, body: dict[str, Any]) -> Any:
        timeout = body.get("timeout", 10)
        number("timeout", timeout, 0, LONGEST_WAIT)
        try:
            async with asyncio.timeout(timeout):
                await self._box.webhooks.settled()
        except TimeoutError:
            return {"settled": False}
        return {"settled": True}

    async def repeat(self, body: dict[str, Any]) -> Any:
        wanted, copies = body.get("number"), body.get("copies", 1)
        number("number", wanted, 1, 1e12, whole=True)
        number("copies", copies, 1, 1000, whole=True)
        found = next((one for one in self._box.webhooks.deliveries if one.number == wanted), None)
        if found is None:
            raise Refusal(404, {"error": "there is no delivery of this number"})
        try:
            again = await self._box.webhooks.repeat(found, copies=copies)
        except LookupError as error:
            raise Refusal(404, {"error": str(error)}) from error
        return {"deliveries": [one.summary() for one in again]}

    async def forge(self, body: dict[str, Any]) -> Any:
        for name, value in body.items():
            if value is not None:
                text(name, value)
        rest = {name: body.get(name) for name in ("vendor", "event", "url", "other")}
        try:
            delivery = await self._box.forge(body.get("id"), body.get("how", "made_up"), **rest)
        except LookupError as error:
            raise Refusal(404, {"error": str(error)}) from error
        return {"delivery": delivery.summary()}

    async def deliveries(self, body: dict[str, Any]) -> Any:
        return {"deliveries": [one.summary() for one in self._box.webhooks.deliveries]}

    def _check_vendor(self, body: dict[str, Any]) -> None:
        one_of("vendor", body.get("vendor", "remoteinterview"), [vendor.name for vendor in self._box.vendors])
        if body.get("vendor", "remoteinterview") != "remoteinterview":
            raise NonsenseError("only remoteinterview has webhooks of the account; codility's come with an invite")
