PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= runs/demo
BENCH ?= runs/benchmarks.json

.PHONY: demo test slow long lint types bench bench-docs docs docs-tables clean help

help:
	@echo "make demo    set up .venv, run the scenario 'relapse' and make its pictures and film"
	@echo "make test    set up .venv with the test tools and run the tests"
	@echo "make slow    the long tests;  make long  outcome of trials in 1000 patients per arm (hours)"
	@echo "make lint    ruff;  make types  mypy"
	@echo "make bench   benchmarks as ratios;  make bench-docs  and their table into the documents"
	@echo "make docs    build the documents and run their examples: docs/_build/html/index.html"
	@echo "make demo PYTHON=python3.12 VENV=other-folder   choose the interpreter and the folder"

$(VENV)/core: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "asnsim needs Python 3.11 or newer; say for example: make demo PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "the module venv is missing; say: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/dev: $(VENV)/core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[sbml,sweep,clinic,calib,web,dev]'
	@touch $@

demo: $(VENV)/core
	$(BIN)/asnsim run relapse --seed 1 --out $(OUT) --overwrite
	$(BIN)/asnsim plot $(OUT)
	$(BIN)/asnsim animate $(OUT)
	@echo "tables, pictures and film: $(OUT)"

test: $(VENV)/dev
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  echo "the tests of the web page are left out: no Chromium here; say: apt-get install chromium"
	NUMBA_NUM_THREADS=4 $(BIN)/python -m pytest -n 2 --dist loadgroup -m 'not slow'

slow: $(VENV)/dev
	NUMBA_NUM_THREADS=4 $(BIN)/python -m pytest -m slow

long: $(VENV)/dev
	$(BIN)/python tools/outcome_of_trials.py

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

bench: $(VENV)/dev
	$(BIN)/python -m benchmarks

bench-docs: $(VENV)/dev
	@mkdir -p $(dir $(BENCH))
	-$(BIN)/python -m benchmarks --json $(BENCH)
	$(BIN)/python -m benchmarks.document $(BENCH)

$(VENV)/docs: $(VENV)/core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@

docs: $(VENV)/docs
	MPLBACKEND=Agg $(BIN)/python -m sphinx -W --keep-going -b html -d docs/_build/doctrees docs docs/_build/html
	$(BIN)/python tools/check_site.py docs/_build/html

docs-tables: $(VENV)/dev
	$(BIN)/python tools/make_tables.py
	$(BIN)/python tools/generate_cell.py

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
