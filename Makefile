# One word per job, the same at home and in CI.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := runs/demo
# Containers often forbid it: then each process compiles all that it imports, PyTorch for six seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check setup clean

demo: setup
	$(BIN)/sartor fit sklearn:digits --target cpu --minutes 3 --out $(DEMO)

# One thread for each of two workers: threads that wait for one another slow both down. In the order
# of the files: by the number of their tests, those with one long test would come last, on one worker.
test: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: setup
	$(BIN)/ruff format --check src agent tests benchmarks examples
	$(BIN)/ruff check src agent tests benchmarks examples
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: $(VENV)/stamp

# uv installs in seconds; it does not read pip's own configuration, so pip is the way where it fails.
$(VENV)/stamp: requirements.lock pyproject.toml agent/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sartor needs Python 3.11 or newer; give one with make PYTHON=python3.11")'
	@echo "setting up $(VENV): about two minutes and 6 GB"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet uv==0.13.8 || true
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock \
		|| $(BIN)/python -m pip install --quiet -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e agent -e .
	@touch $@

clean:
	rm -rf $(VENV) runs/demo
