"""The shared vocabulary: kinds, statuses and verdicts, whoever the vendor."""

from __future__ import annotations

import enum


class SessionKind(enum.StrEnum):
    """Whether people meet in the session, or a candidate works alone."""

    LIVE = "live"
    TAKE_HOME = "take_home"


class SessionStatus(enum.StrEnum):
    """Where a session stands; a vendor's word that nobody has seen yet is `UNKNOWN`."""

    CREATED = "created"
    INVITED = "invited"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Decision(enum.StrEnum):
    """A recruiter's verdict after the session."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class TaskKind(enum.StrEnum):
    """What a candidate was asked to do in one task."""

    CODING = "coding"
    PROJECT = "project"
    SQL = "sql"
    MULTIPLE_CHOICE = "multiple_choice"
    OPEN_ENDED = "open_ended"
    UNKNOWN = "unknown"


class ArtifactKind(enum.StrEnum):
    """What a file or page beside a report is."""

    REPORT = "report"
    PDF = "pdf"
    SIMILARITY = "similarity"
    PLAYBACK = "playback"
    HISTORY = "history"
    DRAWING = "drawing"
    SUBMISSION = "submission"
    FEEDBACK = "feedback"


class TimelineKind(enum.StrEnum):
    """What happened at one moment of a session."""

    JOINED = "joined"
    LEFT = "left"
    RAN = "ran"
    EXECUTION_ENABLED = "execution_enabled"
    EXECUTION_DISABLED = "execution_disabled"
    STARTED = "started"
    ENDED = "ended"
    OTHER = "other"


class SimilarityStatus(enum.StrEnum):
    """What a vendor's plagiarism check says."""

    NONE = "none"
    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    SUSPECTED = "suspected"
    UNKNOWN = "unknown"


class EventType(enum.StrEnum):
    """What a vendor's webhook tells: that a candidate's result is there, or what the plagiarism check says of it."""

    RESULT = "result"
    SIMILARITY = "similarity"
