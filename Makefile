# make demo    back up a graph, restore it and compare, on servers of its own
# make test    all tests, in three processes; ARGS="-k retention" passes arguments to pytest, and
#              ARGS="-n 0 --pdb" runs them in one
# make bench   measure this service beside its peers, on servers of its own; ARGS="--help" says how
# make lint    style, types, shell scripts, Dockerfiles and workflows
# make sbom    list what the image's Python part is made of, in dist/sbom.cdx.json
# make requirements
#              pin anew what pyproject.toml names, with uv; ARGS="--upgrade" takes newer versions
# make clean   remove all that the others made

PYTHON ?= python3
BIN := .venv/bin
SCRIPTS := .ci/run entrypoint.sh $(wildcard testbed/containers/*/*.sh)

.PHONY: demo test bench lint sbom requirements clean

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
	$(BIN)/zizmor --offline --quiet .github

# Of an environment with nothing else, as it tells the licenses and what needs what. The tool checks
# what it wrote against CycloneDX's schema.
sbom: .venv/dev
	$(PYTHON) -m venv --clear --without-pip dist/runtime
	$(BIN)/pip --python dist/runtime install --quiet --require-hashes -r requirements.txt
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate \
		--output-file dist/sbom.cdx.json dist/runtime

# A pin stays as long as it fits, so that a new name moves no other. The second file keeps to the first.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--annotation-style line $(ARGS) pyproject.toml

requirements:
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group dev --constraints requirements.txt --output-file requirements-dev.txt

clean:
	rm -rf dist .venv .testbed .hypothesis .mypy_cache .pytest_cache .ruff_cache
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
