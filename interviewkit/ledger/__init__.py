"""Writes that happen once: what was asked for, what came of it, and what is still open."""

from interviewkit.ledger.invite_ledger import InviteLedger
from interviewkit.ledger.journal import Journal, MemoryJournal
from interviewkit.ledger.operations import CommitModel, Operation, OperationState

__all__ = ["CommitModel", "InviteLedger", "Journal", "MemoryJournal", "Operation", "OperationState"]
