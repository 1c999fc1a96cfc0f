"""Adapters: one for each thing outside (the GPU Hog API, SSH, the spend log, the sandbox)."""
