"""Jobs that are submitted again and again: when they are due, what becomes of each night, and a yes given ahead."""
