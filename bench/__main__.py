"""The runner: every benchmark three times, interleaved, beside one server in a temporary folder.

python -m bench [--only NAME] [--quick | --big] [--runs N] [--json]
"""

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict

import orjson

from bench import (
    adapter,
    api,
    backup,
    connections,
    cost,
    following,
    increment,
    letters,
    live,
    loader,
    memory,
    numbers,
    others,
    patterns,
    reconcile,
    river,
    rls,
    rollups,
    sandbox_batch,
    search,
    slow,
)
from bench.ground import Ground, ground
from bench.measure import PROC, Sample, figures, told
from headwater.core import log

RUNS = 3
BENCHES: Mapping[str, Callable[[Ground], Awaitable[list[Sample]]]] = {
    "sandbox": sandbox_batch.once,
    "adapter": adapter.once,
    "loader": loader.once,
    "river": river.once,
    "slow": slow.once,
    "cost": cost.once,
    "others": others.once,
    "increment": increment.once,
    "reconcile": reconcile.once,
    "letters": letters.once,
    "live": live.once,
    "memory": memory.once,
    "api": api.once,
    "rls": rls.once,
    "numbers": numbers.once,
    "rollups": rollups.once,
    "connections": connections.once,
    "backup": backup.once,
    "patterns": patterns.once,
    "search": search.once,
    "following": following.once,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measures Headwater on this machine."
    )
    parser.add_argument("--only", choices=BENCHES, action="append", help="one benchmark; may be repeated")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="small sizes and one run: does everything work?")
    sizes.add_argument("--big", action="store_true", help="the sizes of the targets, one run: up to an hour")
    parser.add_argument("--runs", type=int, help="how often; 3, and once when the sizes are small or big")
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    asked = parser.parse_args()
    if not PROC.joinpath("self").exists():
        parser.error("CPU seconds are read from /proc: this needs Linux")
    log.setup(json=False, quiet=True)
    names = asked.only or list(BENCHES)
    runs = asyncio.run(measured(names, asked.runs, quick=asked.quick, big=asked.big))
    machine = {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "load": [round(one, 2) for one in os.getloadavg()],
    }
    found = {name: figures(name, runs[name]) for name in names}
    if asked.json:
        every = [asdict(figure) for each in found.values() for figure in each]
        print(orjson.dumps({"machine": machine, "figures": every}, option=orjson.OPT_INDENT_2).decode())
        return
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    for name, each in found.items():
        print(f"\n{name}")
        for figure in each:
            print(told(figure))


async def measured(
    names: list[str], times: int | None, *, quick: bool, big: bool
) -> dict[str, list[list[Sample]]]:
    """The samples of every benchmark, run after run: what disturbs the machine disturbs all alike."""
    found: dict[str, list[list[Sample]]] = {name: [] for name in names}
    runs = times or (1 if quick or big else RUNS)
    with ground(quick=quick, big=big) as made:
        for number in range(runs):
            for name in names:
                print(f"run {number + 1} of {runs}: {name}", file=sys.stderr)
                found[name].append(await BENCHES[name](made))
    return found


if __name__ == "__main__":
    main()
