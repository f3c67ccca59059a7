"""Checks that a provider does what it declares, and says what it does not."""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

import pytest

from interviewkit.capabilities import Capability, Feature, Support
from interviewkit.errors import UnsupportedError
from interviewkit.model import (
    Artifact,
    ArtifactKind,
    Candidate,
    Dropped,
    Invitation,
    InvitationEmail,
    Report,
    ReportOutcome,
    Session,
)
from interviewkit.provider import InterviewProvider
from interviewkit.testing.scripted import Sent
from interviewkit.testing.stage import LABEL, Scene, Stage

SINCE = datetime(2001, 2, 3, tzinfo=UTC)
CALLBACK_URL = "https://ats.example.com/hooks/conformance"

Ask = Callable[[Any, Any], Awaitable[Any]]


def _creating(**asked: Any) -> Ask:
    return lambda provider, backend: provider.create_session(**{**backend.create, **asked})


def _inviting(**asked: Any) -> Ask:
    return lambda provider, backend: provider.invite_candidate(
        backend.assessment_id, backend.candidate, **{**backend.invite, **asked}
    )


async def _mailing(provider: Any, backend: Any) -> Any:
    return await _inviting(email=backend.email)(provider, backend)


async def _all(outcomes: Any) -> list[Any]:
    return [outcome async for outcome in outcomes]


async def _downloading(provider: Any, backend: Any) -> Any:
    artifact = backend.artifact or Artifact(ref=backend.finished, kind=ArtifactKind.REPORT)
    return await provider.download(artifact, io.BytesIO())


async def _changed_since(provider: Any, backend: Any) -> Any:
    return await provider.list_sessions(**{**backend.listing, "updated_since": SINCE}).collect()


async def _listing(provider: Any, backend: Any) -> Any:
    return await provider.list_sessions(**backend.listing).collect()


async def _listing_assessments(provider: Any, backend: Any) -> Any:
    return await provider.list_assessments().collect()


USES: dict[Feature, tuple[Ask, ...]] = {
    Feature.CREATE_SESSION: (_creating(),),
    Feature.LIST_SESSIONS: (_listing,),
    Feature.GET_SESSION: (lambda provider, backend: provider.get_session(backend.finished),),
    Feature.FETCH_REPORT: (
        lambda provider, backend: provider.fetch_report(backend.finished),
        lambda provider, backend: _all(provider.fetch_reports([backend.finished])),
    ),
    Feature.INVITE_CANDIDATE: (_inviting(),),
    Feature.BATCH_INVITE: (
        lambda provider, backend: _all(
            provider.invite_candidates(backend.assessment_id, [backend.candidate], **_of_all(backend.invite))
        ),
    ),
    Feature.EMAIL_CANDIDATE: (_mailing,),
    Feature.LIST_ASSESSMENTS: (_listing_assessments,),
    Feature.END_SESSION: (lambda provider, backend: provider.end_session(backend.endable or backend.unfinished),),
    Feature.REPORT_LINK: (lambda provider, backend: provider.report_link(backend.finished),),
    Feature.DOWNLOAD: (_downloading,),
    Feature.CHECK: (lambda provider, backend: provider.check(),),
    Feature.UPDATED_SINCE: (_changed_since,),
    Feature.REFERENCE: (_inviting(reference="conformance-1"),),
    Feature.CALLBACK: (_inviting(callback_url=CALLBACK_URL),),
}
"""How each feature is used. `WEBHOOKS` is a matter of receiving: it sends nothing."""

RESULTS: dict[Feature, type[Any]] = {
    Feature.CREATE_SESSION: Session,
    Feature.GET_SESSION: Session,
    Feature.INVITE_CANDIDATE: Invitation,
    Feature.EMAIL_CANDIDATE: Invitation,
    Feature.REFERENCE: Invitation,
    Feature.CALLBACK: Invitation,
}

