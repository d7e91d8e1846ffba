"""How is a whole product of cases shown in one test? As thousands of tests of a microsecond they would take minutes."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

Check = Callable[..., None]


def whole(cases: Iterable[tuple[Any, ...]]) -> Callable[[Check], Callable[[], None]]:
    """The test holds in every case; of those in which it does not, all are counted and ten are told."""
    every = list(cases)
    assert every, "a product of nothing shows nothing"

    def decorate(check: Check) -> Callable[[], None]:
        def test() -> None:
            wrong = [f"{case}: {error}" for case in every if (error := _failure(check, case)) is not None]
            assert not wrong, f"{len(wrong)} of {len(every)} cases\n" + "\n".join(wrong[:10])

        test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
        return test

    return decorate


def _failure(check: Check, case: tuple[Any, ...]) -> str | None:
    try:
        check(*case)
    except (AssertionError, pytest.fail.Exception) as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    except Exception as error:
        error.add_note(f"in the case {case}")
        raise
    return None
