"""Accountability cases: from a confirmed finding to the measure of article 9, or to another organ."""
