"""Begins Locust processes for the rooms that must not import Locust."""

from harness.launch.launcher import Launched, Launcher

__all__ = ["Launched", "Launcher"]
