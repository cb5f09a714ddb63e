"""What a rehearsal leaves for people and programs: a page with charts, and the same as JSON."""
