"""What is asked before anything is measured: the contract, parity, limits, dialects recognised and drafted."""
