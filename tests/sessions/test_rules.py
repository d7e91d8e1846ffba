"""How often may somebody fail to sign in?"""

from app.sessions.rules import ADDRESS, LOGIN, PAIR, wait


def owed(limit, failures):
    return min(limit.most, failures * limit.seconds)


def test_five_failures_of_a_pair_and_then_one_a_minute():
    assert [wait(owed(PAIR, n), 0, 0) for n in range(7)] == [0, 0, 0, 0, 0, 60, 60]
    assert wait(owed(PAIR, 5) - 60, 0, 0) == 0


def test_nobody_ever_waits_longer_than_a_minute():
    assert max(wait(PAIR.most, ADDRESS.most, LOGIN.most), ADDRESS.seconds, LOGIN.seconds) == 60


def test_a_login_attacked_from_everywhere_is_open_to_an_address_that_has_not_failed():
    assert wait(0, 0, LOGIN.most) == 0
    assert wait(owed(PAIR, 1), owed(ADDRESS, 1), LOGIN.most) == LOGIN.seconds


def test_an_address_has_fifty_failures_whatever_the_login():
    assert wait(0, owed(ADDRESS, 49), 0) == 0
    assert wait(0, owed(ADDRESS, 50), 0) == 6
