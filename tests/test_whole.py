"""Does a test over a whole product find the one case that is wrong?"""

from itertools import product

import pytest

from tests.whole import whole


@whole(product(range(10), range(10)))
def test_every_case_is_tried(one: int, other: int) -> None:
    assert one + other == other + one


def test_what_is_wrong_is_told_case_by_case() -> None:
    tried = []

    @whole(product(range(10), range(10)))
    def check(one: int, other: int) -> None:
        tried.append((one, other))
        assert one != 7 or other > 1
        if (one, other) == (3, 3):
            with pytest.raises(ValueError, match="never"):
                pass

    with pytest.raises(AssertionError, match="3 of 100 cases") as told:
        check()
    assert len(tried) == 100
    assert all(str(case) in str(told.value) for case in [(3, 3), (7, 0), (7, 1)])


def test_no_product_of_nothing() -> None:
    with pytest.raises(AssertionError):
        whole([])
