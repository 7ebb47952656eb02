# Two commands matter: `make run` and `make test`. Each sets up what it needs, from nothing but python3, pip and make.
PYTHON ?= python3
BIN := .venv/bin
OUT ?= out
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help run app test check format bench docs lock clean browser

help: ## this list
	@awk -F':.*## ' '/^[a-z.]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

# Debian marks its Python as externally managed and may lack ensurepip: `pip install --target` is exempt, hence virtualenv.
.venv/.ready: pyproject.toml requirements.lock
	@$(PYTHON) -m venv .venv 2>/dev/null || \
	  { rm -rf .venv && $(PYTHON) -m pip install -q --target .tools virtualenv && \
	    PYTHONPATH=.tools $(PYTHON) -m virtualenv -q .venv; }
	@echo "installing the locked packages into .venv (once)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: .venv/.ready ## recompute the paper at laptop scale: out/report.html and out/claims.json
	@$(BIN)/anodefree reproduce --quick -o $(OUT)

app: .venv/.ready ## the laboratory in the browser, on this machine only
	@$(BIN)/anodefree app

# The tests of the laboratory look at it through Debian's Chromium; without it they are skipped, and nothing fails here.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing Debian's chromium for the browser tests (once)" && \
	    { apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 || \
	      { apt-get update -qq >/dev/null 2>&1; apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1; }; }; } || \
	  echo "no chromium here: the tests in a browser are skipped (apt-get install chromium)"

test: .venv/.ready browser ## the tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: .venv/.ready browser ## format, lint, types, import contracts, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

format: .venv/.ready ## rewrite the code in the house style
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

.venv-bench/.ready: .venv/.ready benchmarks/requirements.txt
	@rm -rf .venv-bench && { $(PYTHON) -m venv .venv-bench 2>/dev/null || \
	  { rm -rf .venv-bench && $(PYTHON) -m pip install -q --target .tools virtualenv && \
	    PYTHONPATH=.tools $(PYTHON) -m virtualenv -q .venv-bench; }; }
	@echo "installing the peers into .venv-bench (once)"
	@.venv-bench/bin/python -m pip install -q --disable-pip-version-check -r benchmarks/requirements.txt -e '.[cell]'
	@touch $@

bench: .venv-bench/.ready ## every benchmark, ours against the peer, in one process run each
	@for b in benchmarks/bench_*.py; do echo "== $$b"; .venv-bench/bin/python $$b || exit 1; done

docs: .venv/.ready ## the documentation, into docs/_build/html
	@$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html && echo docs/_build/html/index.html

lock: .venv/.ready ## resolve the dependencies again into requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --extra dev \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean: ## remove the environment and everything computed
	rm -rf .venv .venv-bench .tools out docs/_build docs/stages
