"""What is measured and how it is told: samples of interleaved runs become a median with its spread."""

import os
import statistics
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure of one run; `cpu` are the CPU seconds each side spent on it."""

    name: str
    value: float
    unit: str
    cpu: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of all runs."""

    bench: str
    name: str
    unit: str
    median: float
    least: float
    most: float
    runs: int
    cpu: Mapping[str, float]


def figures(bench: str, runs: Sequence[Sequence[Sample]]) -> list[Figure]:
    """The median, least and most of each figure, in the order of the first run."""
    found = []
    for first in runs[0]:
        same = [sample for run in runs for sample in run if sample.name == first.name]
        values = [sample.value for sample in same]
        cpu = {side: statistics.median(sample.cpu[side] for sample in same) for side in first.cpu}
        found.append(
            Figure(
                bench, first.name, first.unit,
                statistics.median(values), min(values), max(values), len(values), cpu,
            )
        )  # fmt: skip
    return found


def told(figure: Figure) -> str:
    """One figure in one line."""
    several = figure.runs > 1
    spread = f"{_number(figure.least)} – {_number(figure.most)}" if several else "one run"
    cpu = ", ".join(f"{side} {seconds:.2f}" for side, seconds in figure.cpu.items())
    return (
        f"  {figure.name:<62} {_number(figure.median):>10} {figure.unit:<10} ({spread})"
        f"{f'  CPU s: {cpu}' if cpu else ''}"
    )


def _number(value: float) -> str:
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


@dataclass(slots=True)
class Spent:
    """Seconds by the clock, and CPU seconds of each side."""

    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)


@contextmanager
def watched(*, postmaster: int | None = None, processes: Mapping[str, int] | None = None) -> Iterator[Spent]:
    """What a block costs: this process, a PostgreSQL server, and other processes by name."""
    named = processes or {}
    spent = Spent()
    ours, server = time.process_time(), _server_cpu(postmaster)
    others = {name: _cpu(pid) for name, pid in named.items()}
    began = time.perf_counter()
    try:
        yield spent
    finally:
        spent.seconds = time.perf_counter() - began
        spent.cpu["client"] = time.process_time() - ours
        spent.cpu |= {name: _cpu(pid) - others[name] for name, pid in named.items()}
        if postmaster is not None:
            spent.cpu["PostgreSQL"] = _server_cpu(postmaster) - server


def ran(command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> tuple[str, float]:
    """What a process that must succeed said, and the CPU seconds it took."""
    code, said, seconds = _waited(command, env, cwd)
    if code != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {said}")
    return said, seconds


def attempted(command: Sequence[str], *, env: Mapping[str, str]) -> tuple[str, float]:
    """What a process said, nothing when it failed, and the CPU seconds it took."""
    code, said, seconds = _waited(command, env, None)
    return (said if code == 0 else ""), seconds


def _waited(command: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> tuple[int, str, float]:
    with subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, said, usage.ru_utime + usage.ru_stime


def peak_memory(command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> tuple[str, float]:
    """What a process that must succeed said, and the most memory it and its children held: proportional set
    size, in MB."""
    peak = 0.0
    with subprocess.Popen(command, env=env, cwd=cwd, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(_pss, [process.pid, *_offspring(process.pid)])))
            time.sleep(0.05)
        assert process.stdout
        said = process.stdout.read()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said}")
    return said, peak


def held(*pids: int) -> float:
    """The memory of these processes and all they started: proportional set size, in MB."""
    return sum(map(_pss, {one for pid in pids for one in (pid, *_offspring(pid))}))


def _pss(pid: int) -> float:
    with suppress(OSError, ValueError):
        for line in PROC.joinpath(str(pid), "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _server_cpu(postmaster: int | None) -> float:
    """CPU seconds of a server: the postmaster's, its living children's, and those of the dead, whom it
    has buried."""
    if postmaster is None:
        return 0.0
    return _cpu(postmaster, buried=True) + sum(_cpu(pid) for pid in _children(postmaster))


def _children(parent: int) -> Iterable[int]:
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (about := _stat(int(entry.name))) and int(about[1]) == parent:
            yield int(entry.name)


def _offspring(parent: int) -> list[int]:
    """Everything a process started, and what that started."""
    near = list(_children(parent))
    return near + [one for child in near for one in _offspring(child)]


def _cpu(pid: int, *, buried: bool = False) -> float:
    about = _stat(pid)
    return sum(int(ticks) for ticks in about[11 : 15 if buried else 13]) / TICKS if about else 0.0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the program's name; none when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
