# Two commands do everything: `make demo` runs the whole line on embedded data, `make test` tests it.
PYTHON := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo test test-long lint build gpu bench fuzz setup-demo setup-test clean

demo: setup-demo
	bash scripts/demo.sh

test: setup-test lint
	cmake --workflow --preset dev
	cmake --workflow --preset asan
	$(PYTHON) -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

# What takes too long for every change: whole matrices, many epochs.
test-long: setup-test
	$(PYTHON) -m pytest --long -m long --timeout 3600 $(PYTEST_ARGS)

lint: setup-test
	bash scripts/lint.sh

# A GPU machine may have no network: uses the python3 that is there, with torch and pybind11 in it.
gpu:
	bash scripts/gpu.sh

bench: setup-test
	$(PYTHON) -m benchmarks.decode
	$(PYTHON) -m benchmarks.augment
	$(PYTHON) -m benchmarks.feed

# MINUTES=20 by default, on all processors.
fuzz: setup-demo
	bash scripts/fuzz.sh

build: setup-demo

setup-demo:
	@bash scripts/setup.sh demo

setup-test:
	@bash scripts/setup.sh test

clean:
	rm -rf build .venv
