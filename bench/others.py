"""Other clients of Bitrix24 beside us, on one portal and a refilled bucket. They only fetch; we store.

python -m bench.others CLIENT WEBHOOK: what one of them reads of crm.deal.list, all fields, as JSON.
"""

import asyncio
import os
import sys
import warnings
from collections.abc import Mapping
from urllib.parse import urlsplit

import orjson

from bench.client import (
    DRAIN,
    IDLE_SECONDS,
    Client,
    answers,
    cheap,
    connected,
    floor_seconds,
    size_of,
    told,
)
from bench.ground import Ground
from bench.measure import Sample, Spent, attempted, watched

CLIENTS = ("fast_bitrix24", "b24pysdk")


async def once(ground: Ground) -> list[Sample]:
    """One run of each, with the portal's real limits, on an empty bucket, over TLS: one insists on it."""
    sizes = {"deals": ground.size(50_000, 5_000, 200_000)}
    with (
        ground.portal(sizes, limits=True, tls=True) as portal,
        connected(ground, portal, only=sizes) as client,
    ):
        await cheap(portal)
        await client.rest(sizes)
        before = await told(portal)
        [run], spent = client.run("sync", "--entity", "deals")
        assert run["created"] == sizes["deals"], run
        ours = f"headwater, {size_of(sizes)} read and stored"
        found = [
            *_samples(ours, spent, before, await told(portal)),
            Sample("floor", floor_seconds(sizes), "s"),
        ]
        for name in CLIENTS:
            await asyncio.sleep(min(IDLE_SECONDS, answers(sizes) / DRAIN))
            before = await told(portal)
            read, spent = _other(client, name)
            found += [
                *_samples(f"{name}, fetched only", spent, before, await told(portal)),
                Sample(f"  {name}: records it brought", read, ""),
            ]
    return found


def _samples(name: str, spent: Spent, before: Mapping[str, int], after: Mapping[str, int]) -> list[Sample]:
    whose = name.partition(",")[0]
    return [
        Sample(name, spent.seconds, "s", spent.cpu),
        Sample(f"  {whose}: requests", after["requests"] - before["requests"], ""),
        Sample(f"  {whose}: 503s received", after["refused_503"] - before["refused_503"], ""),
    ]


def _other(client: Client, name: str) -> tuple[int, Spent]:
    """How many different records a client brought (none when it gave up), and what it cost."""
    command = [sys.executable, "-m", "bench.others", name, client.portal.webhook]
    trust = {variable: str(client.portal.ca) for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
    with watched(processes={"sandbox": client.portal.pid}) as spent:
        said, cpu = attempted(command, env=os.environ | trust)
    spent.cpu["client"] = cpu
    return (int(said) if said else 0), spent


async def fast_bitrix24(webhook: str) -> list[str]:
    """Ids of all deals as fast-bitrix24 reads them."""
    from fast_bitrix24 import BitrixAsync  # noqa: PLC0415 (each client in a process without the other)

    client = BitrixAsync(webhook, verbose=False)
    deals = await client.get_all("crm.deal.list", params={"select": ["*", "UF_*"]})
    return [deal["ID"] for deal in deals]


def b24pysdk(webhook: str) -> list[str]:
    """Ids of all deals as the vendor's SDK reads them the fast way."""
    from b24pysdk import BitrixWebhook, Client, Config  # noqa: PLC0415 (as above)

    Config().configure(default_timeout=(3.05, 60), default_max_retries=10)
    place = urlsplit(webhook)
    keys = place.path.removeprefix("/rest/").strip("/")
    client = Client(BitrixWebhook(domain=place.netloc, webhook_token=keys))
    return [deal["ID"] for deal in client.crm.deal.list(select=["*", "UF_*"]).as_list_fast().result]


def main() -> None:
    warnings.simplefilter("ignore")
    name, webhook = sys.argv[1:]
    ids = asyncio.run(fast_bitrix24(webhook)) if name == "fast_bitrix24" else b24pysdk(webhook)
    print(orjson.dumps(len(set(ids))).decode())


if __name__ == "__main__":
    main()
