import time, asyncio
from headwater.testing.river import river
async def test_x(newest_database):
    async with river(newest_database.url(), deals=7500) as s:
        t=time.monotonic(); await s.sync(); print('sync',time.monotonic()-t)
        for _ in range(2):
            s.portal.work(1500); s.settle()
            t=time.monotonic(); await s.sync(); print('inc',time.monotonic()-t)
        print((await s.rows("select relname, reltuples from pg_class where relname in ('crm_deals')")))
        async def watch():
            with newest_database.as_admin() as a:
                while True:
                    await asyncio.sleep(3)
                    print([r for r in a.execute("select now()-query_start, left(query,150) from pg_stat_activity where state='active' and pid<>pg_backend_pid()")])
        w=asyncio.create_task(watch())
        t=time.monotonic(); await s.compare(); print('compare',time.monotonic()-t)
        w.cancel()
