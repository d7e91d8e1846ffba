"""Accounts and clients, signing in, the caller and what awaits him; the first day of a township."""
