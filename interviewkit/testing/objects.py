"""Checks on the shared model's objects: times, references, owners, scores, pickles, reports that fit their session."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from interviewkit.capabilities import Feature
from interviewkit.errors import InvalidArgumentError, UnsupportedError
from interviewkit.model import Artifact, SessionKind, SessionRef, SessionStatus
from interviewkit.testing.stage import Scene, Stage
from interviewkit.testing.walk import leaves, objects

OPEN = {SessionStatus.CREATED, SessionStatus.INVITED, SessionStatus.IN_PROGRESS, SessionStatus.UNKNOWN}


async def _everything(scene: Scene) -> dict[str, Any]:
    """The result of every operation that has one."""
    return {one.name: await scene.run(one) for one in scene.operations if one.result}


class Objects(Stage):
    """What comes out is what the model promises."""

    async def test_times_are_aware_and_in_utc(self) -> None:
        async with self.scene() as scene:
            for operation, result in (await _everything(scene)).items():
                for name, value in leaves(result):
                    if isinstance(value, datetime):
                        assert value.utcoffset() == timedelta(0), f"{operation}: {name} is {value!r}"

    async def test_references_round_trip_and_lead_back(self) -> None:
        async with self.scene() as scene:
            for operation, result in (await _everything(scene)).items():
                for ref in [one for one in objects(result) if isinstance(one, SessionRef)]:
                    assert SessionRef.parse(str(ref)) == ref, f"{operation}: a reference does not round-trip"
                    assert ref.provider == scene.provider.name, f"{operation}: a reference of {ref.provider}"
            if scene.has(Feature.GET_SESSION):
                finished = scene.backend.finished
                session = await scene.provider.get_session(finished)
                assert session.ref == finished, "get_session gives another reference than it was asked for"
                for form in (str(finished), session):
                    assert (await scene.provider.get_session(form)).ref == finished

    async def test_every_object_says_whose_it_is(self) -> None:
        async with self.scene() as scene:
            for operation, result in (await _everything(scene)).items():
                for found in objects(result):
                    if hasattr(found, "provider") and hasattr(found, "account"):
                        assert found.provider == scene.provider.name, f"{operation}: {type(found).__name__}.provider"
                        assert found.account == scene.provider.account, f"{operation}: {type(found).__name__}.account"

    async def test_every_object_pickles_and_copies(self) -> None:
        async with self.scene() as scene:
            for operation, result in (await _everything(scene)).items():
                for found in objects(result):
                    for made in (pickle.loads(pickle.dumps(found)), copy.copy(found), copy.deepcopy(found)):  # noqa: S301
                        assert made == found, f"{operation}: {type(found).__name__} changes when it is copied"
                        assert getattr(made, "raw", None) == getattr(found, "raw", None), f"{operation}: raw is lost"

    async def test_a_score_is_the_vendors_own(self) -> None:
        async with self.scene() as scene:
            if scene.has(Feature.FETCH_REPORT):
                report = await scene.provider.fetch_report(scene.backend.finished)
                assert report.score == scene.backend.score, f"{report.score}, the vendor says {scene.backend.score}"
                unfinished = await scene.provider.fetch_report(scene.backend.unfinished)
                assert unfinished.score is None, "a session that is not finished has a score"

    async def test_a_report_agrees_with_its_session(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.FETCH_REPORT):
                return
            for ref in (scene.backend.finished, scene.backend.unfinished):
                report = await scene.provider.fetch_report(ref)
                assert report.ref == report.session.ref == ref, "a report is of another session than was asked for"
                assert report.status is report.session.status
                assert report.vendor_status == report.session.vendor_status
                assert report.decision is report.session.decision
                if scene.has(Feature.GET_SESSION):
                    session = await scene.provider.get_session(ref)
                    assert session.status is report.status, f"get_session: {session.status}, report: {report.status}"
                    assert session.kind is report.session.kind
                assert all(one.ref == ref for one in objects(report) if isinstance(one, Artifact))

    async def test_a_list_agrees_with_its_sessions(self) -> None:
        async with self.scene() as scene:
            if scene.has(Feature.LIST_SESSIONS) and scene.has(Feature.GET_SESSION):
                rows = await scene.provider.list_sessions(**scene.backend.listing).collect()
                for ref in (scene.backend.finished, scene.backend.unfinished):
                    listed = [row for row in rows if row.ref == ref]
                    assert len(listed) == 1, f"list_sessions has {len(listed)} rows of a session that is there"
                    session = await scene.provider.get_session(ref)
                    assert listed[0].kind is session.kind
                    told = {session.status, SessionStatus.UNKNOWN}
                    if scene.backend.lists_know_less:
                        told |= {SessionStatus.IN_PROGRESS} if session.status is SessionStatus.COMPLETED else set()
                    assert listed[0].status in told, f"the list says {listed[0].status}, the session {session.status}"

    async def test_a_list_of_one_kind_or_assessment_holds_no_other(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.LIST_SESSIONS):
                return
            for kind in SessionKind:
                for row in await self._narrowed(scene, kind=kind):
                    assert row.kind is kind, f"a list of {kind} sessions holds one of {row.kind}"
            assessment = scene.backend.assessment_id
            if assessment is not None:
                for row in await self._narrowed(scene, assessment_id=assessment):
                    assert row.assessment_id == assessment, f"a list of one assessment holds {row.assessment_id}"

    @staticmethod
    async def _narrowed(scene: Scene, **asked: Any) -> list[Any]:
        """The rows, or none where the vendor cannot narrow its list so and nothing was sent."""
        scene.calm()
        try:
            rows: list[Any] = await scene.provider.list_sessions(**{**scene.backend.listing, **asked}).collect()
        except (InvalidArgumentError, UnsupportedError):
            assert not scene.tap.sent, "a filter is refused after something was sent"
            return []
        return rows

    async def test_finished_and_open_sessions_are_told_apart(self) -> None:
        async with self.scene() as scene:
            if scene.has(Feature.FETCH_REPORT):
                done = await scene.provider.fetch_report(scene.backend.finished)
                assert done.status is SessionStatus.COMPLETED, f"a finished session is {done.status}"
                assert done.is_final, "a finished session's report is not final"
                going = await scene.provider.fetch_report(scene.backend.unfinished)
                assert going.status in OPEN, f"an unfinished session is {going.status}"
                assert not going.is_final, "an unfinished session's report is final"

    async def test_an_invitation_is_the_candidates_own(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.INVITE_CANDIDATE):
                return
            backend = scene.backend
            made = await scene.provider.invite_candidate(backend.assessment_id, backend.candidate, **backend.invite)
            assert made.candidate is not None
            assert made.candidate.email == backend.candidate.email, "the invitation is another candidate's"
            assert made.url, "an invitation without a link"
            assert made.assessment_id == backend.assessment_id
            assert made.email_sent in {False, None}, "nobody asked for a mail, and email_sent is True"
            if scene.has(Feature.GET_SESSION):
                assert (await scene.provider.get_session(made)).ref == made.ref

    async def test_objects_cannot_be_changed(self) -> None:
        async with self.scene() as scene:
            for result in (await _everything(scene)).values():
                for found in objects(result):
                    field = attrs.fields(type(found))[0].name
                    with pytest.raises(AttributeError):
                        setattr(found, field, None)
