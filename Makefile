# Everything a user or CI runs. Each target makes sure of the tools it needs in .venv first, and of the policy engine in
# .venv-policies (pinned in requirements/*.lock).
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
PY := .venv/bin/python
SOURCES := generate.py sendy_cfn emulator rehearsal benchmarks tests examples requirements
PYTEST_FLAGS ?= -n auto --dist loadfile

.PHONY: help setup runtime policies templates check stale style types lint actions house licences sbom test try rehearse rehearse-setup rehearse-full rehearse-long fix clean package deploy bench schemas pictures costs lock env

help: ## show this list
	@echo "usage: make TARGET [ENV=test]"
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 18

setup: ## create .venv with the pinned tools, or bring it up to date
	@$(PYTHON) requirements/install.py dev

runtime:
	@$(PYTHON) requirements/install.py runtime

policies:
	@$(PYTHON) requirements/install.py policies

templates: runtime ## params/*.yaml -> templates/*.yaml, and validate what changed
	@$(PY) generate.py
	@$(PY) -m sendy_cfn.checks.validate

check: setup policies stale style types lint actions test rehearse ## what CI runs: stale templates, licences and pictures, style, types, lint, actions, tests, dry rehearsal

stale: setup
	@$(PY) generate.py --check
	@$(PY) -m requirements.licences --check
	@$(PY) -m sendy_cfn.pictures --check

style: setup
	@$(PY) -m ruff check --quiet $(SOURCES)
	@$(PY) -m ruff format --quiet --check $(SOURCES)
	@.venv/bin/shellcheck .ci/run

types: setup
	@$(PY) -m mypy

lint: setup policies ## cfn-lint, AWS's validator, checkov, our own rules and policy linters over every template
	@$(PY) -m sendy_cfn.checks.lint
	@$(PY) -m sendy_cfn.checks.policies

actions: setup ## pipeline actions and conditions against AWS's reference
	@$(PY) -m sendy_cfn.checks.actions

house: setup ## our own rules alone
	@$(PY) -m sendy_cfn.checks templates

test: setup policies ## the tests
	@$(PY) -m pytest $(PYTEST_FLAGS)

try: setup ## deploy the templates to an emulator on this machine with the AWS CLI (a few minutes)
	@$(PY) -m emulator.walkthrough

rehearse: setup ## rehearse releases without root and containers (a minute or two)
	@$(PY) -m rehearsal

rehearse-setup: ## install what full rehearsals need, from PyPI and, as root, from Debian
	@$(PYTHON) requirements/install.py rehearse
	@$(PY) -m rehearsal.full.machine --install

rehearse-full: rehearse-setup ## rehearse with real containers, load balancers, DNS and customers, as root (four minutes)
	@$(PY) -m rehearsal --full short

rehearse-long: rehearse-setup ## every scenario and twenty releases under load, as root (about an hour and a half)
	@$(PY) -m rehearsal --full long

fix: setup ## repair style: ruff's fixes and formatting
	@$(PY) -m ruff check --fix $(SOURCES)
	@$(PY) -m ruff format $(SOURCES)

clean: ## remove caches and build output (.venv stays)
	@rm -rf .cache .hypothesis build dist .templates.new params/.*.new docs/.*.new docs/pictures/.*.new
	@find $(wildcard $(SOURCES)) -name __pycache__ -type d -prune -exec rm -rf {} +

package: env runtime ## upload nested templates: make package ENV=test [BUCKET=name]
	@$(PY) -m sendy_cfn.package --env $(ENV) $(if $(BUCKET),--bucket $(BUCKET))

deploy: env runtime ## package, change set, confirmation, progress: make deploy ENV=test [BUCKET=name] [YES=1]
	@$(PY) -m sendy_cfn.deploy --env $(ENV) $(if $(BUCKET),--bucket $(BUCKET)) $(if $(YES),--yes)

bench: setup policies ## measure generation, --check and lint
	@$(PY) -m benchmarks.bench

schemas: runtime policies ## write params/*.schema.json for editors, and docs/{reference,checks,permissions,security}.md
	@$(PY) -m sendy_cfn.config.schema
	@$(PY) -m sendy_cfn.config.reference
	@$(PY) -m sendy_cfn.checks.house.page
	@$(PY) -m sendy_cfn.permissions
	@$(PY) -m sendy_cfn.checks.security_page

pictures: runtime ## draw the dashboards of the toolchain and of the last environment, with sample data, to docs/pictures
	@$(PY) -m sendy_cfn.pictures

costs: runtime ## say what monitoring costs a month, by environment and service
	@$(PY) -m sendy_cfn.costs

lock: ## resolve requirements/*.in again and write the locks, with hashes (then: make licences)
	@$(PYTHON) requirements/install.py lock

licences: ## write docs/licences.md from what the locks install
	@$(PYTHON) requirements/install.py rehearse
	@$(PYTHON) requirements/install.py policies
	@$(PY) -m requirements.licences

sbom: runtime ## write build/sbom.json, CycloneDX: make sbom [LOCK=dev]
	@$(PY) -m requirements.sbom $(if $(LOCK),--lock $(LOCK))

env:
	@if [[ -z "$(ENV)" ]]; then echo "which environment? e.g. make $(firstword $(MAKECMDGOALS)) ENV=test" >&2; exit 2; fi
