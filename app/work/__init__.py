"""What helpers do every day: plans, visits, publications; and what a month's facts point to."""
