# `make demo` and `make test` do all their own set-up in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test lint types unit schema reference bench clean explore

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/gwe demo

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest

# The property tests with other examples, and many more of them.
explore: $(READY)
	HYPOTHESIS_PROFILE=explore $(BIN)/pytest -k 'not scenarios and not docs'

schema: $(READY)
	$(BIN)/gwe schema --write

reference: $(READY)
	$(BIN)/python -m reconciler.render.reference > docs/.reference.md
	mv docs/.reference.md docs/reference.md

bench: $(READY)
	$(BIN)/python bench/embedded.py

clean:
	rm -rf $(VENV) dist build
