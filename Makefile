# make demo      install, run the main job on the synthetic laboratory, print the path of the report
# make test      format, lint, types, tests: the same in CI
# make test-slow, make test-browser     what takes longer, what needs Chromium
# make bench     speed and memory ratios against references
# make imports   every module with the base install, without the extras
# make coverage  the tests, and the share of lines that they reach
# make package   wheel and source archive in dist/
# make leaderboard   the page of the submissions in leaderboard/, in runs/leaderboard
# make docs      docs/metrics.md and the site in site/
# make golden    make the golden numbers of the metrics anew with other people's programs, in an environment of its own

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKDIR ?= runs/demo
FUSERS ?= visible infrared average diffif

.PHONY: install demo test lint types unit coverage imports test-slow test-browser bench golden package leaderboard docs clean

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

coverage: install
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term

imports:
	$(PYTHON) -m venv $(VENV)-base
	$(VENV)-base/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	$(VENV)-base/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --force-reinstall --no-deps opencv-python-headless
	$(VENV)-base/bin/python tests/import_every_module.py

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

package: install
	$(BIN)/python -m build --outdir dist

leaderboard: install
	$(BIN)/python -m reports leaderboard leaderboard --out runs/leaderboard

docs: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	$(BIN)/python -m diffif.metrics --write-docs docs/metrics.md
	$(BIN)/mkdocs build

clean:
	rm -rf $(VENV) $(VENV)-base $(VENV)-golden build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
