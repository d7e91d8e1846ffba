"""Photos and scans that records name: uploaded piece by piece over bad networks, kept whole, known by their hash."""
