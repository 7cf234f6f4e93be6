"""From verdicts to a recommendation: gates first, reasons and doubts beside it, and what would change it."""
