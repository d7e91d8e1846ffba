"""A phone without signal: a reference client that knows the service over HTTP alone."""
