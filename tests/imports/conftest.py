"""Whose system hands in sheets? That of a county made for the test."""

from tests.events.conftest import county

__all__ = ["county"]
