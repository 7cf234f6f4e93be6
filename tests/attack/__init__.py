"""What others try: hostile answers, inputs, files, signals. The fast ones are in the suite, all of them under ``make test-attack``."""
