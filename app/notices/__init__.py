"""What the township is told: the notices of articles 7(2) and 9, and their corrections."""
