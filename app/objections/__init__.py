"""Objections of the subject against a decision (G50)."""
