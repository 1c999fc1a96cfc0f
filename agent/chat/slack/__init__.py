"""Slack, over its Socket Mode: no address of ours is reached from outside."""
