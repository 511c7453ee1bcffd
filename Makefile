# Needs Python 3.10 or newer, git and make; everything else is fetched into .venv.
#   make demo    see lossmon explain a training whose loss does not decrease
#   make test    run every test
#   make lint    formatting, style, types, and the arrows between the packages
#   make clean   remove what these made

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
TENSORFLOW := .venv-tf/.installed
RUNS := runs/learning_rate

.PHONY: demo test lint clean

demo: $(INSTALLED)
	@echo
	@echo '$$ lossmon run demos/article/learning_rate.py'
	@$(BIN)/lossmon run demos/article/learning_rate.py
	@echo
	@echo 'The same verdict, from the log:   $(BIN)/lossmon check $(RUNS)'
	@echo 'In the terminal, live or after:   $(BIN)/lossmon tui $(RUNS)'
	@echo 'In TensorBoard, tab "Stagnation": $(BIN)/tensorboard --logdir $(RUNS)'

test: $(INSTALLED) $(TENSORFLOW)
	$(BIN)/pytest -n 2 --dist loadgroup

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf .venv .venv-tf runs build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# pip 25.1 is the first to know --group.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "lossmon needs Python 3.10 or newer; name one: make PYTHON=python3.12")'
	@echo 'Installing into .venv (once; PyTorch makes it a few minutes) ...'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[torch,tensorboard]' --group dev
	@touch $@

# Writes real Keras logs for the tests; where it cannot be installed, those are skipped.
$(TENSORFLOW): constraints.txt
	@echo 'Installing TensorFlow into .venv-tf (once; 1.6 GB, about a minute) ...'
	@{ $(PYTHON) -m venv .venv-tf && \
	  .venv-tf/bin/python -m pip install -qq --disable-pip-version-check --upgrade 'pip>=25.1' && \
	  .venv-tf/bin/python -m pip install -qq --disable-pip-version-check -c constraints.txt --group tensorflow && \
	  touch $@; } || echo 'TensorFlow could not be installed: the tests of its logs will be skipped' >&2
