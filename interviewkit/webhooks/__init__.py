"""What vendors tell by themselves: their webhooks verified and read, and a receiver that stores and believes them.

The receiver needs the extra `interviewkit[harvest]`: it shares the harvest's store.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from interviewkit.errors import ConfigurationError
from interviewkit.model import EventType, WebhookEvent
from interviewkit.webhooks.answers import Answer, Verdict
from interviewkit.webhooks.parsing import parse

if TYPE_CHECKING:
    from interviewkit.webhooks.deadletters import DeadLetters
    from interviewkit.webhooks.inbox import Inbox
    from interviewkit.webhooks.receiver import ReceiverCounters, WebhookReceiver
    from interviewkit.webhooks.rows import EventState, InboxProblem, InboxStatus
    from interviewkit.webhooks.schedule import Schedule

_HOMES = {
    "deadletters": ("DeadLetters",),
    "inbox": ("Inbox",),
    "receiver": ("ReceiverCounters", "WebhookReceiver"),
    "rows": ("EventState", "InboxProblem", "InboxStatus"),
    "schedule": ("Schedule",),
}
__all__ = [
    "Answer",
    "DeadLetters",
    "EventState",
    "EventType",
    "Inbox",
    "InboxProblem",
    "InboxStatus",
    "ReceiverCounters",
    "Schedule",
    "Verdict",
    "WebhookEvent",
    "WebhookReceiver",
    "parse",
]


def _load(name: str) -> Any:
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return globals().setdefault(name, getattr(importlib.import_module(f"{__name__}.{home}"), name))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "interviewkit":
            raise
        raise ConfigurationError("the receiver needs an extra", hint="pip install 'interviewkit[harvest]'") from None


if not TYPE_CHECKING:  # a type checker knows the names above, and should tell of others
    __getattr__ = _load


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
