# Toutes les commandes du projet. Il ne faut que make et Python 3.11 ou plus récent.

PYTHON ?= python3
RUN := .venv/bin/python -m
VNU := 26.9.27
VNU_SHA256 := 22f15dd39a33bed929d2a5c0cddf5946849a647eca9272bf4d5d00bc7e7a4d47

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check scenario format lock html-checker proconnect require-python

help: ## affiche cette liste
	@echo "Commandes :"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

setup: require-python ## prépare l'environnement complet dans .venv, sans rien démarrer
	@$(PYTHON) deploy/setup.py all

demo: require-python ## démarre tout sur cette machine (PORT=8074, RESET=1 pour repartir de zéro)
	@$(PYTHON) deploy/setup.py demo
	@PORT='$(PORT)' RESET='$(RESET)' exec $(RUN) server.cli demo

test: setup ## lance les tests
	@exec $(RUN) pytest -n auto -m 'not long'

test-long: setup ## lance les longues épreuves de panne
	@exec $(RUN) pytest -n auto -m long

check: setup ## vérifie le style, les types et le sens des imports
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@.venv/bin/lint-imports

scenario: setup ## déroule tout le cycle par HTTP et vérifie chaque étape
	@exec $(RUN) server.cli scenario

format: setup ## met le code en forme
	@$(RUN) ruff check --fix-only --quiet .
	@$(RUN) ruff format .

lock: require-python ## renouvelle uv.lock
	@$(PYTHON) deploy/setup.py lock

html-checker: setup ## installe le vérificateur HTML du W3C (il faut npm et java), pour make test
	@npm install --silent --no-save --ignore-scripts --no-audit --no-fund \
		--prefix .venv/vnu vnu-jar@$(VNU)
	@echo "$(VNU_SHA256)  .venv/vnu/node_modules/vnu-jar/build/dist/vnu.jar" | sha256sum --check --quiet

proconnect: setup ## installe le moteur de ProConnect (il faut npm), pour make test
	@mkdir -p .venv/proconnect && cp tests/tenants/proconnect/package.json .venv/proconnect/
	@npm install --silent --no-package-lock --ignore-scripts --no-audit --no-fund \
		--prefix .venv/proconnect

require-python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "Il manque Python 3.11 ou plus récent (« $(PYTHON) » est introuvable)."; \
		echo "  Debian, Ubuntu : apt install python3 python3-venv"; exit 2; } >&2
