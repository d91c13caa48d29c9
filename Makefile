# make run    environment, install, then the five lesson experiments on handwritten digits
# make test   the tests
# make lint   ruff and mypy
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Without compiled bytecode every start is three times slower.
export UV_COMPILE_BYTECODE = 1

.PHONY: run test lint clean

run: $(READY)
	$(BIN)/experiments fit sweep=what_can_go_wrong

# Two at a time with a thread each: small networks on two threads mostly wait for each other.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# uv where it can be had (half a minute instead of several), pip otherwise.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "error: Python 3.11 to 3.13 is needed; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet uv || echo "note: no uv to be had, going on with pip"
	@if [ -x $(BIN)/uv ]; then install="$(BIN)/uv pip install --python $(BIN)/python"; \
	else install="$(BIN)/python -m pip install"; fi; \
	set -x; $$install --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV)
