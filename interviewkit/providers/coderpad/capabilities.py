"""What CoderPad has and what it lacks, by https://coderpad.io/api and https://api.interview.coderpad.io (2026-11)."""

from __future__ import annotations

from interviewkit.capabilities import Capabilities, Feature, emulated, native, unsupported

NO_REFERENCE = "a pad has no field for the caller's reference: keep the session's own beside yours"
NO_MAIL = "the API mails nobody: send the invitation's url yourself"
NO_CALLBACK = "the API calls nobody back: list sessions with updated_since"
NO_PLACE = "a pad names no candidate: people give their names themselves when they join"

NOT_TOLD = {
    "reference": NO_REFERENCE,
    "email": NO_MAIL,
    "callback_url": NO_CALLBACK,
    "report_emails": "the API mails nobody",
    "redirect_url": "a pad leads nowhere when it ends",
}
"""What an invitation cannot carry."""

CAPABILITIES = Capabilities({
    Feature.CREATE_SESSION: native("a pad, from a question with template_id", limit="the plan's pads a billing cycle"),
    Feature.LIST_SESSIONS: emulated(
        "the key's own pads, or the organization's with organization=True; kind and assessment_id are filtered here, "
        "all pads are read for them", limit="50 pads a page, values up to a minute old",
    ),
    Feature.GET_SESSION: native("the pad as it is now"),
    Feature.FETCH_REPORT: native("the pad, each of its environments, and its events: two requests and more; no scores"),
    Feature.INVITE_CANDIDATE: emulated(
        'creates a pad, titled "Interview with" and the candidate\'s name where there is one, and returns its link',
        limit="the plan's pads a billing cycle",
    ),
    Feature.BATCH_INVITE: emulated("one pad a candidate, four at a time"),
    Feature.EMAIL_CANDIDATE: unsupported(NO_MAIL),
    Feature.LIST_ASSESSMENTS: native("questions; none is ever archived", limit="50 questions a page"),
    Feature.END_SESSION: native("ends the pad; the API cannot open it again"),
    Feature.REPORT_LINK: unsupported("the API makes no link that opens without a login: see Session.playback_url"),
    Feature.DOWNLOAD: native("drawings and edit histories; the playback is a page for a person who is logged in"),
    Feature.CHECK: native("reads the quota: pads used, left, and when the count was last reset"),
    Feature.UPDATED_SINCE: emulated(
        "reads pads by their last change until 120 seconds before the time asked for, so a few older ones come along"
    ),
    Feature.REFERENCE: unsupported(NO_REFERENCE),
    Feature.CALLBACK: unsupported(NO_CALLBACK),
    Feature.WEBHOOKS: unsupported("CoderPad Interview has no webhooks: list sessions with updated_since"),
})  # fmt: skip
