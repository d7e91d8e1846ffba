"""Is the draw the one of `draw/v1`, however and by whomever it is computed, and does every change show?"""

import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.inspections.draw import (
    MISSING,
    Draw,
    assign,
    commit,
    differences,
    draw,
    frame_hash,
    inspector_ticket,
    ranking,
    recipe,
    sample_size,
    seed,
)

FRAMES = 10
"""Drawn three ways here; very many in tests/endurance/test_draw.py, with the other figures."""
LETTERS = "ABCXYZabcxyz0189._:-"
IDS = st.lists(st.text(LETTERS, min_size=1, max_size=12), unique=True, min_size=1, max_size=30)

VECTOR = draw(
    "2026Q1/350426/inspect",
    [f"v{n:02}" for n in range(1, 11)],
    [("drand-quicknet-1000", "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd")],
)


def random_draw(chance: random.Random) -> Draw:
    ids = {"".join(chance.choices(LETTERS, k=chance.randint(1, 64))) for _ in range(chance.randint(0, 40))}
    values = [MISSING if chance.random() < 0.2 else f"{chance.getrandbits(256):064x}" for _ in range(3)]
    sources = [(f"source-{n}", value) for n, value in enumerate(values)]
    return draw(f"411421201/2017-{chance.randint(1, 12):02}/inspect", ids, sources)


@pytest.fixture(scope="module")
def sql(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url) as connection:
        yield connection


def in_sql(sql: psycopg.Connection, of: Draw) -> tuple[str, list[tuple[str, str]]]:
    """Seed and order as PostgreSQL alone computes them from the frame and the sources."""
    row = sql.execute(
        r"""
        with f as (select encode(sha256(coalesce(string_agg(convert_to(id || E'\n', 'UTF8'), ''::bytea
                              order by id collate "C"), ''::bytea)), 'hex') f from unnest(%(frame)s::text[]) id),
             s as (select sha256('\x01'::bytea || convert_to(E'draw/v1\n' || %(draw_id)s || E'\n' || f || E'\n'
                              || %(sources)s, 'UTF8')) s from f)
        select encode(s, 'hex'), array(select id from unnest(%(frame)s::text[]) id
                                       order by sha256('\x02'::bytea || s || convert_to(id, 'UTF8')), id collate "C")
        from s""",
        {
            "frame": list(of.frame),
            "draw_id": of.draw_id,
            "sources": "".join(f"{name}={value}\n" for name, value in of.sources),
        },
    ).fetchone()
    assert row is not None
    return row[0], [(i, "") for i in row[1]]


def in_shell(of: Draw) -> tuple[str, list[tuple[str, str]]]:
    """Seed and order as the published text computes them: one sha256sum over all the tickets' files."""
    done = subprocess.run(["bash", "-c", recipe(of)], capture_output=True, text=True, check=True)
    head, order = done.stdout.splitlines()[:2], done.stdout.splitlines()[2:]
    assert head[0] == f"frame {of.frame_hash}"
    return head[1].removeprefix("seed "), [(line.split()[1], line.split()[0]) for line in order]


def test_draw_v1_gives_its_test_vector() -> None:
    assert VECTOR.frame_hash == "aa024e796def7c6de934162cbdc3092d195f2b10c42c11348f0b732fbfe23e6b"
    assert VECTOR.seed == "c7ea537a288a3e7e0ec659e998d9998f7a6aa8ea47024892199af7e4fae8c083"
    assert VECTOR.size == 3
    assert VECTOR.ranking[0] == ("v01", "024696e45664fed8f5373c021a27a3e6e217718befbaa98493d54cd1987464ad")
    assert [i for i, _ in VECTOR.ranking] == ["v01", "v06", "v04", "v08", "v10", "v07", "v09", "v03", "v05", "v02"]
    assert VECTOR.sample == ["v01", "v06", "v04"]


def test_python_sql_and_shell_agree_on_random_frames(sql: psycopg.Connection) -> None:
    chance = random.Random(20161109)
    for of in (VECTOR, *(random_draw(chance) for _ in range(FRAMES))):
        assert in_shell(of) == (of.seed, list(of.ranking))
        assert in_sql(sql, of) == (of.seed, [(i, "") for i, _ in of.ranking])


@pytest.mark.parametrize(
    ("population", "size"),
    [(0, 0), (1, 1), (2, 1), (3, 1), (4, 2), (7, 3), (10, 3), (11, 4), (33, 10), (34, 11), (100, 30), (101, 31)],
)
def test_G5_thirty_percent_are_rounded_up(population: int, size: int) -> None:
    assert sample_size(population) == size


def test_G5_the_size_is_the_smallest_that_is_at_least_thirty_percent() -> None:
    for population in range(1, 2_000):
        size = sample_size(population)
        assert 1 <= size <= population
        assert 100 * (size - 1) < 30 * population <= 100 * size


def test_G5_a_draw_of_nobody_is_a_draw() -> None:
    nobody = draw("411421201/2017-03/inspect", [], VECTOR.sources)
    assert (nobody.size, nobody.sample, nobody.ranking) == (0, [], ())
    assert not differences(nobody, commit(nobody.draw_id, [], ["drand-quicknet-1000"]))


