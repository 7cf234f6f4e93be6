"""How far off predictions of the embedded runtimes are: evidence is captured once, and held to as often as the model changes."""
