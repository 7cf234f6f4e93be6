"""What happens at other traffic: one simulator of a fleet, filled with what a pilot measured, with intervals and refusals."""
