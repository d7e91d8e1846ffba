"""Can the draw be steered, or changed unseen? The figures of `draw/v1`, by three ways of computing it."""

import random
import subprocess
import time
from collections import Counter
from typing import Any
from uuid import UUID

import psycopg

from app.inspections.draw import assign, commit, differences, draw, lot, ranking, recipe, sample_size, seed
from tests.endurance.report import LONG
from tests.inspections import test_draw as law
from tests.inspections import test_routes as months

MANY = 1_000 if LONG else 25
SEEDS = 20_000 if LONG else 5_000
UNITS = 300_000 if LONG else 10_000
ROUNDS = 100 if LONG else 2


def test_draw_agrees(database_url: str, figures: dict[str, Any]) -> None:
    """The same draw in Python, in PostgreSQL and in a shell with sha256sum."""
    chance, units, different = random.Random(7), 0, 0
    with psycopg.connect(database_url) as sql:
        for _ in range(MANY):
            of = law.random_draw(chance)
            different += law.in_shell(of) != (of.seed, list(of.ranking))
            different += law.in_sql(sql, of) != (of.seed, [(i, "") for i, _ in of.ranking])
            units += len(of.frame)
    figures |= {"draws computed three ways": MANY, "units ranked": units, "differences": different}
    assert different == 0


def test_draw_of_teams_agrees(figures: dict[str, Any]) -> None:
    """Teams by lot in Python and in a shell with sha256sum: recusals kept, nobody above the cap."""
    chance, teams, different = random.Random(11), 0, 0
    for _ in range(MANY // 5):
        of = law.random_draw(chance)
        inspectors = [f"i{n}" for n in range(chance.randint(1, 9))]
        pairs = [(unit, who) for unit in of.frame for who in inspectors if chance.random() < 0.2]
        barred = {unit: frozenset(w for u, w in pairs if u == unit) for unit, _ in pairs}
        drawn = assign(of, inspectors, barred, size := chance.randint(1, 4))
        load = Counter(who for team in drawn.values() for who in team)
        assert all(many <= -(-size * of.size // len(inspectors)) for many in load.values())
        assert not any((unit, who) in pairs for unit, team in drawn.items() for who in team)
        text = recipe(of) + lot(inspectors, pairs, size, of.size)
        said = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True).stdout.splitlines()
        told = [line.split()[1:] for line in said if line.startswith("team ")]
        different += told != [[unit, *team] for unit, team in drawn.items()]
        teams += len(drawn)
    figures |= {"lots drawn two ways": MANY // 5, "teams": teams, "differences": different}
    assert different == 0


def test_draw_is_consistent(figures: dict[str, Any]) -> None:
    """Whoever leaves the frame or joins it never reorders the others under one seed."""
    chance, left, joined = random.Random(8), 0, 0
    while left < MANY:
        of = law.random_draw(chance)
        if of.frame:
            key, gone = bytes.fromhex(of.seed), chance.choice(of.frame)
            kept = [i for i in of.frame if i != gone]
            assert ranking(key, kept) == [entry for entry in of.ranking if entry[0] != gone]
            more = ranking(key, [*of.frame, "who-joins"])
            assert [entry for entry in more if entry[0] != "who-joins"] == list(of.ranking)
            left, joined = left + 1, joined + 1
    figures |= {"removals that reordered nobody": left, "additions that reordered nobody": joined}


def test_draw_is_uniform(figures: dict[str, Any]) -> None:
    """Everybody comes first equally often: chi-square over ten ids, 9 degrees of freedom, 27.9 at p = 0.001."""
    ids = [f"v{n:02}" for n in range(1, 11)]

    def chi_square(first: Counter[str]) -> float:
        return sum((first[i] - SEEDS / 10) ** 2 / (SEEDS / 10) for i in ids)

    found = chi_square(Counter(ranking(seed("d", "f", [("n", f"{n:x}")]), ids)[0][0] for n in range(SEEDS)))
    assert found < 27.9
    crooked = Counter(random.Random(9).choices(ids, weights=[12, *[10] * 9], k=SEEDS))
    assert chi_square(crooked) > 27.9, "one favoured by a fifth would show"
    favoured = round(chi_square(crooked), 1)
    figures |= {"seeds": SEEDS, "chi-square": round(found, 1), "chi-square with one favoured by a fifth": favoured}


def test_draw_shows_every_change(figures: dict[str, Any]) -> None:
    """A published draw with its frame, seed, sources, order, tickets or size changed; and honest ones."""
    chance, forged, flagged, honest, alarms = random.Random(10), 0, 0, 0, 0
    while forged < MANY:
        of = law.random_draw(chance)
        committed = commit(of.draw_id, of.frame, [name for name, _ in of.sources])
        honest, alarms = honest + 1, alarms + bool(differences(of, committed))
        if len(of.ranking) > 1 and of.sources[0][1] != law.MISSING:
            for forgery in law.forgeries(of, chance):
                forged, flagged = forged + 1, flagged + bool(differences(forgery, committed))
    figures |= {"changes": forged, "flagged": flagged, "honest draws": honest, "false alarms": alarms}
    assert (flagged, alarms) == (forged, 0)


def test_draw_of_a_province(figures: dict[str, Any]) -> None:
    """One draw over very many units."""
    ids = [str(UUID(int=n)) for n in range(UNITS)]
    began = time.perf_counter()
    of = draw("411421201/2017-03/inspect", ids, law.VECTOR.sources)
    seconds = time.perf_counter() - began
    assert (len(of.ranking), len(of.sample)) == (UNITS, sample_size(UNITS))
    figures |= {"units": UNITS, "drawn": of.size, "seconds": round(seconds, 2)}


def test_draw_is_refused(township: Any, figures: dict[str, Any]) -> None:
    """Over HTTP: a commitment after its source, a frame changed behind the service, and a second draw of a month."""
    months.helpers(township, 10)
    organiser, refused = township.office(months.LGO), Counter[str]()
    for month in [f"{year}-{m:02}" for year in range(2017, 2026) for m in range(1, 13)][:ROUNDS]:
        township.at(f"{month}-06")
        path = months.planned(township, month)
        late = organiser.try_act(path, "propose-commit", months.announce(f"{month}-05"))
        refused[months.code(late, 409)] += 1
        organiser.act(path, "propose-commit", months.announce(f"{month}-07"))
        township.office(months.PGO).act(path, "confirm-commit", {})
        township.at(f"{month}-08")
        with psycopg.connect(township.service.database_url) as connection:
            key = path.rsplit("/", 1)[-1]
            frame = connection.execute("select frame from inspection_rounds where id = %s", [key]).fetchone()[0]
            connection.execute("update inspection_rounds set frame = %s where id = %s", [frame[1:], key])
        refused[months.code(organiser.try_act(path, "reveal", months.VALUES), 409)] += 1
        with psycopg.connect(township.service.database_url) as connection:
            connection.execute("update inspection_rounds set frame = %s where id = %s", [frame, key])
        organiser.act(path, "reveal", months.VALUES)
        refused[months.code(organiser.try_act(path, "reveal", months.VALUES), 409)] += 1
        refused[months.code(organiser.post("/inspection-rounds", {"month": month}), 409)] += 1
    assert refused == dict.fromkeys(("seed-too-soon", "frame-changed", "wrong-state", "round-exists"), ROUNDS)
    figures |= {f"refused, {why}": f"{many} of {ROUNDS}" for why, many in refused.items()}
