# Every target works alone on a machine with Python 3.11 and make: what it needs, it creates.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   ?= demo

.PHONY: demo test check serve bench docs screenshots requirements clean

demo: $(VENV)/.run              ## walk the whole way on the worked examples
	rm -rf $(DEMO)
	$(BIN)/haip demo $(DEMO)

serve: $(VENV)/.run             ## the workbench on a worked example, in your browser
	test -d $(DEMO)/deployer-chatbot || $(BIN)/haip demo $(DEMO) --example deployer-chatbot --quiet
	$(BIN)/haip --workspace $(DEMO)/deployer-chatbot serve

test: $(VENV)/.dev              ## all tests
	$(BIN)/python -m pytest

check: $(VENV)/.dev             ## style, types, import rules, generated documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

docs: $(VENV)/.dev              ## write the generated part of docs/ anew
	$(BIN)/python docs/generate.py

bench: $(VENV)/.dev             ## the figures that README quotes
	$(BIN)/python -m benchmarks

screenshots: $(VENV)/.dev       ## the pictures that README shows
	$(BIN)/python docs/screenshots.py

requirements:                   ## pin anew what requirements/*.in and pyproject.toml ask for
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make requirements" pyproject.toml -o requirements/run.txt
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --allow-unsafe --extra fast --extra cloud --extra ray --extra spark --custom-compile-command "make requirements" pyproject.toml requirements/dev.in -o requirements/dev.txt

clean:
	rm -rf $(VENV) $(DEMO) build *.egg-info src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; set PYTHON=/path/to/it"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.run
