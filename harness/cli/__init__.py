"""The command line: one file per command, each a few calls into the rooms below."""

from harness.cli.app import main

__all__ = ["main"]
