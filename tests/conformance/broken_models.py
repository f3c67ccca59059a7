"""Providers that trip over what vendors send, or make wrong models of it."""

from __future__ import annotations

from typing import Any

import attrs

from interviewkit import AccountStatus, InvalidArgumentError, Score, SessionStatus
from interviewkit.testing import FakeProvider

from .broken import breaks
from .broken_lists import Paging


class Reading(FakeProvider):
    """Changes, or looks at, the session that was read."""

    async def get_session(self, ref: Any) -> Any:
        return self.read(await super().get_session(ref))

    def read(self, found: Any) -> Any:
        return found


class Reporting(FakeProvider):
    """Changes the report that was fetched."""

    async def fetch_report(self, ref: Any) -> Any:
        return self.read(await super().fetch_report(ref))

    def read(self, found: Any) -> Any:
        return found


class Checking(FakeProvider):
    """Changes the account's status."""

    async def check(self) -> Any:
        return self.read(await super().check())

    def read(self, found: Any) -> Any:
        return found


# --- what vendors send -----------------------------------------------------------------------------------------------


@breaks("test_a_missing_field_loses_at_most_its_own_row")
class CountsOnAKey(Reading):
    def read(self, found: Any) -> Any:
        assert found.raw["title"] != ""
        return found


@breaks("test_a_null_field_loses_at_most_its_own_row")
class CountsOnAValue(Reading):
    def read(self, found: Any) -> Any:
        return found if "created_at" not in found.raw or len(found.raw["created_at"]) else None


@breaks("test_a_field_of_another_type_loses_at_most_its_own_row")
class CountsOnAType(Reading):
    def read(self, found: Any) -> Any:
        return found if (found.raw.get("version") or "").upper() is not None else None


@breaks("test_an_unseen_word_in_any_field_loses_at_most_its_own_row")
class CountsOnAWord(Reading):
    def read(self, found: Any) -> Any:
        kind = found.raw.get("kind")
        return found if kind is None or {"live": 1, "take_home": 2}[kind] else None


@breaks("test_an_unknown_status_is_unknown_and_kept_verbatim")
class GuessesStatuses(Reading):
    def read(self, found: Any) -> Any:
        unknown = found.status is SessionStatus.UNKNOWN
        return attrs.evolve(found, status=SessionStatus.IN_PROGRESS) if unknown else found


@breaks("test_an_unknown_status_is_unknown_and_kept_verbatim")
class ShoutsStatuses(Reading):
    def read(self, found: Any) -> Any:
        unknown = found.status is SessionStatus.UNKNOWN
        return attrs.evolve(found, vendor_status=str(found.vendor_status).upper()) if unknown else found


@breaks("test_raw_is_the_vendors_json_untouched")
class AddsToRaw(Checking):
    def read(self, found: Any) -> Any:
        return attrs.evolve(found, raw={**found.raw, "seen": True})


# --- models ----------------------------------------------------------------------------------------------------------


@breaks("test_times_are_aware_and_in_utc")
class ForgetsTimeZones(Reading):
    def read(self, found: Any) -> Any:
        made = found.created_at and found.created_at.replace(tzinfo=None)
        return attrs.evolve(found, created_at=made)


@breaks("test_references_round_trip_and_lead_back")
class ReadsNoText(FakeProvider):
    async def get_session(self, ref: Any) -> Any:
        if isinstance(ref, str):
            raise InvalidArgumentError("no text", provider="fake")
        return await super().get_session(ref)


@breaks("test_every_object_says_whose_it_is")
class ForgetsTheAccount(Paging):
    def turn(self, page: Any) -> Any:
        return page.map(lambda row: attrs.evolve(row, account="fake"))


@breaks("test_every_object_pickles_and_copies")
class MakesLocalClasses(Checking):
    def read(self, found: Any) -> Any:
        class Local(AccountStatus):
            """A class that no pickle finds."""

        return Local(**{field.name: getattr(found, field.name) for field in attrs.fields(AccountStatus)})


@breaks("test_a_score_is_the_vendors_own")
class ScoresInPercent(Reporting):
    def read(self, found: Any) -> Any:
        percent = found.score and found.score.percent
        return found if percent is None else attrs.evolve(found, score=Score(points=percent, max_points=100))


@breaks("test_a_report_agrees_with_its_session")
class ReportsOtherWords(Reporting):
    def read(self, found: Any) -> Any:
        return attrs.evolve(found, vendor_status="reported")


@breaks("test_a_list_agrees_with_its_sessions")
class ListsOtherStatuses(Paging):
    def turn(self, page: Any) -> Any:
        return page.map(lambda row: attrs.evolve(row, status=SessionStatus.EXPIRED))


@breaks("test_a_list_of_one_kind_or_assessment_holds_no_other")
class FiltersNothing(FakeProvider):
    def list_sessions(self, *, assessment_id: Any = None, **asked: Any) -> Any:
        return super().list_sessions(**asked)


@breaks("test_finished_and_open_sessions_are_told_apart")
class CallsAllFinal(Reporting):
    def read(self, found: Any) -> Any:
        return attrs.evolve(found, is_final=True)


@breaks("test_an_invitation_is_the_candidates_own")
class ClaimsAMail(FakeProvider):
    async def invite_candidate(self, *given: Any, **asked: Any) -> Any:
        return attrs.evolve(await super().invite_candidate(*given, **asked), email_sent=True)


class Loose(AccountStatus):
    """A status that can be changed."""

    __setattr__ = object.__setattr__


@breaks("test_objects_cannot_be_changed")
class MakesLooseObjects(Checking):
    def read(self, found: Any) -> Any:
        return Loose(**{field.name: getattr(found, field.name) for field in attrs.fields(AccountStatus)})
