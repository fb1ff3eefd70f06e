"""Attempts to break out of the agent's sandbox; the sandbox is used only where all of them fail."""
