"""The mind: understands, proposes, explains and diagnoses. It never decides about money (MONEY.md, law 5)."""
