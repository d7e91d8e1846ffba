"""Sheets that an office hands in: read, checked row by row, reported, and taken into the registers."""