@settings(max_examples=50, deadline=None)
@given(ids=IDS, chosen=st.data())
def test_G7_removing_a_helper_never_reorders_the_rest(ids: list[str], chosen: st.DataObject) -> None:
    gone = chosen.draw(st.sampled_from(ids))
    of_seed = bytes.fromhex(VECTOR.seed)
    before = [entry for entry in ranking(of_seed, ids) if entry[0] != gone]
    assert ranking(of_seed, [i for i in ids if i != gone]) == before


@settings(max_examples=50, deadline=None)
@given(ids=IDS, chance=st.randoms(use_true_random=False))
def test_G7_the_order_in_which_the_frame_is_given_changes_nothing(ids: list[str], chance: random.Random) -> None:
    shuffled = chance.sample(ids, len(ids))
    assert draw("d", shuffled, VECTOR.sources) == draw("d", ids, VECTOR.sources)


def test_G7_months_are_drawn_independently_of_each_other() -> None:
    months = [draw(f"411421201/2017-{m:02}/inspect", VECTOR.frame, VECTOR.sources) for m in range(1, 13)]
    assert len({m.ranking for m in months}) == 12
    assert max(Counter(i for m in months for i in m.sample).values()) > 1


def forgeries(of: Draw, chance: random.Random) -> Iterator[Draw]:
    """The same draw with its frame, seed, sources, order, tickets or size changed, one at a time."""
    a, b = chance.sample(range(len(of.ranking)), 2)
    swapped = list(of.ranking)
    swapped[a], swapped[b] = swapped[b], swapped[a]
    name, value = of.sources[0]
    yield replace(of, frame=tuple(sorted([*of.frame, "smuggled-in"])))
    yield replace(of, frame=of.frame[1:])
    yield replace(of, seed=f"{int(of.seed, 16) ^ 1 << chance.randrange(256):064x}")
    yield replace(of, sources=((name, f"{value[:-1]}{'0' if value[-1] != '0' else '1'}"), *of.sources[1:]))
    yield replace(of, ranking=tuple(swapped))
    yield replace(of, ranking=of.ranking[:-1])
    yield replace(of, size=of.size + chance.choice([-1, 1]))
    yield replace(of, frame_hash=of.frame_hash[::-1])
    yield draw(of.draw_id, of.frame[1:], of.sources)
    yield draw(f"{of.draw_id}2", of.frame, of.sources)
    yield draw(of.draw_id, of.frame, [("another", value), *of.sources[1:]])


@pytest.mark.parametrize("bad", ["", "a b", "a\n", "张三", "a/b", "x" * 65])
def test_an_id_is_opaque_and_plain(bad: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        frame_hash([bad])


def test_nobody_stands_twice_in_the_frame() -> None:
    with pytest.raises(ValueError, match="twice"):
        frame_hash(["a", "b", "a"])


@pytest.mark.parametrize(("name", "value"), [("a=b", "00"), ("a", "FF"), ("a", ""), ("a", "00\n"), ("a", "lost")])
def test_a_source_is_lowercase_hex_or_missing(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="not a source"):
        seed("d", VECTOR.frame_hash, [(name, value)])
    assert seed("d", VECTOR.frame_hash, [("a", MISSING)]) != seed("d", VECTOR.frame_hash, [("a", "00")])


@pytest.mark.parametrize("bad", ["", "a b", "a\nb", "a'b"])
def test_the_name_of_a_draw_is_plain(bad: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        seed(bad, VECTOR.frame_hash, [])


INSPECTORS = [f"i{n}" for n in range(6)]


@settings(max_examples=50, deadline=None)
@given(
    ids=IDS, excluded=st.dictionaries(st.text(LETTERS, min_size=1, max_size=3), st.sets(st.sampled_from(INSPECTORS)))
)
def test_G11_teams_keep_recusal_and_load(ids: list[str], excluded: dict[str, set[str]]) -> None:
    of = draw("d", ids, VECTOR.sources)
    barred = {unit: frozenset(who) for unit, who in excluded.items()}
    teams = assign(of, INSPECTORS, barred, 2)
    load = Counter(i for team in teams.values() for i in team)
    assert list(teams) == of.sample
    assert all(count <= -(-2 * of.size // 6) for count in load.values())
    assert all(len(set(team)) == len(team) <= 2 for team in teams.values())
    assert all(not barred.get(unit, frozenset()) & set(team) for unit, team in teams.items())


def test_G11_nobody_is_drawn_to_check_himself_even_undeclared() -> None:
    of = draw("d", INSPECTORS, VECTOR.sources)
    assert all(unit not in team for unit, team in assign(of, INSPECTORS, {}, 5).items())


def test_G11_the_first_unit_gets_the_inspectors_with_the_lowest_tickets() -> None:
    of = draw("d", ["a", "b", "c", "d"], VECTOR.sources)
    first = of.sample[0]
    lowest = sorted(INSPECTORS, key=lambda i: inspector_ticket(bytes.fromhex(of.seed), first, i))
    assert assign(of, INSPECTORS, {}, 2)[first] == lowest[:2]
    assert assign(of, INSPECTORS, {first: frozenset(lowest[:1])}, 2)[first] == lowest[1:3]
    assert assign(of, [], {}, 2)[first] == []
