# Every target has a help line: `make help`.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1


.PHONY: help demo test test-tools test-long lint bench lock setup dev front-end pdf verify-log picture

help: ## list what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(PY) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Python 3.11 or later is needed, and $(PY) is %d.%d. Name another: make PY=python3.13 ..." % v[:2])'
	@test -x $(BIN)/pip || $(PY) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e . 
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.runtime ## build .venv with what the portal runs on

dev: $(VENV)/.dev ## build .venv with the test tools too

lock: ## resolve requirements*.in into the lock files (hashes, no registry addresses)
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements.in -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -c requirements.lock requirements-dev.in -o requirements-dev.lock

front-end: $(VENV)/.runtime ## copy styles into portal/static/vendor
	@$(BIN)/python scripts/front_end.py

pdf: setup ## see that PDF files can be made: Pango, unpacked into .venv where the machine has none
	@$(BIN)/python scripts/pango.py

demo: setup front-end pdf ## run the portal with invented people on http://127.0.0.1:8000 (PORT, PORTAL_HOME)
	@$(BIN)/portal demo

test-tools: dev
	@$(BIN)/python scripts/front_end.py --with-tests
	@$(BIN)/python scripts/chromium.py
	@$(BIN)/python scripts/pango.py --must

test: test-tools ## run all tests but the long ones
	$(BIN)/python -m pytest -m "not long" -n auto --maxprocesses 4 --dist loadfile --durations=20

test-long: test-tools ## run the long tests too
	$(BIN)/python -m pytest

lint: dev ## style, types, layers and security rules (ruff S)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy portal isa tests
	$(BIN)/lint-imports

bench: test-tools ## ratios against a bare Flask page on this machine
	$(BIN)/python -m tests.bench

verify-log: setup ## verify the access log of PORTAL_HOME
	$(BIN)/portal audit verify

picture: test-tools ## take the screenshot of the README
	$(BIN)/python scripts/picture.py
