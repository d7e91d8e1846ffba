"""Is the order of a phone kept whatever becomes of its operations, and does its owner hear what he can do?"""

from datetime import timedelta
from itertools import product

import pytest

from app.sync.rules import (
    ADVICE,
    OPERATIONS,
    Line,
    NotForPhones,
    PredecessorMissing,
    PredecessorNotDone,
    RecordNotNamed,
    Result,
    advice,
    check_named,
    clock_warning,
    differing,
    verdict,
)

DONE, REPLAYED, HELD, REFUSED, AGAIN = Result


def walk(*results):
    """What a line makes of these outcomes of operations 1, 2, 3 …, the third building on the first."""
    line, found = Line(0, ()), []
    for counter, outcome in enumerate(results, 1):
        obstacle = line.obstacle(counter, ["k1"] if counter == 3 else [])
        result = HELD if obstacle else outcome
        line.note(counter, f"k{counter}", result, missing=isinstance(obstacle, PredecessorMissing))
        found.append((result, type(obstacle)))
    return found, line


@pytest.mark.parametrize("outcomes", [*product((DONE, REPLAYED, REFUSED, AGAIN), repeat=4)])
def test_nothing_runs_before_what_may_still_be_done_nor_without_what_it_builds_on(outcomes):
    found, line = walk(*outcomes)
    results = [result for result, _ in found]
    tried = [result for result in results if result is not HELD]
    if AGAIN in tried:
        stuck = results.index(AGAIN)
        assert all(why is PredecessorMissing for _, why in found[stuck + 1 :])
        assert line.counter == stuck
    else:
        assert line.counter == 4, "what was refused, or waits for that, holds up nothing behind it"
    assert results[2] is not DONE or results[0] in (DONE, REPLAYED)
    assert (found[2][1] is PredecessorNotDone) == (results[0] is REFUSED and AGAIN not in results[:2])


def test_a_gap_holds_up_everything_behind_it_and_an_old_counter_does_not():
    line = Line(4, {"k2"})
    assert type(line.obstacle(6, ())) is PredecessorMissing
    assert line.obstacle(5, ["k2"]) is None and line.obstacle(3, ()) is None
    assert type(line.obstacle(5, ["k3"])) is PredecessorNotDone
    line.note(6, "k6", HELD, missing=True)
    assert line.counter == 4 and not line.settles(6)
    line.note(5, "k5", REFUSED, missing=False)
    assert line.counter == 5 and line.settles(5) and not line.settles(4)


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [(200, None, DONE), (201, None, DONE), (503, "unavailable", AGAIN), (429, "too-many-requests", AGAIN),
     (500, "service-failed", AGAIN), (401, "unauthenticated", AGAIN), (409, "still-in-flight", AGAIN),
     (409, "id-taken", REFUSED), (403, "not-your-office", REFUSED), (412, "version-stale", REFUSED)],
)  # fmt: skip
def test_what_passes_by_itself_is_tried_again_and_what_does_not_is_refused(status, code, result):
    assert verdict(status, code, replayed=False) is result
    assert verdict(200, None, replayed=True) is REPLAYED


def test_a_refusal_says_in_chinese_what_its_owner_can_do():
    for status, (zh, en) in ADVICE.items():
        assert advice(status, "zh-CN") == zh and any("\u4e00" <= c <= "\u9fff" for c in zh)
        assert advice(status, "en") == en and en.isascii()
    assert advice(406, "zh-CN") == ADVICE[409][0]


def test_a_clock_that_is_off_is_told_by_how_much_and_which_way():
    assert clock_warning(timedelta(minutes=5), "zh-CN") is None
    assert "慢365天0小时0分" in clock_warning(timedelta(days=-365), "zh-CN")
    assert "0 d 2 h 1 min ahead" in clock_warning(timedelta(hours=2, seconds=60), "en")


def test_what_differs_is_what_the_phone_knows_otherwise():
    stands = {"id": "1", "version": 3, "place": "村委会", "text": "走访", "actions": []}
    assert differing(stands, {"place": "家中", "text": "走访", "reason": "写错"}) == {"place": "村委会"}
    assert differing(stands, {"reason": "写错"}) == {"place": "村委会", "text": "走访"}


def test_only_what_is_on_the_list_and_names_its_record_is_handed_in():
    with pytest.raises(NotForPhones):
        check_named("sync_push", named=False)
    with pytest.raises(RecordNotNamed):
        check_named("visits_correct", named=False)
    for name in OPERATIONS:
        check_named(name, named=True)
