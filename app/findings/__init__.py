"""What a check or a citizen found, before anyone is accused."""
