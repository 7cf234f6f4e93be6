PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps
COMPILE = $(BIN)/python -m compileall -q harness targets/ragchat

# Some images turn it off for good; then each of the many processes of a campaign or a test compiles all it imports.
export PYTHONDONTWRITEBYTECODE =

.PHONY: install demo test test-slow test-attack check check-style check-types check-imports check-advisories bench clean

install: $(VENV)/.installed

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# What running needs; the demo wants no more. The pins name everything, so nothing is left to resolve.
# Our own code is compiled on the other processor meanwhile.
$(VENV)/.base: pyproject.toml constraints-base.txt | $(BIN)/python
	$(COMPILE) & $(PIP) --require-hashes -r constraints-base.txt && wait
	$(PIP) --no-build-isolation -e .
	touch $@

# What tests and checks need too.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(COMPILE) & $(PIP) --require-hashes -r constraints.txt && wait
	$(PIP) --no-build-isolation -e .
	touch $@ $(VENV)/.base

demo: $(VENV)/.base
	$(BIN)/pilot demo

test: install
	$(BIN)/python -m pytest -n auto

test-slow: install
	$(BIN)/python -m pytest -m slow

test-attack: install
	$(BIN)/python -m pytest -m attack -s

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
	$(BIN)/python -m bench.predict 7

clean:
	rm -rf $(VENV) .venv-foreign .pilot build dist
