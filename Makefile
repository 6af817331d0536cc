# Everything a person types. The work itself is in billing_project/launcher.
PYTHON ?= python3
SUBSCRIBERS ?= 2000
DAYS ?= 92
ARGS ?=

IN = .venv/bin/python
LAUNCHER = $(IN) -m billing_project.launcher
# Two processes, unless ARGS asks for another number.
PYTEST = $(IN) -m pytest -n 2

.PHONY: demo run services stop test long check format bench environment environment-dev python clean

demo: environment
	@$(LAUNCHER) demo --subscribers $(SUBSCRIBERS) --days $(DAYS)

run: environment
	@$(LAUNCHER) run

services: environment
	@$(LAUNCHER) services

stop:
	@$(LAUNCHER) stop

# make test ARGS='-k name', make test ARGS=tests/unit
test: environment-dev
	@$(LAUNCHER) exec --test -- $(PYTEST) $(ARGS)

# Simulations of years.
long: environment-dev
	@$(LAUNCHER) exec --test -- $(PYTEST) -m long $(ARGS)

check: environment-dev
	@$(IN) tools/check.py

format: environment-dev
	@$(IN) -m ruff check --fix --quiet .
	@$(IN) -m ruff format --quiet .

bench: environment-dev
	@$(LAUNCHER) exec --bench -- $(IN) -m bench $(ARGS)

environment: python
	@$(PYTHON) billing_project/launcher/environment.py

environment-dev: python
	@$(PYTHON) billing_project/launcher/environment.py --dev

python:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "Retel needs Python 3.11 or newer with venv (apt-get install python3-venv)."; exit 1; }

# Removes the data of the embedded services too.
clean:
	@if [ -x $(IN) ]; then $(LAUNCHER) clean; fi
	@rm -rf .venv .state staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
