"""Households on the register, what happens in their lives, and who helps them from when to when."""
