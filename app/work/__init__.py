"""The everyday work of helpers: requirements, plans, visits, meetings, form tasks, publications."""
