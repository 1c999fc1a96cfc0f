"""Jobs described in words: every text, name and answer is hostile, and no law of money breaks."""
