"""Many jobs under one budget: read, submitted together, driven a few at a time, reported as one."""
