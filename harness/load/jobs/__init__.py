"""Jobs in a run: submitted by the slots, followed by one poller and, where it is asked for, by callbacks."""