INSTRUCTIONS: dict[str, tuple[Feature, Ask, str]] = {
    "notes": (Feature.CREATE_SESSION, _creating(notes="ask about queues"), "ask about queues"),
    "private": (Feature.CREATE_SESSION, _creating(private=True), "private"),
    "language": (Feature.CREATE_SESSION, _creating(language="python3"), "python3"),
    "reference": (Feature.INVITE_CANDIDATE, _inviting(reference="conformance-1"), "conformance-1"),
    "callback_url": (Feature.INVITE_CANDIDATE, _inviting(callback_url=CALLBACK_URL), CALLBACK_URL),
    "redirect_url": (
        Feature.INVITE_CANDIDATE,
        _inviting(redirect_url="https://ats.example.com/thanks"),
        "https://ats.example.com/thanks",
    ),
    "report_emails": (
        Feature.INVITE_CANDIDATE,
        _inviting(report_emails=["hiring@example.com"]),
        "hiring@example.com",
    ),
    "email": (
        Feature.INVITE_CANDIDATE,
        _inviting(email=InvitationEmail(subject="Your interview", content="Here: [PRIVATE_TEST_LINK]")),
        "Your interview",
    ),
}
"""Instructions: the feature they go with, how they are given, and the text that must then leave."""


def _of_all(invite: Any) -> dict[str, Any]:
    """The keywords of one invitation that a batch takes too."""
    return {name: value for name, value in invite.items() if name != "reference"}


def _tells(sent: list[Sent], text: str) -> bool:
    """Whether a text stands in what was sent, in the path, the query or the body, whatever its encoding."""
    for one in sent:
        body = (one.body or b"").decode(errors="replace")
        words = f"{unquote_plus(one.url)} {body} {unquote_plus(body)}"
        if text in words or json.dumps(text)[1:-1] in words:
            return True
    return False


