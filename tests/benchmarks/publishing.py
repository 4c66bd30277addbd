"""How long it takes to publish a large catalog, and how much memory: what Lambda limits.

    python -m tests.benchmarks.publishing [--offers 100000]

The drafts of the decision benchmark's workload are kept in the embedded cloud, which runs in a
process of its own: what this process computes is then what a Lambda would, and the time it waits
for the store is told apart. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import base64
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import boto3

from chalicelib import wiring
from chalicelib.catalog import Checked
from chalicelib.catalog.offers import draft_item
from chalicelib.customers.store import CustomerStore
from chalicelib.model import CompiledOffer, Wording
from chalicelib.steps import stocking
from chalicelib.steps.rooms import Rooms
from infra.local.cloud import REGION, Cloud
from infra.local.journal import Journal, Record
from tests.benchmarks.decision import workload
from tests.stage import a_stage

SEED = 7
STAGE = "local"
CUSTOMERS = 200
WORDING = Wording(
    default="{{ customer.first_name }}, {{ offer.title }}: only this week, in store and online.",
    sms="{{ offer.title }} for you this week, in store and online.",
)
_LINES = 500


def main(arguments: list[str] | None = None) -> None:
    """Publish once into an empty stage, once more with a hundredth of the offers changed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--offers", type=int, default=100_000)
    count = parser.parse_args(arguments).offers
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal"
        _in_a_process(_fill, journal, count)
        with _cloud(journal) as (url, account, bucket):
            rooms, waited = _rooms(url, account, bucket, Path(folder) / "copies")
            first = _measured(rooms, waited)
            for offer in list(rooms.offers.list(limit=count // 100)):
                rooms.offers.put(offer.model_copy(update={"value": offer.value + 1}))
            again = _measured(rooms, waited)
            artifact = len(bytes(rooms.catalogs.load(first["told"]["version"])))
    _tell("published", first)
    _tell("published again", again)
    print(
        json.dumps(
            {
                "bench": "publish",
                "offers": first["told"]["offers"],
                "seconds": round(first["seconds"], 2),
                "cpu_seconds": round(first["cpu"], 2),
                "store_seconds": round(first["waited"], 2),
                "again_seconds": round(again["seconds"], 2),
                "again_cpu_seconds": round(again["cpu"], 2),
                "peak_mb": round(max(first["peak"], again["peak"])),
                "artifact_mb": round(artifact / 1e6, 1),
            }
        )
    )


def _tell(name: str, found: dict[str, Any]) -> None:
    told = found["told"]
    print(
        f"{name}: {told['offers']} offers in {found['seconds']:.1f} s, {found['cpu']:.1f} s of it "
        f"computing, {found['waited']:.1f} s waiting for the store ({found['by_call']}); at most "
        f"{found['peak']:.0f} MB; {told['added_total']} added, {told['changed_total']} changed"
    )


def _measured(rooms: Rooms, waited: dict[str, float]) -> dict[str, Any]:
    """One publication, with what it took."""
    waited.clear()
    _forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    told = stocking.publish_catalog(stocking.PublishRequest(), rooms)
    return {
        "told": told,
        "seconds": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "waited": sum(waited.values()),
        "by_call": {name: round(seconds, 2) for name, seconds in waited.items()},
        "peak": _peak_mb(),
    }


def _rooms(url: str, account: str, bucket: str, copies: Path) -> tuple[Rooms, dict[str, float]]:
    """A container's rooms, and the seconds that each of its calls waited for an answer."""
    session = boto3.Session(account, "test", region_name=REGION)
    waited, sent = defaultdict[str, float](float), [0.0]

    def client(service: str) -> Any:
        made = session.client(service, endpoint_url=url)

        def going(request: Any, **_: Any) -> None:
            sent[0] = time.perf_counter()

        def came(event_name: str, **_: Any) -> None:
            waited[event_name.rpartition(".")[2]] += time.perf_counter() - sent[0]

        made.meta.events.register_first(f"before-send.{service}", going)
        made.meta.events.register_first(f"before-parse.{service}", came)
        return made

    settings = a_stage(bucket).model_copy(update={"stage": STAGE})
    rooms = wiring.build(
        settings, rng=random.Random(SEED), clock=lambda: workload.NOW, client=client, scratch=copies
    )
    rooms.refresh()
    return rooms, waited


@contextmanager
def _cloud(journal: Path) -> Iterator[tuple[str, str, str]]:
    """(URL, account, bucket) of an embedded cloud with this journal, in a process of its own."""
    ours, its = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(journal, its))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def _serve(journal: Path, connection: Connection) -> None:
    with Cloud(journal, stage=STAGE) as cloud:
        connection.send((cloud.url, cloud.account, cloud.name("ArtifactsBucket")))
        connection.recv()


def _in_a_process(work: Any, *arguments: Any) -> None:
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()


def _fill(journal: Path, count: int) -> None:
    """Write the drafts and the customers as the cloud's journal."""
    made, file = workload.generate(SEED, count, CUSTOMERS), Journal(journal)
    drafts = (draft_item(_checked(compiled)) for compiled in made.compiled())
    for records in _chunks("CatalogTable", drafts):
        file.append(records)
        print(f"\r{file.size_bytes / 1e6:.0f} MB of drafts", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    store = CustomerStore(None, "")
    people = (item for customer in made.customers for item in store.items_of(customer))
    for records in _chunks("CustomersTable", people):
        file.append(records)
    file.close()


def _checked(compiled: CompiledOffer) -> Checked:
    return Checked(
        compiled.model_copy(
            update={"offer": compiled.offer.model_copy(update={"wording": WORDING})}
        )
    )


def _chunks(table: str, items: Iterable[dict[str, Any]]) -> Iterator[list[Record]]:
    records = list[Record]()
    for item in items:
        records.append(["item", table, {name: _plain(value) for name, value in item.items()}])
        if len(records) == _LINES:
            yield records
            records = []
    if records:
        yield records


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value


def _forget_peak() -> None:
    """Linux counts the peak anew from here: proc(5), clear_refs."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [x for x in status.read_text().splitlines() if x.startswith("VmHWM")]
        return int(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
