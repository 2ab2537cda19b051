# Loyalty Lens. `make help` lists the targets. Needs Python 3.11 or newer and make, nothing else.
SHELL := /bin/sh
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo "$$name"; break; fi; done)
RUN := .venv/bin/python -m
OURS := dags metabase seeds_generator tests
# Runs on the standard library alone, before anything is set up.
STACK := PYTHONPATH=dags $(or $(PYTHON),python3) -m loyalty_lens.stack
COMPOSE ?= docker compose
BENCH_SCALE ?= small
COMPILE := ../.venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock"

.PHONY: help setup demo test test-long bench bench-report bench-gate bench-points bench-models bench-insight bench-days bench-cards bench-freshness bench-load env up down logs smoke screenshots exposures relations slides quality audit-dependencies fix lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

setup: ## Set up .venv from requirements/requirements.txt
	@sh requirements/setup.sh "$(PYTHON)"

demo: setup ## Load invented daily files into the demo database and show what comes out
	@$(RUN) loyalty_lens.cli.main demo

test: setup ## All tests but the long counts (the README's test command)
	@$(RUN) pytest -m "not full" -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
		$(PYTEST_ARGS)

test-long: setup ## The full counts of every property and fault test
	@$(RUN) pytest $(PYTEST_ARGS)

bench: setup ## All of it against SQL by hand, DuckDB and pandas; targets met and missed (BENCH_SCALE=small|large)
	@BENCH_SCALE=$(BENCH_SCALE) $(RUN) tests.bench.whole

bench-report: setup ## The same, written to docs/benchmarks.md
	@BENCH_SCALE=$(BENCH_SCALE) $(RUN) tests.bench.whole --save docs/benchmarks.md

bench-gate: setup ## Speed and memory of landing and gate, as ratios to a bare copy (20 minutes, 6 GB)
	@$(RUN) tests.bench.gate

bench-points: setup ## Speed of the points engine, as ratios to a bare join and to a short history
	@$(RUN) tests.bench.points

bench-models: setup ## Speed and memory of lens models at 200,000 customers
	@$(RUN) tests.bench.models

bench-insight: setup ## RFM and segments over 5 million lines, as ratios to bare SQL (6 GB)
	@$(RUN) tests.bench.insight

bench-days: setup ## A whole day's run upon 30 and upon 360 days of history, in turns (2 GB)
	@$(RUN) tests.bench.days

bench-cards: setup ## How long each card takes on the warehouse that is there (limit: 300 ms at the large preset)
	@$(RUN) tests.bench.cards

bench-freshness: setup ## Seconds from files of 1,000 sales to the new balances, on the demo (target: 60 s)
	@$(RUN) tests.bench.freshness --demo

bench-load: setup ## 1,000 files at once, and 50 people at the dashboards of the demo (p95 below 1 s)
	@$(RUN) tests.bench.load --demo

env: ## Write .env for docker-compose, secrets made up
	@$(STACK).make_env

up: ## Start everything in containers: Airflow, Metabase, the warehouse (needs Docker and make env)
	@$(STACK).before_up $(COMPOSE)
	$(COMPOSE) up --detach --build
	@$(STACK).addresses

down: ## Stop the containers; all data stay (to remove them, too: docker compose down --volumes)
	$(COMPOSE) down

logs: ## Follow the logs of the containers
	$(COMPOSE) logs --follow --tail 100

smoke: ## Check the running containers: a run through Airflow, marts, dashboards
	$(COMPOSE) run --rm --no-deps smoke

screenshots: demo ## Take the pictures of docs/images from the demo (needs chromium)
	@$(RUN) tests.dashboards.screenshots

exposures: setup ## Tell dbt which marts the dashboards read, from their files
	@$(RUN) metabase.definition.exposures

relations: setup ## Draw anew how tables relate (docs/er_diagram.md), from the relationships tests
	@$(RUN) loyalty_lens.documents.relations

slides: setup ## Render docs/slides.md to docs/slides.pdf (needs chromium)
	@$(RUN) tests.documents.slides

quality: setup ## Lint and type-check: ruff, mypy, sqlfluff, yamllint; no secrets
	$(RUN) ruff check $(OURS)
	$(RUN) ruff format --check $(OURS)
	$(RUN) mypy dags metabase seeds_generator
	$(RUN) sqlfluff lint --config dbt_project/.sqlfluff dbt_project/models dbt_project/tests
	$(RUN) yamllint --strict .
	$(RUN) tests.secret_scan

audit-dependencies: setup ## Known weaknesses of what is installed (asks a public data base: needs the internet)
	$(RUN) uv tool run pip-audit --strict --disable-pip --require-hashes \
		--requirement requirements/requirements.txt

fix: setup ## Format and repair what can be repaired by itself
	$(RUN) ruff check --fix $(OURS)
	$(RUN) ruff format $(OURS)
	$(RUN) sqlfluff fix --config dbt_project/.sqlfluff dbt_project/models dbt_project/tests

lock: setup ## Compile requirements/*.in again (after a change there)
	cd requirements && $(COMPILE) runtime.in development.in -o requirements.txt
	cd requirements && $(COMPILE) runtime.in --constraints requirements.txt -o runtime.txt

clean: ## Remove .venv, caches and build output; the warehouse under .lens stays (lens reset removes it)
	@if [ -x .venv/bin/lens ]; then .venv/bin/lens stop || true; fi
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	rm -rf dbt_project/target dbt_project/logs
	find dags metabase seeds_generator tests -type d -name __pycache__ -exec rm -rf {} +
