"""The vendors on loopback, written from their documents: `async with Sandbox(seed=7, sessions=30) as box: ...`."""

from .box import Sandbox
from .clock import EPOCH, VirtualClock
from .deliveries import Delivery
from .faults import Fault, FaultKind
from .forgery import Forgery
from .serve import serve
from .traffic import Commit, SeenRequest, Violation

__all__ = [
    "EPOCH",
    "Commit",
    "Delivery",
    "Fault",
    "FaultKind",
    "Forgery",
    "Sandbox",
    "SeenRequest",
    "Violation",
    "VirtualClock",
    "serve",
]
