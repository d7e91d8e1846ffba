"""Sheets longer than what one transaction takes: read, checked and imported in pieces by the worker."""
