"""The spend log: every run, approval, charge and order, and the only proof of anything about money."""
