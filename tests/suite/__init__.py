"""How the suite runs side by side, and what it must not leave behind."""
