# make demo    back up a graph, restore it and compare, on servers of its own
# make test    all tests, in three processes; ARGS="-k retention" passes arguments to pytest, and
#              ARGS="-n 0 --pdb" runs them in one
# make bench   measure this service beside its peers, on servers of its own; ARGS="--help" says how
# make lint    style, types and shell scripts
# make clean   remove all that the others made

PYTHON ?= python3
BIN := .venv/bin
SCRIPTS := .ci/run entrypoint.sh $(wildcard testbed/containers/*/*.sh)

.PHONY: demo test bench lint clean

demo: .venv/runtime
	$(BIN)/python -m testbed.demo

test: .venv/dev
	$(BIN)/python -m pytest -n 3 $(ARGS)

bench: .venv/dev
	$(BIN)/python -m bench $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/shellcheck $(SCRIPTS)
	$(BIN)/hadolint Dockerfile testbed/containers/Dockerfile

clean:
	rm -rf .venv .testbed .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -exec rm -rf {} +

# Stamps of what is installed; the demo does without the tools for tests and lint.
.venv/runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "$(PYTHON) is not Python 3.11 or newer: set PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --require-hashes -r $<
	@touch $@

.venv/dev: requirements-dev.txt .venv/runtime
	$(BIN)/pip install --quiet --require-hashes -r $<
	@touch $@
