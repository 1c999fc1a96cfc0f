"""The spend log on PostgreSQL, for many machines: the same rules, said to another database."""
