"""Does a file of many rows take as little of the service's memory as one of few, and the same time for each row?"""

import threading
import time
from collections import deque
from os import SEEK_END
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Self
from zipfile import ZipFile

import httpx
import psutil

from app.tabular import CSV, ENDINGS, NDJSON, XLSX
from tests import bulk
from tests.endurance.machine import Machine
from tests.endurance.report import LONG
from tests.serving import Process

FEW, MANY = (10_000, 100_000) if LONG else (500, 8_000)
GROWTH = 8 * 2**20
"""Bytes by which the service may be larger at its peak for the many rows than for the few."""


class Peak:
    """The largest resident size of a process while it is watched."""

    def __init__(self, process: Process) -> None:
        self._process, self._over = psutil.Process(process.process.pid), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.size = 0

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.size = max(self.size, self._process.memory_info().rss)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self.size = max(self.size, self._process.memory_info().rss)


def taken(worker: Process, headers: dict[str, str], media: str, helper: str) -> tuple[int, int, float, float]:
    """Bytes of the file, the peak of the service, seconds by the clock and of its CPU."""
    began, process = time.perf_counter(), psutil.Process(worker.process.pid)
    worked = sum(process.cpu_times()[:2])
    address, named = f"{worker.address}/v1/visits", {**headers, "accept": media, "accept-language": "en"}
    with (
        TemporaryFile() as file,
        Peak(worker) as peak,
        httpx.stream("GET", address, params={"helper_id": helper}, headers=named, timeout=None) as answer,
    ):
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            file.write(piece)
        clock, work = time.perf_counter() - began, sum(process.cpu_times()[:2]) - worked
        assert said_to_be_whole(media, file), f"{media}: cut after {clock:.0f} s"
        return file.tell(), peak.size, clock, work


def said_to_be_whole(media: str, file: IO[bytes]) -> bool:
    """Does the last line say so? The file is left at its end."""
    if media == XLSX:
        with ZipFile(file) as book, book.open("xl/worksheets/sheet1.xml") as sheet:
            end = deque(iter(lambda: sheet.read(65_536), b""), 2)
    else:
        file.seek(-200, SEEK_END)
        end = deque([file.read()])
    file.seek(0, SEEK_END)
    return (b'"complete":true' if media == NDJSON else b"# complete: ") in b"".join(end)


def test_files(machine: Machine, figures: dict[str, Any]) -> None:
    """Visits of one helper as a file, few and many: bytes, the service's peak of memory, microseconds of CPU a row."""
    place = machine.township("411421851")
    helpers = {}
    for many in (FEW, MANY):
        household, helper = place.helped()
        helpers[many] = str(helper.person_id)
        with machine.connect() as owner:
            bulk.visits(owner, place.code, helpers[many], household, many)
    headers = machine.headers(place, place.office("leading_group_office"))
    with machine.connect() as owner:
        owner.execute("vacuum analyze visits")
    worker = machine.worker()
    for media in (CSV, NDJSON, XLSX):
        taken(worker, headers, media, helpers[FEW])  # what is loaded once is loaded
        found = {many: taken(worker, headers, media, helper) for many, helper in helpers.items()}
        for many, (received, peak, clock, work) in found.items():
            figures[f"{ENDINGS[media]}, {many:,} rows"] = {
                "MB of the file": round(received / 1e6, 1), "peak MB of the service": round(peak / 2**20),
                "seconds": round(clock, 1), "microseconds of CPU a row": round(work / many * 1e6),
            }  # fmt: skip
        grown = found[MANY][1] - found[FEW][1]
        figures[f"{ENDINGS[media]}, MB grown from few to many"] = round(grown / 2**20, 1)
        assert grown < GROWTH, (media, found)
        if media != XLSX:
            assert found[MANY][0] > GROWTH, "control: the file would not have fitted"
