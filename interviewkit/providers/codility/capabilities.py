"""What Codility has and what it lacks, by https://codility.com/api-documentation/ (read 2026-11)."""

from __future__ import annotations

from interviewkit.capabilities import Capabilities, Feature, native, unsupported

_LIMIT_NOTE = "500 requests per user and hour"

CAPABILITIES = Capabilities(
    {
        Feature.CREATE_SESSION: native("a CodeLive whiteboard; of its fields only the title can be told"),
        Feature.LIST_SESSIONS: native("all sessions or one test's, without results; kind= is filtered here"),
        Feature.GET_SESSION: native("the status is derived: the vendor has no field for it"),
        Feature.FETCH_REPORT: native("results by task, similarity, candidate data", limit=_LIMIT_NOTE),
        Feature.INVITE_CANDIDATE: native("a private link to a test"),
        Feature.BATCH_INVITE: native("up to 100 candidates in one request"),
        Feature.EMAIL_CANDIDATE: native("by a second request, with the account's template or one's own text"),
        Feature.LIST_ASSESSMENTS: native("tests; archived ones on request"),
        Feature.END_SESSION: native("cancels; a session being evaluated or closed is a ConflictError"),
        Feature.REPORT_LINK: native("report and similarity report; each call makes a new link that expires"),
        Feature.DOWNLOAD: native("the PDF report of a session that was started; pages are opened by report_link()"),
        Feature.CHECK: native("credit level"),
        Feature.UPDATED_SINCE: unsupported("its lists have neither a filter nor a time of change"),
        Feature.REFERENCE: native("the candidate's id at the vendor; create_session() cannot tell one"),
        Feature.CALLBACK: native("result and similarity; the similarity check may never come"),
        Feature.WEBHOOKS: native("result and similarity; verified where the vendor signs them with token and checksum"),
    }
)
