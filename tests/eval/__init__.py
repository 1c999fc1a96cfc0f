"""How well job descriptions are understood: descriptions that no reader has shaped, and a scorer."""
