"""People, their dated appointments, helpers and units."""
