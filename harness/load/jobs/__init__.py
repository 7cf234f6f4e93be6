"""Jobs in a run: submitted by the slots, followed by polling and, where it is asked for, by callbacks."""
