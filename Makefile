# `make demo` and `make test` need Python 3.11 or later and nothing else; the first use makes .venv and installs into it.
PYTHON ?= python3
VENV := .venv
RUN := SDL_VIDEODRIVER=dummy SDL_AUDIODRIVER=dummy $(VENV)/bin

.PHONY: demo test fast lint clean

demo: $(VENV)/.installed
	$(RUN)/npckit demo --out demo

test: $(VENV)/.installed
	$(RUN)/python -m pytest

fast: $(VENV)/.installed
	$(RUN)/python -m pytest -m "not slow"

lint: $(VENV)/.installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

$(VENV)/.installed: pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build demo runs *.egg-info
