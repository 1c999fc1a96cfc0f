"""`python -m agent` is `swineherd`."""

from agent.cli.main import main

main()
