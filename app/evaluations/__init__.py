"""The year end: the submission, the proposal, the determination, its veto and its priority (articles 5 and 7)."""
