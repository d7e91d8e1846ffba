"""The monthly spot check (article 6(1)): rounds, the public draw of 30 % of the helpers, and what the checks found."""
