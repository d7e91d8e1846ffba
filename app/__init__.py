"""Huayuan: who helps whom out of poverty, how that work is assessed, and who answers for what went wrong."""
