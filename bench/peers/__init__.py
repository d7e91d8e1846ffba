"""What else could one have built it with? The same four requests over the same tables, as each framework's users write them.

None of them signs anybody in, guards rows, records an entry or knows a retry: they do less.
"""
