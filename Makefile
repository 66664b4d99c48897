# `make demo` and `make test` each make what they need; `make help` lists the rest.
# Settings: make PYTHON=python3.12 test     JOBS=4 (test workers)     THREADS=2 (BLAS)

PYTHON ?= python3
VENV ?= .venv
# Counted when the tests run, because joblib knows what a container may use.
JOBS ?= $(shell $(RUN) -c 'import joblib; print(min(8, joblib.cpu_count()))')
# Test workers already fill the cores: one BLAS thread in each of them.
THREADS ?= 1

RUN := $(VENV)/bin/python
ENVIRONMENT := $(VENV)/.made
DEMO := $(VENV)/.installed-demo
TEST := $(VENV)/.installed-test
BENCH := $(VENV)/.installed-bench
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check

LIMITED := OMP_NUM_THREADS=$(THREADS) OPENBLAS_NUM_THREADS=$(THREADS) \
	MKL_NUM_THREADS=$(THREADS) VECLIB_MAXIMUM_THREADS=$(THREADS)
PYTEST = $(LIMITED) $(RUN) -m pytest -q -n $(JOBS)

BENCHMARKS = $(sort $(wildcard benchmarks/bench_*.py))

.PHONY: help demo test lint format bench clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

demo: $(DEMO) ## run the tour, examples/quickstart.py
	$(RUN) examples/quickstart.py

test: lint ## check style and types, run all tests with and without numba
	$(PYTEST)
	SKNORMS_NUMBA=0 $(PYTEST) -m kernels

lint: $(TEST) ## check style and types
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy

format: $(TEST) ## rewrite the sources in the house style
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format

bench: $(BENCH) ## compare with other libraries on this machine
	set -e; for script in $(BENCHMARKS); do \
		echo "== $$script"; $(RUN) $$script; done

clean: ## remove the environment and everything that was made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find sknorms tests examples benchmarks scripts -name __pycache__ -prune \
		-exec rm -rf {} +

# Some systems ship Python without ensurepip; then the pip that is there installs pip.
$(ENVIRONMENT):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
		"sknorms needs Python >= 3.11, and $(PYTHON) is older or missing;" \
		"name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $(RUN) install --quiet pip; }
	@touch $@

$(DEMO): pyproject.toml $(ENVIRONMENT)
	$(INSTALL) --editable '.[fast,plot]'
	@touch $@

# What the tests need includes what the demo needs.
$(TEST): pyproject.toml $(ENVIRONMENT)
	$(INSTALL) --editable '.[fast,plot,test]'
	@touch $(DEMO) $@

$(BENCH): pyproject.toml $(ENVIRONMENT)
	$(INSTALL) --editable '.[fast,plot,bench]'
	@touch $(DEMO) $@
