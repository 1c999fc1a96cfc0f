"""Humans in chat: who may answer, and the parts of the web chat, each by itself."""
