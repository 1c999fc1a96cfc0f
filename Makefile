# Needs Python 3.11+, pip and make; uses uv where it is there. Each target sets up its own virtual environment.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)

.PHONY: demo test coverage lint cassettes notebook lock bench crash soak eval clean

demo: .venv/.run-installed
	.venv/bin/swineherd run examples/hello/job.yaml --sandbox

# A worker more than there are cores: some tests wait for pods and timers, as people do.
TESTERS = $$(.venv/bin/python -c 'import os; print(os.cpu_count() + 1)')

# A real model comes first: on the same cores as other tests each answer takes it several times as long.
test: .venv/.dev-installed
	$(if $(OPENAI_BASE_URL),.venv/bin/pytest -n 0 tests/model)
	.venv/bin/pytest -n $(TESTERS) $(if $(OPENAI_BASE_URL),--ignore tests/model)

# The same tests, and which lines and branches they reach: watching each line takes Python half as long again.
coverage: .venv/.dev-installed
	.venv/bin/pytest --cov --cov-report=term:skip-covered -n $(TESTERS)

lint: .venv/.dev-installed
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/mypy notebooks/*.py
	.venv/bin/lint-imports

# Kills the agent at every boundary on every path; the ordinary tests kill once at each. A quarter of an hour.
# STORE=postgres does the same on PostgreSQL, which must be installed.
crash: .venv/.dev-installed
	STORE=$(STORE) .venv/bin/pytest -m "crash or not crash" -k "not killed_once" -n 4 tests/crash

# Simulated lives, each from its seed; the ordinary tests live 300. SEEDS=100000 START=1 JOBS=2 are the defaults.
soak: .venv/.dev-installed
	.venv/bin/python -m tests.simulation.soak

# Maintainers: record every tape again: GPU Hog's from the sandbox, the model's from the real one at OPENAI_BASE_URL.
cassettes: .venv/.dev-installed
	.venv/bin/python -m tests.tools.gpuhog.record
	.venv/bin/python -m tests.agent.mind.record

bench: .venv/.dev-installed
	.venv/bin/pytest -m benchmark -n 0 -s

# How well job descriptions are understood (tests/eval): by the rules, and by the model where OPENAI_BASE_URL names one.
eval: .venv/.dev-installed
	.venv/bin/python -m tests.eval
	$(if $(OPENAI_BASE_URL),.venv/bin/python -m tests.eval --model)

notebook: .venv/.dev-installed
	.venv/bin/python notebooks/execute.py

# Maintainers: resolve again and write the locks (needs uv; versions that are locked stay unless UPGRADE=--upgrade). The locks
# name no registry, only versions and hashes, and keep the extras: pip 23 looks past a pin that lacks the extra it wants.
COMPILE = uv pip compile -q $(UPGRADE) --universal --no-strip-extras --generate-hashes --no-header --no-annotate
lock:
	$(COMPILE) --group build pyproject.toml -o requirements.lock
	$(COMPILE) --group build --group dev --all-extras pyproject.toml -o requirements-dev.lock

.venv/bin/python:
ifdef UV
	$(UV) venv -q --seed --allow-existing --python $(PYTHON) .venv
else
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "swineherd needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv .venv
endif

.venv/.run-installed: requirements.lock pyproject.toml | .venv/bin/python
	$(call install,requirements.lock)
	touch $@

.venv/.dev-installed: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(call install,requirements-dev.lock)
	touch $@ .venv/.run-installed

# The build backend is in the locks too, so that nothing unpinned is fetched to install ourselves.
ifdef UV
define install
	$(UV) pip install -q --python .venv/bin/python --require-hashes -r $(1)
	$(UV) pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
endef
else
define install
	.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1)
	.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
endef
endif

clean:
	rm -rf .venv
