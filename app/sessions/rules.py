"""How often may somebody fail to sign in? By rate: nobody is locked out, and nobody can lock another out for long."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures at once; after that one in `seconds`.

    What is counted is a debt of time: every failure adds `seconds`, and time passing pays it back.
    """

    burst: int
    seconds: float

    @property
    def most(self) -> float:
        """The debt is never larger, so that nobody ever waits longer than `seconds`."""
        return self.burst * self.seconds

    def wait(self, debt: float) -> float:
        """Seconds until the next attempt may be made."""
        return max(0.0, debt - self.most + self.seconds)


PAIR = Limit(5, 60)
"""One login from one address."""
ADDRESS = Limit(50, 6)
"""One address, whatever the login: a township's office behind one address has many honest people."""
LOGIN = Limit(50, 36)
"""One login from all addresses."""


def wait(pair: float, address: float, login: float) -> float:
    """Seconds until an attempt may be made, 0 where it may be made now, from what each of the three owes.

    A login that is attacked from many addresses is closed only to addresses that failed there lately: its owner,
    who knows his password, gets in at once from his own.
    """
    attacked = LOGIN.wait(login) if pair > 0 else 0.0
    return max(PAIR.wait(pair), ADDRESS.wait(address), attacked)
