"""Checks on what callers hand in: no id leads to another route, and nothing of another vendor is taken."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import attrs
import pytest

from interviewkit.capabilities import Feature
from interviewkit.errors import InterviewKitError, InvalidArgumentError
from interviewkit.model import SessionRef
from interviewkit.provider import VendorOptions
from interviewkit.testing.scripted import Sent
from interviewkit.testing.stage import Scene, Stage

BAD_IDS = ("../x", "a/b", "..", ".", "a?x", "a#b", "a%2Fb", " ", "a\nb", "a\\b", "%2e%2e", "ключ")
"""Ids that are none, each of which would lead elsewhere if it were put into a URL as it is."""


def _segments(sent: Sent) -> int:
    return urlsplit(sent.url).path.count("/")


class Arguments(Stage):
    """What callers hand in is checked before anything is sent."""

    async def test_no_id_leads_to_another_route(self) -> None:
        async with self.scene() as scene:
            for name, ask, good in self._asks(scene):
                await ask(good)
                healthy = scene.tap.sent[0]
                for bad in BAD_IDS:
                    scene.calm()
                    try:
                        await ask(attrs.evolve(good, id=bad) if isinstance(good, SessionRef) else bad)
                    except InvalidArgumentError:
                        assert not scene.tap.sent, f"{name}: {bad!r} is refused after something was sent"
                        continue
                    except InterviewKitError:
                        pass
                    for sent in scene.tap.sent:
                        assert _segments(sent) == _segments(healthy), f"{name}: {bad!r} leads to another route"
                        told = f"{unquote(sent.url)} {unquote((sent.body or b'').decode())}"
                        assert bad in told, f"{name}: {bad!r} is sent as something else"
                scene.calm()

    async def test_an_empty_id_is_refused(self) -> None:
        async with self.scene() as scene:
            for name, ask, good in self._asks(scene):
                scene.calm()
                with pytest.raises(InvalidArgumentError):
                    await ask("" if isinstance(good, str) else f"{good.provider}:{good.kind}:")
                assert not scene.tap.sent, f"{name}: an empty id is sent"

    async def test_another_vendors_reference_is_refused(self) -> None:
        async with self.scene() as scene:
            for name, ask, good in self._asks(scene):
                if isinstance(good, SessionRef):
                    foreign = attrs.evolve(good, provider="another-vendor")
                    for form in (foreign, str(foreign)):
                        scene.calm()
                        with pytest.raises(InvalidArgumentError):
                            await ask(form)
                        assert not scene.tap.sent, f"{name} sends another vendor's reference"

    async def test_another_vendors_options_are_refused(self) -> None:
        async with self.scene() as scene:
            backend, provider = scene.backend, scene.provider
            if scene.has(Feature.CREATE_SESSION):
                with pytest.raises(InvalidArgumentError):
                    await provider.create_session(**{**backend.create, "options": _foreign()})
            if scene.has(Feature.INVITE_CANDIDATE):
                with pytest.raises(InvalidArgumentError):
                    await provider.invite_candidate(
                        backend.assessment_id, backend.candidate, **{**backend.invite, "options": _foreign()}
                    )
            assert not scene.tap.sent, "another vendor's options were sent"

    @staticmethod
    def _asks(scene: Scene) -> list[tuple[str, Any, Any]]:
        """Operations that take an id: the name, how to ask, and a good id."""
        provider, backend = scene.provider, scene.backend
        endable = backend.endable or backend.unfinished
        asks: list[tuple[Feature, Any, Any]] = [
            (Feature.GET_SESSION, provider.get_session, backend.finished),
            (Feature.FETCH_REPORT, provider.fetch_report, backend.finished),
            (Feature.END_SESSION, provider.end_session, endable),
            (Feature.REPORT_LINK, provider.report_link, backend.finished),
        ]
        if backend.assessment_id is not None:

            async def invite(assessment_id: str) -> Any:
                return await provider.invite_candidate(assessment_id, backend.candidate, **backend.invite)

            asks.append((Feature.INVITE_CANDIDATE, invite, backend.assessment_id))
        return [(feature.value, ask, good) for feature, ask, good in asks if scene.has(feature)]


@attrs.frozen(kw_only=True)
class _Foreign(VendorOptions):
    """Options of a vendor that is not there."""

    colour: str = "green"


def _foreign() -> VendorOptions:
    return _Foreign()
