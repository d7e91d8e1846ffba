"""How often may somebody ask? A bucket of tokens for each key, refilled at a steady pace (pure)."""

from collections.abc import Hashable

KEPT = 10_000
"""How many keys are remembered before those whose buckets are full again are forgotten."""


class Rate:
    """So many `per_second` on the average, and `burst` at once. Of a key one number is kept: when its bucket is full.

    That is the generic cell rate algorithm (ITU-T I.371): exact, and no timer runs.
    """

    def __init__(self, per_second: float, burst: int) -> None:
        self._interval = 1 / per_second
        self._span = burst / per_second + 1e-9  # rounding costs nobody his token
        self._full: dict[Hashable, float] = {}
        self._room = KEPT

    def take(self, key: Hashable, now: float) -> float:
        """Take a token at the moment `now`, in seconds: 0; or how long there is none, and none is taken."""
        full = max(self._full.get(key, now), now) + self._interval
        if full - now > self._span:
            return full - now - self._span
        if len(self._full) >= self._room:
            self._full = {k: until for k, until in self._full.items() if until > now}
            self._room = max(KEPT, 2 * len(self._full))
        self._full[key] = full
        return 0.0
