"""`interviewkit demo`: three vendors in a sandbox, over HTTP, from the invitation to the harvest, in seconds."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from itertools import chain, zip_longest
from pathlib import Path

from rich.text import Text

from interviewkit.capabilities import Feature
from interviewkit.cli import demo_harvest, render, sandboxed
from interviewkit.cli.accounts import connected
from interviewkit.cli.folders import check_writable, unwritable
from interviewkit.cli.render import Screen
from interviewkit.cli.report_view import report_view
from interviewkit.cli.sandboxed import Running
from interviewkit.errors import InterviewKitError, InvalidArgumentError
from interviewkit.hub import Hub
from interviewkit.model import Candidate, Invitation, Report, Session, SessionKind, SessionStatus
from interviewkit.serialize import dumps

CANDIDATES = (
    Candidate(email="backend.engineer@example.com", first_name="Backend", last_name="Engineer"),
    Candidate(email="data.engineer@example.com", first_name="Data", last_name="Engineer"),
)
COLUMNS = ("vendor", "kind", "status", "word", "title", "candidate", "created")
MOST = 600
REPORTS = "reports.jsonl"
UNKNOWN = (
    "unknown: nothing is guessed. RemoteInterview publishes words for finished candidates only; at Codility no field "
    "tells cancelled from expired."
)


async def demo(*, output: Path = Path("interviewkit-demo"), seed: int = 7, sessions: int = 24) -> None:
    """See three vendors side by side and harvest them: no account needed, every figure from an HTTP answer.

    Parameters
    ----------
    output
        Folder for the reports: as JSON Lines, in the harvest's store, and as Parquet.
    seed
        Same seed, same people and sessions.
    sessions
        Sessions that are there before anybody is invited.
    """
    if not 0 <= sessions <= MOST:
        raise InvalidArgumentError(f"--sessions is 0 to {MOST}: Codility answers 500 requests an hour")
    lacking = demo_harvest.missing()
    check_writable(output, REPORTS, *(() if lacking else (demo_harvest.STORE, *demo_harvest.FILES)))
    began = time.monotonic()
    screen = Screen()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        async with sandboxed.running(seed=seed, sessions=sessions) as box, connected(box.accounts) as hub:
            reports = await look(hub, box, screen)
            harvested = None if lacking else await demo_harvest.harvest_twice(hub, box, scratch, screen)
            requests = await count_requests(box)
        show_reports(hub, reports, screen)
        path = write(output, reports)
        screen.out.print()
        if harvested is None:
            screen.out.print(Text(f"The harvest is left out here: {lacking}"))
        else:
            demo_harvest.show(harvested, screen)
            demo_harvest.keep(scratch, output)
    took = time.monotonic() - began
    screen.out.print(Text(f"\n{len(reports)} reports in {path} · {requests} HTTP requests · {took:.1f} s"))


async def look(hub: Hub, box: Running, screen: Screen) -> list[Report]:
    """Invite candidates, let them work, and list everything; all reports come back."""
    screen.out.print(Text(f"Three vendors on loopback: {', '.join(provider.name for provider in hub)}"))
    made = await invite_and_create(hub)
    screen.out.print(
        Text(f"{_count(made, Invitation)} candidates invited, {_count(made, Session)} live sessions created")
    )
    worked = await box.work()
    screen.out.print(Text(f"{worked} candidates and interviewers at work … done\n"))
    listed = await list_everything(hub)
    screen.table(COLUMNS, map(_row, listed), title=f"{len(listed)} sessions", cut=(4, 5), drop=(3, 6, 1))
    return await fetch_everything(hub, listed, screen)


def show_reports(hub: Hub, reports: Sequence[Report], screen: Screen) -> None:
    """Scores side by side, and the richest report of each kind."""
    screen.out.print()
    show_scores(hub, reports, screen)
    for kind, heading in (
        (SessionKind.TAKE_HOME, "One candidate's report in full"),
        (SessionKind.LIVE, "A live session in full"),
    ):
        screen.out.print(Text(f"\n{heading}\n", style="bold"))
        screen.show(report_view(richest(reports, kind)))


def _row(session: Session) -> tuple[object, ...]:
    who = render.person(session.candidate)
    since = render.day(session.created_at or session.started_at)
    return (session.provider, session.kind, session.status, session.vendor_status, session.title, who, since)


def _count(made: Sequence[object], kind: type) -> int:
    return sum(1 for one in made if isinstance(one, kind))


async def invite_and_create(hub: Hub) -> list[Session | Invitation]:
    """Two invitations and one live session at each vendor."""
    made: list[Session | Invitation] = []
    for provider in hub:
        assessment = await _assessment(hub, provider.account)
        for candidate in CANDIDATES:
            made.append(await provider.invite_candidate(assessment, candidate))  # noqa: PERF401
        if provider.capabilities.supports(Feature.CREATE_SESSION):
            made.append(await provider.create_session(title="Pair programming"))
    return made


async def _assessment(hub: Hub, account: str) -> str | None:
    """The id of a test of this account that candidates take alone, else its first assessment."""
    found = await hub[account].list_assessments().collect(on_problem="collect")
    alone = [one for one in found if one.kind is SessionKind.TAKE_HOME]
    return next((one.id for one in [*alone, *found]), None)


async def list_everything(hub: Hub) -> list[Session]:
    """The sessions of all accounts, account by account; any account's failure is raised."""
    found = await hub.list_sessions().collect()
    for error in hub.failures.values():
        raise error
    order = {label: place for place, label in enumerate(hub.labels)}
    return sorted(found, key=lambda session: order[session.account])


