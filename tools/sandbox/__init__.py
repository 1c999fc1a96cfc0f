"""A complete GPU Hog on loopback: its API, its checkout page, its books, and pods that are real SSH servers.

Nothing of the agent is imported here: the sandbox is a world of its own, played against over HTTP and SSH only.
`process.ensure_running` is the way in; `python -m tools.sandbox` runs it by hand.
"""
