"""The agent: the road of a run as a graph, its steps, and the faces people use."""