class Declaration(Stage):
    """Declaration and behaviour agree, both ways."""

    async def test_it_speaks_the_protocol_and_says_who_it_is(self) -> None:
        async with self.scene() as scene:
            provider = scene.provider
            assert isinstance(provider, InterviewProvider)
            assert isinstance(provider.name, str)
            assert provider.name
            assert provider.account == LABEL, "account= is not what provider.account says"
            assert set(provider.capabilities) == set(Feature), "capabilities must speak of every Feature"
            assert all(isinstance(one, Capability) for one in provider.capabilities.values())

    async def test_what_is_emulated_or_unsupported_carries_a_note(self) -> None:
        async with self.scene() as scene:
            for feature, found in scene.provider.capabilities.items():
                assert found.support is Support.NATIVE or found.note.strip(), f"{feature} has no note"

    async def test_what_is_declared_supported_works(self) -> None:
        for feature, uses in USES.items():
            for use in uses:
                async with self.scene() as scene:
                    if scene.has(feature):
                        await self._works(scene, feature, use)

    async def _works(self, scene: Scene, feature: Feature, use: Ask) -> None:
        try:
            result = await use(scene.provider, scene.backend)
        except UnsupportedError as error:
            pytest.fail(f"{feature} is declared {scene.provider.capabilities[feature].support}, but: {error}")
        assert scene.tap.sent, f"{feature} is declared, but using it sends nothing"
        if feature in RESULTS:
            assert isinstance(result, RESULTS[feature]), f"{feature} gives {type(result)}"
            asked = {Feature.EMAIL_CANDIDATE: "email", Feature.REFERENCE: "reference", Feature.CALLBACK: "callback_url"}
            dropped = [one.field for one in result.warnings]
            assert asked.get(feature) not in dropped, f"{feature} is declared, but dropped"
        if feature is Feature.EMAIL_CANDIDATE:
            assert result.email_sent is True, "the vendor mails the candidate, but email_sent is not True"
        if feature in {Feature.FETCH_REPORT, Feature.BATCH_INVITE} and isinstance(result, list):
            assert [one.error for one in result] == [None], f"{feature}: {result}"
            assert not isinstance(result[0], ReportOutcome) or isinstance(result[0].report, Report)

    async def test_what_is_declared_unsupported_raises_with_its_note_and_sends_nothing(self) -> None:
        async with self.scene() as scene:
            for feature, uses in USES.items():
                capability = scene.provider.capabilities[feature]
                for use in uses if not capability else ():
                    with pytest.raises(UnsupportedError) as caught:
                        await use(scene.provider, scene.backend)
                    assert not scene.tap.sent, f"{feature} is unsupported, but something was sent"
                    whole = _NEEDS.get(feature)
                    if feature not in _SAID_BY_FIELD and (whole is None or scene.has(whole)):
                        assert capability.note in str(caught.value), f"{feature}: the error does not hold the note"

    async def test_updated_since_leaves_out_what_is_older(self) -> None:
        async with self.scene() as scene:
            if scene.has(Feature.UPDATED_SINCE):
                listing = scene.backend.listing
                everything = await scene.provider.list_sessions(**listing, updated_since=SINCE).collect()
                whole = await scene.provider.list_sessions(**listing).collect()
                assert len(everything) == len(whole), "sessions that changed later are left out"
                newest = max(row.updated_at or row.created_at for row in everything)
                since = newest + timedelta(hours=1)
                later = await scene.provider.list_sessions(**listing, updated_since=since).collect()
                assert later == [], "updated_since is asked for, and older sessions come"

    async def test_webhooks_are_declared_where_events_can_be_read(self) -> None:
        async with self.scene() as scene:
            if scene.has(Feature.WEBHOOKS):
                assert callable(getattr(scene.provider, "parse_event", None)), "WEBHOOKS needs parse_event"

    async def test_no_instruction_is_dropped_in_silence(self) -> None:
        for field, (feature, ask, text) in INSTRUCTIONS.items():
            async with self.scene() as scene:
                if not scene.has(feature):
                    continue
                try:
                    result = await ask(scene.provider, scene.backend)
                except UnsupportedError:
                    assert not scene.tap.sent, f"{field} cannot be told, but something was sent before that was said"
                    continue
                assert field not in [one.field for one in result.warnings], f"{field} was dropped, not refused"
                assert _tells(scene.tap.sent, text), f"{field} was given, and neither sent nor refused"

    async def test_with_unsupported_warn_what_was_dropped_comes_back_as_warnings(self) -> None:
        for field, (feature, ask, text) in INSTRUCTIONS.items():
            async with self.scene(unsupported="warn") as scene:
                if not scene.has(feature):
                    continue
                result = await ask(scene.provider, scene.backend)
                assert all(isinstance(one, Dropped) and one.reason for one in result.warnings)
                told = _tells(scene.tap.sent, text)
                warned = field in [one.field for one in result.warnings]
                assert told != warned, f"{field}: told the vendor: {told}, warned of: {warned}"

    async def test_what_only_describes_a_candidate_never_stops_an_invitation(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.INVITE_CANDIDATE):
                return
            known = scene.backend.candidate
            whole = Candidate(
                email=known.email, name="Jo Doe", first_name="Jo", last_name="Doe", phone="+1 555 010 0199",
                attributes={"team": "data"},
            )  # fmt: skip
            made = await scene.provider.invite_candidate(scene.backend.assessment_id, whole, **scene.backend.invite)
            dropped = " ".join(one.field for one in made.warnings)
            for field, text in (("phone", "555 010 0199"), ("attributes", "team")):
                assert _tells(scene.tap.sent, text) or field in dropped, f"the candidate's {field} vanished in silence"


_NEEDS = {
    Feature.BATCH_INVITE: Feature.INVITE_CANDIDATE,
    Feature.UPDATED_SINCE: Feature.LIST_SESSIONS,
    Feature.EMAIL_CANDIDATE: Feature.INVITE_CANDIDATE,
    Feature.REFERENCE: Feature.INVITE_CANDIDATE,
    Feature.CALLBACK: Feature.INVITE_CANDIDATE,
}
"""Features that are part of another: where that is missing, its note is the one that is shown."""

_SAID_BY_FIELD = {Feature.EMAIL_CANDIDATE, Feature.REFERENCE, Feature.CALLBACK}
"""Features that are an argument: their refusal names the argument and its own reason."""
