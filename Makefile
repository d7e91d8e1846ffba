# What can be done here? `make help` lists it. Needs Python 3.11 or newer, git and make; nothing else.
.DEFAULT_GOAL := help
.PHONY: help demo test serve check static fix migrate revision openapi release browser bench growth endurance lock stop clean clean-data

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
RUN := $(BIN)/python -m
READY := .venv/.ready
PEERS := .venv-peers/.ready
DIRECTUS := bench/peers/directus/node_modules/.ready

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 12

demo: $(READY) ## play the year of a township over HTTP and leave the service running (ARGS=--exit ends it)
	$(RUN) app.cli demo $(ARGS)

test: $(READY) ## run the tests on a real PostgreSQL (ARGS="-k R5_5" picks some)
	$(RUN) pytest -q -n 2 $(ARGS)

serve: $(READY) ## start the service for development (ARGS="--port 8412")
	$(RUN) app.cli serve $(ARGS)

check: static test ## everything a change must pass: format, lint, types, import contracts, tests with migrations and OpenAPI

static: $(READY) ## the part of check that runs nothing: format, lint, types, import contracts
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(BIN)/lint-imports

fix: $(READY) ## put format, lint and the table of the law in order where a machine can
	$(RUN) ruff check --fix .
	$(RUN) ruff format .
	$(BIN)/python tests/test_coverage_of_law.py

migrate: $(READY) ## bring the database to the newest schema
	$(RUN) app.cli migrate

revision: $(READY) ## write a migration from the models (MESSAGE="add plots")
	$(RUN) app.cli migrate
	$(RUN) alembic revision --autogenerate -m "$(or $(MESSAGE),$(error say what changes: make revision MESSAGE="add plots"))"
	$(RUN) ruff format --quiet alembic/versions

openapi: $(READY) ## write openapi/openapi.json from the code, and what is made from it: client, examples, changes, the page of sheets
	$(RUN) app.cli openapi
	$(RUN) openapi.client
	$(RUN) openapi.examples
	$(RUN) openapi.sheets
	$(RUN) openapi.changes

release: $(READY) ## keep this version's document, close its section of the changelog, freeze its migrations
	$(RUN) openapi.release

browser: ## get Debian's Chromium, in which the tests open /docs and /redoc (as root)
	command -v chromium || { apt-get update && apt-get install -y --no-install-recommends chromium; }

bench: $(READY) $(PEERS) $(if $(findstring directus,$(ARGS)),$(DIRECTUS)) ## measure beside a hand-written handler and the peers, write bench/results (ARGS="--only huayuan,bare,directus")
	$(RUN) bench.compare --keep $(ARGS)

growth: $(READY) ## measure at 10⁴, 10⁵ and 10⁶ ledger entries, write bench/results and docs/scale.md (ARGS="--largest 10000000")
	$(RUN) bench.growth --keep $(ARGS)

endurance: $(READY) ## run the campaigns of tests/endurance in full and write docs/endurance.md (ARGS="-k kill")
	HUAYUAN_LONG=1 $(RUN) pytest -q tests/endurance $(ARGS)

lock: ## pin the dependencies anew (needs uv; ARGS=--upgrade takes newer versions)
	uv pip compile pyproject.toml --all-extras $(COMPILE) -o requirements.lock $(ARGS)
	uv pip compile pyproject.toml -c requirements.lock $(COMPILE) -o requirements-runtime.lock
	uv pip compile bench/peers/requirements.in -c requirements.lock $(COMPILE) -o bench/peers/requirements.lock

COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

stop: $(READY) ## end the embedded server, which outlives serve and demo; its data stay
	$(RUN) app.cli stop

clean: ## remove the environment and the caches; the data under .huayuan stay
	-$(AT_REST)
	rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .schemathesis *.egg-info

clean-data: ## remove .huayuan for good: the embedded database, attachments, the secret, the tests' database
	$(AT_REST)
	@echo "removing $(CURDIR)/.huayuan: embedded database, attachments, secret, the tests' database"
	rm -rf .huayuan

# Ends the embedded servers; fails while one is in use.
AT_REST = [ ! -x $(BIN)/python ] || $(BIN)/python -c 'import sys; from app.embedded import stop; \
	used = [d for d in (".huayuan/tests", ".huayuan") if not stop(d)]; sys.exit(f"in use: {used}" if used else 0)'

# A file that is newer than the lock says that the environment holds what the lock names.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN) pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

# What the service is measured against stays out of its own environment.
$(PEERS): bench/peers/requirements.lock
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/peers/requirements.lock
	touch $(PEERS)

# Needs Node.js 22 with npm, and only where it is asked for.
$(DIRECTUS): bench/peers/directus/package.json
	npm install --prefix bench/peers/directus --silent
	touch $(DIRECTUS)
