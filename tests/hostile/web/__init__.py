"""What another site, another person or another program may ask of the web chat, and what must come of it: nothing."""
