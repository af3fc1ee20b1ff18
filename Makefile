# make demo      install, run the main job on the synthetic laboratory, print the path of the report
# make test      format, lint, types, tests: the same in CI
# make test-slow, make test-browser     what takes longer, what needs Chromium
# make bench     speed and memory ratios against references
# make golden    make the golden numbers of the metrics anew with other people's programs, in an environment of its own

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKDIR ?= runs/demo
FUSERS ?= visible infrared average diffif

.PHONY: install demo test lint types unit test-slow test-browser bench golden docs clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	# ultralytics asks for opencv-python, which needs libGL; the headless build goes over it, same version, same module.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --force-reinstall --no-deps opencv-python-headless
	touch $@

demo: install
	$(BIN)/python -m downstream.detect $(addprefix --fuser ,$(FUSERS)) --workdir $(WORKDIR)
	@echo "report: $(abspath $(WORKDIR))/report/index.html"

test: lint types unit

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy

unit: install
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-slow: install
	$(BIN)/python -m pytest -m slow

test-browser: install
	$(BIN)/python -m pytest -m browser

bench: install
	$(BIN)/python -m benchmarks.metrics
	$(BIN)/python -m benchmarks.diffif all

golden:
	$(PYTHON) -m venv $(VENV)-golden
	$(VENV)-golden/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch torchvision scipy scikit-image scikit-learn opencv-python-headless
	$(VENV)-golden/bin/python -m pip install --quiet --disable-pip-version-check --no-deps piq==0.8.0 pytorch-msssim==1.0.0 pyrtools==1.1.1
	$(VENV)-golden/bin/python tests/golden/metrics/generate.py
	git diff --stat tests/golden

docs: install
	$(BIN)/python -m diffif.metrics --write-docs docs/metrics.md

clean:
	rm -rf $(VENV) $(VENV)-golden build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
