"""Signoffs 签字确认: the four signatures, in the order of article 5, on the year-end state of a household."""
