"""`swineherd doctor`: looks at all that a run depends on, changes nothing, says what to do about what it finds."""
