# Every target sets up what it needs: `python3` with venv, `make` and git are enough.
PYTHON ?= python3
BROKER ?= embedded
SECONDS ?= 300
SEED ?=
SAGAS ?= 600
RATE ?= 4
FAULTS ?= all
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up
PYTEST := $(BIN)/python -m pytest --durations=15 --durations-min=5
TWO    := -n 2 --dist loadscope --ignore tests/chaos  # a module's tests share its servers
CHAOS  := tests/chaos  # one at a time: each loads the machine
EXIT_FLAG := $(if $(EXIT),--exit,)
SEED_FLAG := $(if $(SEED),--seed $(SEED),)

.DEFAULT_GOAL := help
.PHONY: help setup demo up test-fast test test-all lint bench bench-million bench-why chaos chaos-tests prove lock \
  generate clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP) ## make .venv/ from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## four onboardings on a stack of their own (EXIT=1: stop after the last; BROKER=apache)
	@$(BIN)/onboarding demo --broker $(BROKER) $(EXIT_FLAG)

up: setup ## everything on this machine, until Ctrl-C (BROKER=apache)
	@$(BIN)/onboarding up --broker $(BROKER)

lint: setup ## ruff, mypy, import contracts, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m contracts.generate --check

test-fast: setup ## no servers, nothing that takes long: about a minute
	@$(PYTEST) -q $(TWO) -m "not servers and not apache and not slow"

test: setup ## all that needs Python only, under 15 minutes
	@$(PYTEST) -q $(TWO) -m "not apache and not long"
	@$(PYTEST) -q -m "not apache and not long" $(CHAOS)
	@echo "Left out: the tests on Apache Kafka (Java 17 and Maven), those that take minutes (a minute"
	@echo "of random deaths, a minute without each server, a queue of 5,000, TLS, a topic made anew) and"
	@echo "the linters."
	@echo "To have them: make test-all"

test-all: lint ## everything; nothing is left out
	@$(PYTEST) -q $(TWO) -m "not apache"
	@$(PYTEST) -q -m "not apache" $(CHAOS)
	@$(PYTEST) -q -m apache
	@$(PYTEST) -q $(TWO) --broker apache -m servers tests/integration tests/producers
	@$(BIN)/onboarding prove

bench: setup ## sagas per second, latency, CPU and memory on both brokers
	@$(BIN)/python -m tests.bench

bench-million: setup ## what a saga costs beside a million others (long; needs room on the disk)
	@$(BIN)/python -m tests.bench.million

bench-why: setup ## how long `why` takes beside a million sagas (minutes, and a few GB of disk)
	@$(BIN)/python -m tests.bench.why

chaos: setup ## a cluster of Apache Kafka and MongoDB under every fault (SAGAS, SEED, FAULTS, RATE)
	@$(BIN)/python -m tests.chaos.cluster --sagas $(SAGAS) --rate $(RATE) --faults $(FAULTS) $(SEED_FLAG)

chaos-tests: setup ## deaths, outages, queues on real servers in full size (SECONDS of random deaths, SEED)
	@ONBOARDING_CHAOS_SECONDS=$(SECONDS) ONBOARDING_CHAOS_SEED=$(SEED) ONBOARDING_STORM_ROUNDS=20 \
	  ONBOARDING_CHAOS_REPORT=.onboarding/reports/chaos-tests.json \
	  $(PYTEST) -v --ignore tests/chaos/cluster/test_cluster.py tests/chaos

prove: setup ## every order of events of one saga, in small worlds
	@$(BIN)/onboarding prove

lock: setup ## make requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --universal --extra embedded --group dev \
	  --generate-hashes --no-header --quiet --output-file requirements.lock

generate: setup ## JSON Schemas, AsyncAPI document, missing examples
	@$(BIN)/python -m contracts.generate

clean: ## remove what targets made here
	@rm -rf $(VENV) .onboarding .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
