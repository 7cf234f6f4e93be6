"""Names of phases that more than one reader knows."""

BURST = "burst"  # whose end a target recovers from
