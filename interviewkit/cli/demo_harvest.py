"""The demo's second half: the sandbox harvested into SQLite twice, exported to Parquet, and asked a question."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from rich.text import Text

from interviewkit.cli import harvest_view
from interviewkit.cli.folders import unwritable
from interviewkit.cli.render import Screen
from interviewkit.cli.sandboxed import Running
from interviewkit.errors import ConfigurationError, InterviewKitError
from interviewkit.hub import Hub
from interviewkit.model import Candidate

if TYPE_CHECKING:
    from interviewkit.cli.demo_webhooks import Round
    from interviewkit.harvest import AccountSummary, RunSummary, Store

STORE = "harvest.db"
FILES = ("reports.parquet", "tasks.parquet", "test_cases.parquet")
LATECOMER = Candidate(email="platform.engineer@example.com", first_name="Platform", last_name="Engineer")
_SHOWN = 3


@attrs.frozen
class Harvested:
    """What both passes did, and what the export answers."""

    passes: tuple[RunSummary, RunSummary]
    rows: Mapping[str, int]
    failed: Sequence[tuple[str, int, int]]
    """Task, how many candidates failed it, of how many."""
    rounds: Sequence[Round]
    """What the vendors told by webhook."""


def missing() -> str | None:
    """What to install for this half, `None` when it is there."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # noqa: F401

        from interviewkit.harvest import Harvester, Store  # noqa: F401
    except (ConfigurationError, ImportError):
        return "pip install 'interviewkit[harvest]'"
    return None


async def harvest_twice(hub: Hub, box: Running, folder: Path, screen: Screen) -> Harvested:
    """Harvest the hub into a new store in `folder`, again after a few late changes, and export it there."""
    from interviewkit.cli import demo_webhooks
    from interviewkit.harvest import Store
    from interviewkit.harvest.export import export

    async with await Store.open(folder / STORE) as store:
        first = await _pass(hub, store, screen)
        await change_a_few(hub, box, store)
        second = await _pass(hub, store, screen)
        rounds = await demo_webhooks.go_round(box, store)
        made = await export(store, folder, format="parquet")
    return Harvested((first, second), made.rows, most_failed(folder), rounds)


async def _pass(hub: Hub, store: Store, screen: Screen) -> RunSummary:
    """One pass; what one account could not do is raised."""
    from interviewkit.harvest import Harvester

    with harvest_view.Bars(screen, hub.labels) as bars:
        harvester = Harvester(hub, store, progress=bars.tell)
        async for outcome in harvester.run():
            if outcome.error is not None:
                raise outcome.error
    for one in harvester.summary.accounts:
        if one.error is not None:
            raise one.error
    if not harvester.summary.ok:
        raise InterviewKitError("the harvest did not get everything")
    return harvester.summary


async def change_a_few(hub: Hub, box: Running, store: Store) -> None:
    """At the vendors: two sessions change, one is deleted, and one more candidate works on a test."""
    finished = [(record.account, record.ref) async for record in store.records() if record.row["is_final"]]
    pads = [ref for account, ref in finished if hub[account].name == "coderpad"]
    tests = [ref for account, ref in finished if hub[account].name == "remoteinterview"]
    for ref in (*pads[:1], *tests[:1]):
        await box.touch(ref)
    for ref in pads[1:2]:
        await box.remove(ref)
    for provider in hub:
        if provider.name == "codility":
            offered = await provider.list_assessments().collect(on_problem="collect")
            await provider.invite_candidate(offered[0].id, LATECOMER)
    await box.work()


def most_failed(folder: Path) -> list[tuple[str, int, int]]:
    """From the exported Parquet: how many candidates got less than half of each task, most first.

    Half of the points, or, where a task has none, of the test cases.
    """
    import pyarrow.compute as pc  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    key = ["account", "ref", "task_position"]
    cases = pq.read_table(folder / "test_cases.parquet", columns=[*key, "passed"])
    cases = cases.set_column(3, "passed", pc.cast(cases["passed"], "float64"))
    tasks = pq.read_table(folder / "tasks.parquet", columns=[*key, "title", "score_points", "score_max"])
    tasks = tasks.join(cases.group_by(key).aggregate([("passed", "mean")]), keys=key, join_type="left outer")
    share = pc.coalesce(pc.divide(tasks["score_points"], tasks["score_max"]), tasks["passed_mean"])
    tasks = tasks.append_column("failed", pc.cast(pc.less(share, 0.5), "int64"))
    tasks = tasks.filter(pc.and_(pc.is_valid(tasks["failed"]), pc.is_valid(tasks["title"])))
    found = tasks.group_by("title").aggregate([("failed", "sum"), ("failed", "count")])
    found = found.sort_by([("failed_sum", "descending"), ("failed_count", "ascending"), ("title", "ascending")])
    return [(row["title"], row["failed_sum"], row["failed_count"]) for row in found.to_pylist()]


def show(harvested: Harvested, screen: Screen) -> None:
    """Both passes side by side, and the answer."""
    first, second = harvested.passes
    rows = [
        (one.account, _told(one), one.requests, _told(two), two.requests)
        for one, two in zip(first.accounts, second.accounts, strict=True)
    ]
    rows.append(("all", _total(first), first.total("requests"), _total(second), second.total("requests")))
    screen.table(
        ("account", "first pass", "requests", "second pass", "requests"), rows,
        title="Harvested into SQLite twice; in between two sessions changed, one was deleted, a candidate came",
        cut=(0, 3, 1),
    )  # fmt: skip
    from interviewkit.cli import demo_webhooks

    screen.out.print()
    demo_webhooks.show(harvested.rounds, screen)
    rows_of = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in harvested.rows.items())
    screen.out.print(Text(f"\nExported to Parquet: {rows_of}. Which task do most candidates fail?"))
    shown = [(title, f"{failed} of {count}") for title, failed, count in harvested.failed[:_SHOWN]]
    screen.table(("task", "got less than half of it"), shown, cut=(0,))


def _told(one: AccountSummary) -> str:
    return _words({name: getattr(one, name) for name in _CHANGES})


def _total(summary: RunSummary) -> str:
    return _words({name: summary.total(name) for name in _CHANGES})


_CHANGES = ("new", "changed", "gone")


def _words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing new"


def keep(scratch: Path, folder: Path) -> None:
    """Leave the store and the Parquet files in the demo's folder, in place of an earlier demo's."""
    for name in (f"{STORE}-wal", f"{STORE}-shm", STORE, *FILES):
        target = folder / name
        try:
            target.unlink(missing_ok=True)
            if (scratch / name).exists():
                shutil.move(scratch / name, target)
        except OSError as error:
            raise unwritable(target, error) from None
