"""People, their dated appointments, helpers, units, accounts and clients."""
