"""Signing in, staying signed in and signing out: OAuth 2 tokens, devices' sessions, failed attempts."""
