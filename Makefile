# make demo            installs and shows the main job, on SQLite, with no server
# make demo-web        a shop at work, and its jobs in the browser
# make pictures        takes the pictures of the page and the terminal for the docs
# make test            installs and runs every check and all tests but the longer proofs
# make test-long       the longer proofs, on further stores and in further ways
# make check           format, lint, types, import layers and the fast tests
# make format          what can be mended by itself
# make coverage        which lines of the library the tests run, in all its processes
# make bench           speed against a bare loop; bench-redis, bench-sql: against the peers
# make bench-io        jobs that wait, by how many run at a time; bench-sharing: by two workers
# make bench-flow      what unique jobs, groups and batches cost beside plain jobs
# make bench-cost      processor time, memory and bytes of a job; bench-gather: 2,000 at once
# make bench-regress   speed against another commit: ARGS="--against COMMIT"
# make bench-scrape    the time of a scrape by Prometheus
# make bench-shards    how evenly shards load the nodes of a cluster, and what they cost
# make bench-pages     the time of each page of `lightjobs web` with a million jobs
# make bench-plots     draws the benchmarks' pictures and tables from their results
# make bench-all       runs all benchmarks against loops and peers, then bench-plots; hours
# make proof-schedule  every due moment is dispatched once, whatever is killed
# make proof-guards    without any one of the library's guards, a test fails
# make soak            everything at once for half an hour a store: nothing is lost, nothing grows
# make docs            builds the documentation into site/; docs-reference: only its generated parts
# make test-lowest     the tests with the lowest versions of all dependencies
# make test-newest     likewise the newest, on the newest Python and servers that Debian has
# make clean           removes the virtual environment and all caches

VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo demo-web pictures test test-long check coverage format bench bench-redis bench-sql bench-io bench-sharing bench-cost bench-gather bench-flow bench-regress bench-scrape bench-shards bench-pages bench-plots bench-all proof-schedule proof-guards soak docs docs-reference test-lowest test-newest install-tools clean

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

demo: $(VENV)/.runtime
	@test -f .env || cp .env.example .env
	@$(BIN)/python scripts/demo.py

demo-web: $(VENV)/.web
	@$(BIN)/python -m scripts.demo_web

# docs/pictures: the page, from the shop of demo-web with an hour of history, and the terminal; two
# minutes.
pictures: install-tools $(VENV)/.dev
	@$(BIN)/python -m scripts.pictures
	@$(BIN)/python -m scripts.terminal_pictures

test: install-tools check
	$(BIN)/python -m pytest -q -n 4 --dist loadgroup -m "slow and not long"

# What `make test` proves on one store or in one way, on the others too.
test-long: install-tools $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 4 --dist loadgroup -m long

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q -n 3 --dist loadscope --no-loadscope-reorder -m "not slow and not long"

# A promise about time may be broken while each line is traced: what the tests say is shown, and the
# table comes all the same.
coverage: install-tools $(VENV)/.dev
	$(BIN)/coverage erase
	-$(BIN)/coverage run -m pytest -q -n 3 --dist loadscope $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Speed against a bare loop in the same run; minutes, and best on a quiet machine.
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.sqlite $(ARGS)
	$(BIN)/python benchmarks/strtotime.py

# Redis and the peers; makes .bench-venv for them. ARGS="--quick --only drain" and the like.
bench-redis: $(VENV)/.dev
	$(BIN)/python -m benchmarks.redis $(ARGS)

# PostgreSQL, MariaDB and the peers, likewise.
bench-sql: $(VENV)/.dev
	$(BIN)/python -m benchmarks.sql $(ARGS)

# Unique jobs, groups and batches beside plain jobs. ARGS="--jobs 100000 --only redis" and the like.
bench-flow: $(VENV)/.dev
	$(BIN)/python -m benchmarks.flow $(ARGS)

# Jobs that wait: ARGS="--only redis --peers lightjobs,bullmq --concurrency 100" and the like.
bench-io: $(VENV)/.dev
	$(BIN)/python -m benchmarks.io $(ARGS)

# On Redis: how workers share jobs and the core; what a job costs; dispatches from coroutines.
bench-sharing bench-cost bench-gather: $(VENV)/.dev
	$(BIN)/python -m benchmarks.$(@:bench-%=%) $(ARGS)

# This tree against a commit in turns, the last one unless ARGS="--against COMMIT" says which.
bench-regress: $(VENV)/.dev
	$(BIN)/python -m benchmarks.regress $(ARGS)

# /metrics with 200 pairs of queue and handler; seconds.
bench-scrape: $(VENV)/.dev
	$(BIN)/python -m benchmarks.scrape $(ARGS)

# Shards on a cluster of three nodes: commands and bytes of each, and what a job costs; a minute.
bench-shards: $(VENV)/.dev
	$(BIN)/python -m benchmarks.shards $(ARGS)

# Each page with no jobs, one and a million; minutes. ARGS="--jobs 100000 --only redis" and the like.
bench-pages: $(VENV)/.dev
	$(BIN)/python -m benchmarks.pages $(ARGS)

# docs/benchmarks/*.svg and the tables of docs/benchmarks.md, from benchmarks/results/*.json.
bench-plots: $(VENV)/.dev
	$(BIN)/python -m benchmarks.plots $(ARGS)

# ARGS="--rounds 5"; a benchmark that ends with an error does not keep the others from running.
bench-all: $(VENV)/.dev
	-for name in sqlite redis sql io sharing cost gather; do $(BIN)/python -m benchmarks.$$name $(ARGS); done
	$(BIN)/python -m benchmarks.plots

# Every due moment is dispatched once, whatever is killed, on four stores; six minutes.
proof-schedule: install-tools $(VENV)/.dev
	$(BIN)/python -m tests.proofs.schedule

# Each guard of tests/proofs/guards.toml is taken out of a copy, two at a time; ARGS="--only fence" and the like.
proof-guards: install-tools $(VENV)/.dev
	$(BIN)/python -m tests.proofs.guards $(ARGS)

# Half an hour a store; ARGS="--minutes 5 --only redis,sqlite". On MySQL too where there is one.
soak: install-tools $(VENV)/.dev
	$(BIN)/python -m tests.proofs.soak $(ARGS)

# The site in site/, with llms.txt; a warning is an error.
docs: docs-reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# The parts of docs/ that are written by the code: commands, settings, classes, metrics, figures.
docs-reference: $(VENV)/.dev
	$(BIN)/python -m scripts.docs_reference

# The lowest and the newest versions that pyproject.toml allows; the newest servers are put into .newest.
# Half an hour; ARGS="tests/contract -k mysql" runs part of it.
test-lowest test-newest: install-tools $(VENV)/.runtime
	scripts/test-versions $(@:test-%=%) $(ARGS)

install-tools:
	@scripts/install-tools

$(VENV)/.runtime: pyproject.toml scripts/make-venv
	@scripts/make-venv $(VENV) .
	@touch $@

$(VENV)/.web: pyproject.toml scripts/make-venv
	@scripts/make-venv $(VENV) '.[web]'
	@touch $@ $(VENV)/.runtime

$(VENV)/.dev: pyproject.toml scripts/make-venv
	@scripts/make-venv $(VENV) '.[dev]'
	@touch $@ $(VENV)/.runtime $(VENV)/.web

clean:
	rm -rf $(VENV) .venv-lowest .venv-newest .newest .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
