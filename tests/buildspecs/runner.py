"""Executes build specifications; what it reproduces of CodeBuild is told in `emulator.buildspec`."""

from emulator.buildspec import PHASES, SCRIPT, Outcome, run

__all__ = ["PHASES", "SCRIPT", "Outcome", "run"]
