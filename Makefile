# Two commands matter: `make demo` and `make test`. Everything lives in .venv and .demo of this checkout.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
MINUTES ?= 10
WORKERS ?= 3

.PHONY: demo test check bench soak upgrade wheel lock clean

.venv/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headwater needs Python 3.11 or newer; name one with make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv || { rm -rf .venv; echo "python3 has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'

.venv/installed: .venv/bin/uv requirements/run.txt pyproject.toml
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements/run.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv/installed-dev: .venv/installed requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/dev.txt
	@touch $@

.venv/installed-bench: .venv/installed-dev requirements/bench.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/bench.txt
	@touch $@

demo: .venv/installed
	$(BIN)/headwater demo $(ARGS)

test: .venv/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(ARGS)

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-bench
	$(BIN)/python -m bench $(ARGS)

upgrade: .venv/installed-dev
	$(BIN)/python -m headwater.testing.upgrading $(ARGS)

soak: .venv/installed-dev
	$(BIN)/python -m headwater.testing.soak --minutes $(MINUTES) --workers $(WORKERS) $(ARGS)

wheel: .venv/installed-dev
	$(BIN)/python -m hatchling build

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate pyproject.toml
lock: .venv/bin/uv
	$(LOCK) --group dev -o requirements/dev.txt
	$(LOCK) -c requirements/dev.txt -o requirements/run.txt
	$(LOCK) -c requirements/dev.txt --group bench -o requirements/bench.txt

clean:
	-$(BIN)/headwater db stop
	rm -rf .venv .demo dist
