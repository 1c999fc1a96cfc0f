"""Telegram, by long polling: no address of ours is reached from outside."""
