"""What a hostile provider, pod or job may send, and what must come of it: refused, nothing spent, run or shown."""
