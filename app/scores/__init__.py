"""Quarterly rounds and scores: how every helper's work is assessed each quarter (article 6(2))."""
