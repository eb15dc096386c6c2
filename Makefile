# The only door. Each target calls one script in ci/, the same that CI runs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STORE ?= sqlite

.PHONY: help setup build run demo test lint bench chaos asan tsan fuzz features clean

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## install what Debian and npm provide (nothing, quickly, when all is there)
	@ci/setup

build: setup ## configure and build everything, release
	@ci/build release

run: build ## start the four services and the sandbox; prints addresses, a token and what to try; stays up
	@ci/run-suite

demo: build ## walk the whole customer journey and check every figure; STORE=postgres: three replicas, with kills
	@STORE=$(STORE) ci/demo

test: build ## unit, contract and journey tests
	@ci/test release

lint: build ## format, clang-tidy, buf, arrows between folders, manifests
	@ci/lint

bench: build ## ratios, one `name value` per line
	@ci/bench

chaos: build ## kill -9, full disks, duplicates: nothing lost, nothing doubled
	@ci/chaos

asan: setup ## the tests under AddressSanitizer and UBSan
	@ci/sanitize asan

tsan: setup ## the tests under ThreadSanitizer
	@ci/sanitize tsan

fuzz: setup ## hostile input for the parsers, FUZZ_SECONDS (60) for each
	@ci/fuzz

features: ## every row of docs/features names a test that exists and ran
	@ci/features

clean: ## remove what was built
	@rm -rf build .run
