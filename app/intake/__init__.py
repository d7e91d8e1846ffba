"""What a row of an office's sheet becomes: people, appointments, households, pairings and visits, many at once."""
