"""What happens in a county, in order and without a gap: the ledgers of its townships behind one cursor."""
