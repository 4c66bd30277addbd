"""The passes of a bulk load one after another, each over several processes.

What a task has done is noted when it is through: a load that broke off repeats only tasks that were
under way. Never here: what a pass does.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from chalicelib.catalog import feed_format, read_feed

from ..load import lines_of
from ..progress import Progress
from .frames import Frame, file_and_line, read_frames
from .plan import Plan
from .reading import Counts, part, read
from .routing import claimed_twice, keep_refusals, refusals, route
from .shards import keep_categories, write

Task = Callable[[Plan, int], Counts]
Done = Callable[[Plan, Task, Sequence[int]], Iterator[tuple[int, Counts]]]


def run(plan: Plan, workers: int, progress: Progress) -> Counts:
    """The whole load; answers what `import.json` then says. Raises PayloadError for a file that
    cannot be read as a whole."""
    keep_categories(plan, _categories(plan))
    with _processes(workers) as done:
        passes = _Passes(plan, done, progress)
        was_read = passes.through("read", read, len(plan.files))
        claims = passes.through("claims", claimed_twice, plan.buckets)
        keep_refusals(plan, refusals((key, place) for c in claims for key, place in c["claims"]))
        routed = passes.through("route", route, plan.buckets)
        written = passes.through("write", write, plan.buckets)
    _gather(plan)
    shards = list(plan.items.glob("*.json.gz"))
    report = {
        "now": plan.now.isoformat(),
        **{n: _sum(written, n) for n in ("customers", "orders", "items", "bytes")},
        "gzip_bytes": sum(shard.stat().st_size for shard in shards),
        "objects": len(shards),
        "rejected": sum(_sum(counts, "rejected") for counts in (was_read, routed, written)),
        "later": _sum(routed, "later") + _sum(written, "later"),
    }
    plan.report.write_text(json.dumps(report, indent=1) + "\n")
    shutil.rmtree(plan.work)
    return report


class _Passes:
    """One pass at a time: its tasks that are not noted as done, and a note of each that is."""

    def __init__(self, plan: Plan, done: Done, progress: Progress) -> None:
        self._plan = plan
        self._done = done
        self._progress = progress

    def through(self, name: str, task: Task, count: int) -> list[Counts]:
        """What each task answered."""
        noted = self._plan.work / "done" / name
        noted.mkdir(parents=True, exist_ok=True)
        paths = [noted / f"{number}.json" for number in range(count)]
        open_tasks = [number for number in range(count) if not paths[number].exists()]
        self._progress(name, count - len(open_tasks), count)
        for through, (number, counts) in enumerate(self._done(self._plan, task, open_tasks), 1):
            new = paths[number].with_suffix(".new")
            new.write_text(json.dumps(counts))
            new.replace(paths[number])
            self._progress(name, count - len(open_tasks) + through, count)
        return [json.loads(path.read_text()) for path in paths]


@contextmanager
def _processes(workers: int) -> Iterator[Done]:
    """What yields each task's outcome as it comes."""
    if workers == 1:
        yield lambda plan, task, numbers: ((number, task(plan, number)) for number in numbers)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:

        def done(plan: Plan, task: Task, numbers: Sequence[int]) -> Iterator[tuple[int, Counts]]:
            running = {pool.submit(task, plan, number): number for number in numbers}
            return ((running[future], future.result()) for future in as_completed(running))

        try:
            yield done
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _categories(plan: Plan) -> dict[str, str]:
    """The category of each product of the feeds, by its id."""
    found: dict[str, str] = {}
    for path in plan.products:
        with path.open("rb") as file:
            lines = (line.decode("utf-8", "surrogateescape") for line in lines_of(file))
            for row in read_feed(lines, feed_format(name=path.name)):
                if row.product is not None and row.product.category_paths:
                    found[row.product.id] = row.product.category_paths[-1]
    return found


def _gather(plan: Plan) -> None:
    """Put what was rejected beside each file, and what the loader is to take into `later/`."""
    for number, path in enumerate(plan.files):
        beside = path.with_name(f"{path.name}.rejected.jsonl")
        lines = [_rejection(frame) for frame in _frames(plan, "rejected", number)]
        beside.unlink(missing_ok=True)
        if lines:
            beside.write_text("".join(lines))
    for name, numbers in _kinds(plan).items():
        waiting = [f.payload.decode() for n in numbers for f in _frames(plan, "later", n)]
        if waiting:
            plan.later.mkdir(exist_ok=True)
            (plan.later / f"{name}.jsonl").write_text("".join(f"{row}\n" for row in waiting))


def _kinds(plan: Plan) -> dict[str, range]:
    customers = len(plan.customers)
    return {"customers": range(customers), "transactions": range(customers, len(plan.files))}


def _frames(plan: Plan, name: str, file: int) -> list[Frame]:
    """What was put aside of one file in all passes, by line."""
    tasks = [task for phase in ("read", "route", "write") for task in _tasks(plan, phase)]
    return sorted(frame for task in tasks for frame in read_frames(task / name, file))


def _tasks(plan: Plan, phase: str) -> list[Path]:
    count = len(plan.files) if phase == "read" else plan.buckets
    return [part(plan, phase, number) for number in range(count)]


def _rejection(frame: Frame) -> str:
    _, line = file_and_line(frame.place)
    return json.dumps({"line": line, "reason": frame.payload.decode()}) + "\n"


def _sum(counts: list[Counts], name: str) -> int:
    return sum(count[name] for count in counts)
