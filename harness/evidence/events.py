"""Events of the journal that more than one room asks for."""

SEALED = "sealed"
CHECKED = "contract checked"  # it is asked once a seal
BEGUN, ENDED = "run begun", "run ended"
RECONCILED = "run reconciled"
COLLECTED = "collected"
