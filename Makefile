# What people and CI do with this repository. Each target needs Swift and, on Debian, apt, which installs the libraries.
# Beyond that: test and conformance take onnx and numpy from PyPI into .peers/, once, to write ONNX's cases; compare takes
# onnxruntime and openvino as well; docs needs docc, which comes with Swift's toolchains.

SHELL := bash
.SHELLFLAGS := -o pipefail -c
SWIFT ?= swift
# For `make bench`: arguments of `swiftinfer bench`, such as ARGS="zoo:resnet50 --threads 1 --json".
ARGS ?=
# For `make compare`: names of the zoo or ONNX files (all subject models if none), numbers of threads, turns of each engine.
MODELS ?=
THREADS ?= 1,2
ROUNDS ?= 5
# What `make test` and `make conformance` build: the library targets are optimized in debug builds too.
CONFORMANCE = SWIFTINFER=.build/debug/swiftinfer Tests/conformance/run.sh

FORMATTED = Package.swift Sources Tests Examples Benchmarks/Package.swift Benchmarks/Benchmarks

.PHONY: help build test bench conformance compare convolutions docs format lint clean
.DEFAULT_GOAL := build

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' Makefile

build: ## The command line, optimized: .build/release/swiftinfer
	@Scripts/setup.sh build
	$(SWIFT) build -c release --product swiftinfer

test: ## All tests, the ONNX backend cases among them
	@Scripts/setup.sh test
	$(SWIFT) build --build-tests
	Scripts/check-instruction-sets.sh .build/debug/swiftinfer
	$(SWIFT) test --skip-build
	$(CONFORMANCE) >.build/conformance.txt
	$(CONFORMANCE) --no-optimize >.build/conformance-unoptimized.txt
	@tail -n 1 .build/conformance.txt .build/conformance-unoptimized.txt

bench: build ## The default benchmark: zoo models on real input; ARGS="..." for another one
	.build/release/swiftinfer bench $(ARGS)

conformance: ## The ONNX backend cases, one a line, against the list of those that pass; UPDATE=1 extends the list
	@Scripts/setup.sh test
	$(SWIFT) build --product swiftinfer
	$(CONFORMANCE) $(if $(UPDATE),--update-baseline)
	$(CONFORMANCE) --no-optimize | tail -n 1

compare: build ## swiftinfer against onnxruntime and openvino, interleaved: docs/performance.md, or MODELS; THREADS, ROUNDS
	@Scripts/setup.sh test
	Benchmarks/peers/compare.py $(MODELS) --threads $(THREADS) --rounds $(ROUNDS) $(if $(MODELS),,--write docs/performance.md)

convolutions: build ## Times each convolution algorithm on the subject models' layers into docs/convolutions.md
	Benchmarks/convolutions.py

docs: ## The DocC catalogues with the modules' symbols, as web pages in .build/docs
	@Scripts/setup.sh build
	Scripts/docs.sh

format: ## Formats the sources
	$(SWIFT) format -i -p -r $(FORMATTED)

lint: ## Fails on a source that is not formatted
	$(SWIFT) format lint -s -p -r $(FORMATTED)

clean: ## Removes what the build made
	rm -rf .build
