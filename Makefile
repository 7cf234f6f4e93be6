PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
STAMP   = $(VENV)/.installed

# Some images turn it off for good; then each of the many processes of a campaign or a test compiles all it imports.
export PYTHONDONTWRITEBYTECODE =

.PHONY: install demo test test-slow check check-style check-types check-imports check-advisories bench clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: install
	$(BIN)/pilot demo

test: install
	$(BIN)/python -m pytest -n auto

test-slow: install
	$(BIN)/python -m pytest -m slow

check: check-style check-types check-imports check-advisories

check-style: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types: install
	$(BIN)/mypy

check-imports: install
	$(BIN)/lint-imports

check-advisories: install
	$(BIN)/python tools/audit.py

bench: install
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) .pilot build dist
