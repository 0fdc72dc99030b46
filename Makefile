# make demo    back up a graph, restore it and compare; starts its own servers: Neo4j 5.26, or the
#              newest calendar release with NEO4J=2026
# make test    run all tests, in three processes; ARGS="-k retention" passes arguments to pytest,
#              ARGS="-n 0 --pdb" runs them in one process
# make robustness
#              play random histories of a graph and its incremental backups, and restore from them;
#              starts its own servers; ARGS="--histories 1000 --seed 1" says how many, and which
# make bench   measure this service beside other tools; starts its own servers; see ARGS="--help"
# make frameworks
#              back up and restore graphs that libraries write, and put the outcome in
#              docs/frameworks.md; ARGS="graphiti mem0" tries only these, and prints it
# make lint    check style, types, shell scripts, Dockerfiles and workflows
# make sbom    list the Python packages of the image in dist/sbom.cdx.json
# make requirements
#              pin the dependencies of pyproject.toml with uv; ARGS="--upgrade" takes newer versions
# make clean   remove everything that the other targets made

PYTHON ?= python3
BIN := .venv/bin
SCRIPTS := .ci/run entrypoint.sh $(wildcard testbed/containers/*/*.sh)

.PHONY: demo test robustness bench frameworks lint sbom requirements clean

# Java for a calendar release can come from a package that only the tests need.
demo: $(if $(filter 20%,$(NEO4J)),.venv/dev,.venv/runtime)
	$(BIN)/python -m testbed.demo $(NEO4J)

test: .venv/dev
	$(BIN)/python -m pytest -n 3 $(ARGS)

robustness: .venv/dev
	$(BIN)/python -m tests.integration.histories $(ARGS)

bench: .venv/dev
	$(BIN)/python -m bench $(ARGS)

frameworks: .venv/dev
	$(BIN)/python -m frameworks $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/shellcheck $(SCRIPTS)
	$(BIN)/hadolint Dockerfile testbed/containers/Dockerfile
	$(BIN)/zizmor --offline --quiet .github

# The list is made from an environment that holds only the service's packages. The installed packages
# tell their licenses and dependencies. --validate checks the list against CycloneDX's schema.
sbom: .venv/dev
	$(PYTHON) -m venv --clear --without-pip dist/runtime
	$(BIN)/pip --python dist/runtime install --quiet --require-hashes -r requirements.txt
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate \
		--output-file dist/sbom.cdx.json dist/runtime

# uv keeps every pin that still fits, so a new dependency does not change the others. The second file
# is constrained by the first.
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--annotation-style line $(ARGS) pyproject.toml

requirements:
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group dev --constraints requirements.txt --output-file requirements-dev.txt

# Without hashes, which would be many thousand lines: nothing of this is in the image or in the tests.
frameworks/libraries/%.txt: frameworks/libraries/%.py
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate $(ARGS) \
		--output-file $@ $<

clean:
	rm -rf dist .venv .testbed .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -exec rm -rf {} +

# These two files only record what is installed. The demo does not need the tools for tests and lint.
.venv/runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "$(PYTHON) is not Python 3.11 or newer: set PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --require-hashes -r $<
	@touch $@

.venv/dev: requirements-dev.txt .venv/runtime
	$(BIN)/pip install --quiet --require-hashes -r $<
	@touch $@
