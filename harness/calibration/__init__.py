"""The generator against servers whose law is known: what it would say of a truth that nobody has to believe."""
