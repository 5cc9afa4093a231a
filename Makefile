# The words a person types. Everything is CMake (CMakePresets.json) and tests/run; this file only names it.
SHELL := /bin/bash
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# CMake runs its own make; ours must not reach into it.
CMAKE_BUILD = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL cmake --build
CMAKE_CONF = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL cmake --log-level=NOTICE --preset

.DEFAULT_GOAL := build
.PHONY: build tests-build deps demo test bench lint asan arm64 image deb debug fmt clean help

build: ## build/raykeeper and build/plugins/*.so (release)
	@echo "== build (release, $(JOBS) jobs)"
	@$(CMAKE_CONF) release
	@$(CMAKE_BUILD) --preset release -j $(JOBS)

debug: ## the same with checked arenas and fault points, in build/debug
	@$(CMAKE_CONF) debug
	@$(CMAKE_BUILD) --preset debug -j $(JOBS)

deps: ## install the Debian packages that are missing (nothing when none is)
	@.ci/deps

tests-build: build
	@echo "== build (tests)"
	@$(CMAKE_BUILD) --preset release -j $(JOBS) --target tests

demo: ## run Ray clusters on a real control plane, on this machine
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory build
	@tests/e2e/demo.sh

test: ## all tests; ONLY="unit house" runs some of them
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory tests-build
	@tests/run $(ONLY)

asan: ## unit, golden, fuzz and some live tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory deps
	@echo "== build (asan)"
	@$(CMAKE_CONF) asan
	@$(CMAKE_BUILD) --preset asan -j $(JOBS)
	@$(CMAKE_BUILD) --preset asan -j $(JOBS) --target tests
	@tests/run --asan $(ONLY)

arm64: ## cross-compile for 64-bit ARM and run the unit tests under qemu-user (config/arm64)
	@$(MAKE) --no-print-directory deps
	@.ci/deps arm64
	@echo "== build (arm64)"
	@$(CMAKE_CONF) arm64
	@$(CMAKE_BUILD) --preset arm64 -j $(JOBS)
	@$(CMAKE_BUILD) --preset arm64 -j $(JOBS) --target tests-unit
	@tests/run --build build/arm64 --under config/arm64/run unit image:arm64

image: ## the container image, without a container engine: root, SBOM and OCI archive in build/image (config/image)
	@.ci/deps build
	@config/image/make $$(dpkg --print-architecture) build/image --archive

deb: ## build/raykeeper_*.deb (config/deb)
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory build
	@cd build/release && cpack -G DEB -B .. >/dev/null && ls ../raykeeper_*.deb

bench: ## speed, memory, CPU and requests, beside a raw loader that makes the same objects
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory build
	@tests/perf/run

lint: ## house rules, clang-tidy, cppcheck
	@.ci/deps lint
	@echo "== configure (debug)"
	@$(CMAKE_CONF) debug
	@tests/house/lint

fmt: ## clang-format on all C files
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

clean: ## remove build/
	@cmake -E rm -rf build

help: ## this text
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18
