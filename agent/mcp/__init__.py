"""swineherd as an MCP server: the tools of `agent.mind.toolkit` for Claude, Cursor and other clients."""
