"""Telling a county's systems what happens: entry by entry, in order, by the Standard Webhooks specification."""
