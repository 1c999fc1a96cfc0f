"""The steps of a run, one file each, named as the nodes of the graph."""
