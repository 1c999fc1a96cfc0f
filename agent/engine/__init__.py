"""Runs that nobody drives in the foreground: legs on a queue, one lookout a worker, workers that replace each other."""
