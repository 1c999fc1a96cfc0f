"""The pages behind the door, a file for each, and what they show as plain values."""
