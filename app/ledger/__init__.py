"""Reading the sealed log: its entries, its checkpoint, and the two ledgers of article 5."""
