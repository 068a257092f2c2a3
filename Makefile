# make demo            installs and shows the main job, on SQLite, with no server
# make test            installs and runs every check and test
# make check           format, lint, types, import layers and the fast tests
# make format          what can be mended by itself
# make coverage        which lines of the library the tests run, in all its processes
# make bench           speed against a bare loop; bench-redis, bench-sql: against the peers
# make bench-io        jobs that wait, by how many run at a time; bench-sharing: by two workers
# make bench-cost      processor time, memory and bytes of a job; bench-gather: 2,000 at once
# make bench-regress   speed against another commit: ARGS="--against COMMIT"
# make bench-plots     draws the benchmarks' pictures and tables from their results
# make bench-all       runs all benchmarks against loops and peers, then bench-plots; hours
# make proof-schedule  every due moment is dispatched once, whatever is killed
# make test-lowest     the contract with the lowest versions of all dependencies; test-newest likewise
# make clean           removes the virtual environment and all caches

VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test check coverage format bench bench-redis bench-sql bench-io bench-sharing bench-cost bench-gather bench-regress bench-plots bench-all proof-schedule test-lowest test-newest install-tools clean

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

demo: $(VENV)/.runtime
	@test -f .env || cp .env.example .env
	@$(BIN)/python scripts/demo.py

test: install-tools check
	$(BIN)/python -m pytest -q -n 2 -m slow

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q -n 3 --dist loadscope -m "not slow"

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

# Jobs that wait: ARGS="--only redis --peers lightjobs,bullmq --concurrency 100" and the like.
bench-io: $(VENV)/.dev
	$(BIN)/python -m benchmarks.io $(ARGS)

# On Redis: how workers share jobs and the core; what a job costs; dispatches from coroutines.
bench-sharing bench-cost bench-gather: $(VENV)/.dev
	$(BIN)/python -m benchmarks.$(@:bench-%=%) $(ARGS)

# This tree against a commit in turns, the last one unless ARGS="--against COMMIT" says which.
bench-regress: $(VENV)/.dev
	$(BIN)/python -m benchmarks.regress $(ARGS)

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

# The lowest and the newest versions that pyproject.toml allows; minutes.
test-lowest test-newest: install-tools
	scripts/test-versions $(@:test-%=%) $(ARGS)

install-tools:
	@scripts/install-tools

$(VENV)/.runtime: pyproject.toml scripts/make-venv
	@scripts/make-venv $(VENV) .
	@touch $@

$(VENV)/.dev: pyproject.toml scripts/make-venv
	@scripts/make-venv $(VENV) '.[dev]'
	@touch $@ $(VENV)/.runtime

clean:
	rm -rf $(VENV) .venv-lowest .venv-newest .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
