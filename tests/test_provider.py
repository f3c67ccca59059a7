"""What a provider inherits: other vendors' options refused, unsupported features refused, both before any request."""

from __future__ import annotations

import attrs
import pytest

from interviewkit import (
    BaseProvider,
    Candidate,
    Capabilities,
    Capability,
    CoderPadOptions,
    CodilityOptions,
    Feature,
    InvalidArgumentError,
    RemoteInterviewOptions,
    Support,
    UnsupportedError,
    VendorOptions,
)


class Plain(BaseProvider):
    """A vendor without options of its own."""

    name = "plain"


@attrs.frozen(kw_only=True)
class OwnOptions(VendorOptions):
    colour: str | None = None


class Own(BaseProvider):
    """A vendor with options."""

    name = "own"
    options_type = OwnOptions


@pytest.mark.parametrize("options", [CoderPadOptions(), CodilityOptions(), RemoteInterviewOptions(), OwnOptions()])
def test_a_provider_without_options_of_its_own_refuses_every_vendors(options: VendorOptions) -> None:
    with pytest.raises(InvalidArgumentError, match="plain") as caught:
        Plain().take_options(options)
    assert type(options).__name__ in str(caught.value)


def test_a_provider_without_options_of_its_own_takes_extra() -> None:
    assert Plain().take_options(None) == VendorOptions()
    assert Plain().take_options(VendorOptions(extra={"a": 1})).extra == {"a": 1}


def test_a_provider_with_options_takes_its_own_only() -> None:
    assert Own().take_options(OwnOptions(colour="blue")).colour == "blue"
    assert Own().take_options(None) == OwnOptions()
    for other in (CoderPadOptions(), VendorOptions(extra={"a": 1})):
        with pytest.raises(InvalidArgumentError, match="OwnOptions"):
            Own().take_options(other)


class OneByOne(BaseProvider):
    """Can invite one candidate, and says of batches that it cannot."""

    name = "one"
    capabilities = Capabilities(
        {
            Feature.INVITE_CANDIDATE: Capability(Support.NATIVE),
            Feature.BATCH_INVITE: Capability(Support.UNSUPPORTED, "one a day"),
        }
    )


async def test_a_batch_is_refused_with_its_note_where_it_is_unsupported() -> None:
    people = iter([Candidate(email="candidate@example.com")])
    with pytest.raises(UnsupportedError, match="one a day"):
        await anext(OneByOne().invite_candidates("1", people))
    assert next(people).email == "candidate@example.com"
