"""When an event is processed again that could not be processed: facts in, seconds out."""

from __future__ import annotations

import attrs

from interviewkit.errors import InvalidArgumentError, RateLimitedError

_MOST_DOUBLINGS = 32


@attrs.frozen(kw_only=True)
class Schedule:
    """When an event is processed again that could not be processed, in seconds."""

    first: float = 1.0
    """The first pause; each further one is twice as long."""
    longest: float = 3600.0
    give_up_after: float = 86400.0
    """Since its arrival, or since a person asked to try it again: then it has failed."""
    join_within: float = 120.0
    """Since its arrival: as long it waits for an invite under way that it may belong to."""
    missing_for: float = 30.0
    """Since its arrival: as long it is asked again for a session that the vendor does not know yet."""
    look_every: float = 1.0
    """How often to look for what other processes have left."""

    def __attrs_post_init__(self) -> None:
        for name, value in attrs.asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise InvalidArgumentError(f"Schedule: {name} is a number of seconds above 0")

    def pause(self, tries: int, error: BaseException | None = None) -> float:
        """How long to wait after so many tries before this one, and not less than the vendor asks for."""
        asked = error.retry_after if isinstance(error, RateLimitedError) else None
        return min(max(self.first * 2.0 ** min(tries, _MOST_DOUBLINGS), asked or 0.0), self.longest)

    def joining_pause(self, age: float) -> float:
        """How long to wait for an invite's answer: shortly at first."""
        return min(max(0.1, age / 4), 5.0)
