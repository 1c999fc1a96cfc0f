"""Spans of what a run does: the port that the other layers know, and OpenTelemetry behind it where that is wanted."""
