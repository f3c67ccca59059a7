"""From the store to Parquet, and one question answered: which task do most candidates fail?"""

import asyncio

import duckdb

import interviewkit as ik
from interviewkit.harvest import Harvester, Store
from interviewkit.harvest.export import export

# [start:question]
QUESTION = """
    select task.title,
           count(*) filter (where task.score_points < task.score_max / 2) as failed,
           count(*) as tried
    from 'warehouse/tasks.parquet' as task
    join 'warehouse/reports.parquet' as report using (account, ref)
    where task.score_points is not null and task.score_max > 0 and report.deleted_at is null
    group by task.title
    order by failed desc, tried, task.title
    limit 3
"""
# [end:question]


# [start:task]
async def to_parquet() -> None:
    async with ik.Hub.from_env() as hub, await Store.open("reports.db") as store:
        async for _ in Harvester(hub, store).run():
            pass
        made = await export(store, "warehouse", format="parquet", overwrite=True)
        print(sorted(path.name for path in made.files))


# [end:task]


asyncio.run(to_parquet())
for title, failed, tried in duckdb.sql(QUESTION).fetchall():
    print(f"{title}: {failed} of {tried} below half of the points")
