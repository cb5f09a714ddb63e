"""Release strategies: one file each."""
