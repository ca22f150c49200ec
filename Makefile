# `make demo` and `make test` need Python 3.11 or later and nothing else; the first use makes .venv and installs into it.
PYTHON ?= python3
VENV := .venv
RUN := OMP_WAIT_POLICY=PASSIVE SDL_VIDEODRIVER=dummy SDL_AUDIODRIVER=dummy $(VENV)/bin

SPREAD := --numprocesses auto --maxprocesses 4 --dist loadfile  # a file of tests stays in one process, and shares its fixtures

.PHONY: demo test fast lint clean

demo: $(VENV)/.installed
	$(RUN)/npckit demo
	@echo "  from here    . $(VENV)/bin/activate    so that the shell finds npckit"

test: $(VENV)/.installed
	$(RUN)/python -m pytest $(SPREAD)

fast: $(VENV)/.installed
	$(RUN)/python -m pytest $(SPREAD) -m "not slow"

# mypy takes a package's name from its folder, so it is shown one that is called npckit.
lint: $(VENV)/.installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	parent=$$(mktemp -d) && ln -s "$(CURDIR)" $$parent/npckit && cd $$parent && \
		"$(CURDIR)/$(VENV)/bin/mypy" --config-file npckit/pyproject.toml \
		$$(cd npckit && ls -d games agents envs playback train *.py | sed 's,^,npckit/,')

$(VENV)/.installed: pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) build demo runs *.egg-info
