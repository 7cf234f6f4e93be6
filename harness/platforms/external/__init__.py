"""What a team runs where nothing of the control side is known."""
