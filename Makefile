# `make demo` and `make test` do all their own set-up in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test quick test-psdk lint types unit schema reference docs screenshots dist bench bench-psdk clean explore

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/gwe demo

test: lint types unit

# What can be had in a minute: no test that starts a process, makes a server or takes long.
quick: lint types
	HYPOTHESIS_PROFILE=quick $(BIN)/pytest -m 'not process and not server and not long'

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest

# The tests that need the vendor's Platform SDK: PSDK_LIB names the folder with its jars.
# One Java for all of them, so in one process.
$(VENV)/.psdk: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,psdk]'
	touch $@

test-psdk: $(VENV)/.psdk
	@test -d "$(PSDK_LIB)" || { echo "PSDK_LIB must name the folder with the SDK's jars"; exit 64; }
	PSDK_LIB="$(PSDK_LIB)" $(BIN)/pytest -n 0 tests/psdk tests/contract

bench-psdk: $(VENV)/.psdk
	@test -d "$(PSDK_LIB)" || { echo "PSDK_LIB must name the folder with the SDK's jars"; exit 64; }
	PSDK_LIB="$(PSDK_LIB)" $(BIN)/python -m bench $(WRITE) wire snapshot

# For the night: the property tests with other examples, and many more of them.
explore: $(READY)
	HYPOTHESIS_PROFILE=explore $(BIN)/pytest -k 'not scenarios and not docs'

schema: $(READY)
	$(BIN)/gwe schema --write

reference: $(READY)
	$(BIN)/python -m scripts.reference

# The documentation as a site in build/site; a broken link or anchor fails. Not --quiet: MkDocs
# would then count no warnings.
$(VENV)/.docs: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,docs]'
	touch $@

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

screenshots: $(READY)
	$(BIN)/python -m scripts.screenshots

# The wheel and the source distribution in dist/.
dist: $(READY)
	rm -rf dist
	$(BIN)/python -m hatchling build

# WRITE=--write also writes docs/measurements.md: on a machine that does nothing else.
bench: $(READY)
	$(BIN)/python -m bench $(WRITE)

clean:
	rm -rf $(VENV) dist build
