"""What does a request cost beside the limit and beside the peers? All in one interleaved run; ratios count.

The service has everything on: sign-in, appointments, row-level security, ledger, retry keys. The others do the same
four requests over the same tables and nothing else.
"""

import argparse
import asyncio
import itertools
import json
import statistics
from collections.abc import Iterator
from typing import Any

from bench import page, servers
from bench.caller import Endless, closed, once, request
from bench.ground import TEXT, Ground, ground
from bench.peers import directus
from bench.servers import Server

KINDS = ("one record", "page of 50", "visit recorded", "transition")
GOALS = {"one record": 2.5, "page of 50": 1.8, "visit recorded": 4.0, "transition": 4.0}
AHEAD = {"litestar": (2.0, 1.5), "ninja": (2.0, 1.5), "drf": (4.0, 4.0), "directus": (8.0, 8.0)}
"""How many times what we need a peer should need at least: of reads, of writes."""
CONNECTIONS = (1, 16, 64)


class Requests(Endless):
    """Endless requests of each kind; a measure is begun once only, so all servers share one stock of them."""

    def __init__(self, place: Ground) -> None:
        self._place, self._measures = place, iter(place.measures)
        self._visits, self._households = itertools.cycle(place.visits[::7]), itertools.cycle(place.households)
        self._count = itertools.count()
        self._keys = itertools.count()

    def _one(self) -> bytes:
        return request("GET", f"/v1/visits/{next(self._visits)}", self._place.headers)

    def _page(self) -> bytes:
        return request("GET", "/v1/visits", self._place.headers)

    def _visit(self) -> bytes:
        household, number = next(self._households), next(self._count)
        body = {
            "household_id": household, "device_time": "2026-01-05T09:30:00+08:00", "place": "户内",
            "text": TEXT.format(number),
        }  # fmt: skip
        return request("POST", "/v1/visits", self._place.helpers[household] | self._key(), body)

    def _transition(self) -> bytes:
        path = f"/v1/plan-measures/{next(self._measures)}/start"
        return request("POST", path, self._place.headers | {"If-Match": '"1"'} | self._key(), {})

    def _key(self) -> dict[str, str]:
        return {"Idempotency-Key": f"bench-{next(self._keys)}"}


def quantile(seconds: list[float], of: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(of * len(seconds)))]


async def measure(server: Server, requests: Iterator[bytes], connections: int, lasting: float) -> dict[str, float]:
    """One server, one kind, for a while: CPU of its processes, answers a second, latency."""
    before = server.used()
    took = await closed(server.port, requests, connections, lasting)
    wrong = {status: many for status, many in took.statuses.items() if status not in (200, 201)}
    if wrong:
        raise AssertionError(f"{server.name} answered {wrong}")
    many = len(took.seconds)
    return {
        "cpu_us": (server.used() - before) / many * 1e6,
        "per_s": many / took.lasted,
        "p50_ms": quantile(took.seconds, 0.5) * 1e3,
        "p99_ms": quantile(took.seconds, 0.99) * 1e3,
    }


def spread(figures: list[float], digits: int = 2) -> dict[str, float]:
    """Median with minimum and maximum."""
    of = {"median": statistics.median(figures), "min": min(figures), "max": max(figures)}
    return {name: round(figure, digits) for name, figure in of.items()}


def records(answer: bytes) -> list[dict[str, Any]]:
    """What is told, in whatever a peer wraps it."""
    told = json.loads(answer)
    inner = told.get("items", told.get("data", told))
    return inner if isinstance(inner, list) else [inner]


async def same_answers(running: dict[str, Server], asked: dict[str, Endless]) -> None:
    """The limit gives the very bytes of the service, but for the order of members; the peers the same records."""
    for kind in KINDS[:2]:
        what = {stock: next(stock.of(kind)) for stock in set(asked.values())}
        told = {name: records((await once(server.port, what[asked[name]]))[1]) for name, server in running.items()}
        first = {name: one[0] for name, one in told.items()}
        many = {name: len(one) for name, one in told.items()}
        if len(set(many.values())) != 1 or first["huayuan"] != first["bare"]:
            raise AssertionError(f"{kind}: not the same answer: {first}")
        if any(not {"id", "place", "text", "visited_on"} <= one.keys() for one in first.values()):
            raise AssertionError(f"{kind}: a peer leaves something out")


async def run(running: dict[str, Server], place: Ground, rounds: int, lasting: float) -> dict[str, Any]:
    usual, results = Requests(place), {}
    asked: dict[str, Endless] = dict.fromkeys(servers.COMMANDS, usual) | {"directus": directus.Asked(place)}
    await same_answers(running, asked)
    for kind, connections in itertools.product(KINDS, CONNECTIONS):
        found: dict[str, list[dict[str, float]]] = {name: [] for name in running}
        for name, server in running.items():
            await measure(server, asked[name].of(kind), connections, lasting / 3)
        for _ in range(rounds):
            for name, server in running.items():
                found[name].append(await measure(server, asked[name].of(kind), connections, lasting))
        told = {
            name: {figure: spread([one[figure] for one in many]) for figure in many[0]} for name, many in found.items()
        }
        for name, many in found.items():
            told[name]["ratio"] = spread(
                [ours["cpu_us"] / its["cpu_us"] for ours, its in zip(found["huayuan"], many, strict=True)]
            )
        results.setdefault(kind, {})[str(connections)] = told
        line = ", ".join(f"{name} {of['cpu_us']['median']:.0f} µs" for name, of in told.items())
        print(f"{kind}, {connections} connections: {line}", flush=True)
    return results


def verdicts(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Each goal with what was reached, at 16 connections."""
    found = []
    for kind in KINDS:
        told = results[kind]["16"]
        found.append({"goal": f"{kind}: at most {GOALS[kind]} × the hand-written handler", "reached": told["bare"]["ratio"]["median"],
                      "met": told["bare"]["ratio"]["median"] <= GOALS[kind]})  # fmt: skip
        for peer, factors in AHEAD.items():
            if peer in told:
                wanted, ahead = factors[kind in KINDS[2:]], round(1 / told[peer]["ratio"]["median"], 2)
                goal = f"{kind}: {servers.TITLES[peer]} needs at least {wanted} × as much"
                found.append({"goal": goal, "reached": ahead, "met": ahead >= wanted})
        tail = told["huayuan"]["p99_ms"]["median"] / told["huayuan"]["p50_ms"]["median"]
        found.append({"goal": f"{kind}: p99 at most 5 × p50", "reached": round(tail, 2), "met": tail <= 5})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each measurement lasts")
    usual = ",".join(name for name in servers.COMMANDS if name != "directus")
    parser.add_argument("--only", default=usual, help="servers, by commas; directus only where it is named here")
    parser.add_argument("--keep", action="store_true", help="write bench/results")
    options = parser.parse_args()
    servers.keep_off_their_core()
    with ground() as place:
        running: dict[str, Server] = {}
        try:
            for name in options.only.split(","):
                environment = directus.prepared(place) if name == "directus" else place.environment
                running[name] = Server.start(name, environment)
            results = asyncio.run(run(running, place, options.rounds, options.seconds))
        finally:
            for server in running.values():
                server.stop()
    found = verdicts(results)
    for one in found:
        print("met   " if one["met"] else "MISSED", one["goal"], "- reached", one["reached"])
    if options.keep:
        page.keep("compare", {"requests": results, "goals": found})


if __name__ == "__main__":
    main()
