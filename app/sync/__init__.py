"""What phones hand in after being offline, through the doors of HTTP, and what they take along."""
