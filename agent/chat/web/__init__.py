"""The web chat: a door that lets nobody in but by a link from the terminal, and the pages behind it."""
