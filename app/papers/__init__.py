"""What the township has on paper: sheets, notices, records and summaries as PDF, charts, and the year-end package."""
