"""Sealed hand-over: what leaves with a case that goes to the judiciary or to a superior organ (article 10)."""