async def fetch_everything(hub: Hub, sessions: Sequence[Session], screen: Screen) -> list[Report]:
    """All reports, in the order of the sessions; the first failure is raised."""
    found: dict[tuple[str, str], Report] = {}
    with screen.bar() as bar:
        task = bar.add_task("reports", total=len(sessions))
        async for outcome in hub.fetch_reports(sessions):
            if outcome.error is not None:
                raise outcome.error
            if outcome.report is not None:
                found[outcome.account, str(outcome.ref)] = outcome.report
            bar.advance(task)
    return [
        found[session.account, str(session.ref)] for session in sessions if (session.account, str(session.ref)) in found
    ]


async def count_requests(box: Running) -> int:
    """How many requests the vendors saw, as the sandbox counted them."""
    counts: dict[str, dict[str, int]] = await box.control("GET", "/counts")
    return sum(sum(routes.values()) for routes in counts.values())


def show_scores(hub: Hub, reports: Sequence[Report], screen: Screen) -> None:
    """For each vendor, who has how many points of how many, side by side."""
    columns: list[str] = []
    cells: list[list[tuple[object, object]]] = []
    for provider in hub:
        own = [report for report in reports if report.account == provider.account]
        own.sort(key=lambda report: (report.score is None, -((report.score and report.score.percent) or 0)))
        columns += [provider.name, "score" if any(report.score for report in own) else "status"]
        cells.append([(_who(report), _score(report)) for report in own])
    rows = (tuple(chain.from_iterable(row)) for row in zip_longest(*cells, fillvalue=(Text(""), Text(""))))
    screen.table(columns, rows, title="Scores side by side", cut=range(0, len(columns), 2))
    if any(report.status is SessionStatus.UNKNOWN for report in reports):
        screen.out.print(Text(UNKNOWN, style="dim"))


def _who(report: Report) -> str:
    return render.person(report.candidate) or report.session.title or report.ref.kind.value


def _score(report: Report) -> Text:
    if report.score is None:
        return Text(report.status.value, style="dim")
    percent = report.score.percent
    share = "" if percent is None else f" {percent:3.0f} %"
    return Text(f"{render.points(report.score)}{share}", style="green")


def richest(reports: Sequence[Report], kind: SessionKind) -> Report:
    """The report of this kind with most to see."""

    def weight(report: Report) -> tuple[int, int]:
        cases = sum(len(task.test_cases) for task in report.tasks)
        files = sum(len(task.files) for task in report.tasks)
        sections = (report.tasks, cases, files, report.notes, report.timeline, report.score, report.candidate)
        return sum(1 for section in sections if section), cases + files + len(report.timeline)

    fitting = [report for report in reports if report.session.kind is kind]
    if not fitting:
        raise InterviewKitError(f"the sandbox has no report of a {kind} session")
    return max(fitting, key=weight)


def write(folder: Path, reports: Sequence[Report]) -> Path:
    """Leave the reports as JSON Lines."""
    path = folder / REPORTS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(dumps(report) + "\n" for report in reports), encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from None
    return path
