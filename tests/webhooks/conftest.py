"""Which county is told? That of the feed's tests."""

from tests.events.conftest import county

__all__ = ["county"]
