# The front door. Each target installs the Debian packages that it needs when they are missing (as root or
# through sudo), then works in build/. See CONTRIBUTING.md.

BUILD ?= build
JOBS  ?= $(shell nproc)
# Tests wait for one another's servers and programs: half as many more than there are cores keep the cores busy.
TEST_JOBS ?= $(shell expr $(JOBS) + $(JOBS) / 2)
# More words for ctest, for instance: make test TESTS='-L unit' or TESTS='-R Dockerfile'
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test nightly build static image bench bench-quick lint format clean

help: ## this list
	@echo 'cooper builds container images without a daemon. Targets:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: build ## two base images, a registry, a multi-stage build, a push, a cached rebuild
	@scripts/packages.sh demo
	@COOPER=$(BUILD)/cooper scripts/demo.sh

test: ## build everything and run all tests
	@scripts/packages.sh build test
	@scripts/configure.sh $(BUILD) -DCOOPER_TESTS=ON
	@ninja -C $(BUILD) -j $(JOBS)
	@scripts/azurite.sh $(BUILD)
	@scripts/moto.sh $(BUILD)
	@scripts/npm_tools.sh $(BUILD)
	@scripts/packaging.sh $(BUILD)
	@scripts/packages.sh static image
	@JOBS=$(JOBS) scripts/static.sh $(BUILD) || echo 'no portable cooper, so it and its image are not tried'
	@ctest --test-dir $(BUILD) -j $(TEST_JOBS) --output-on-failure --no-tests=error --timeout 600 $(TESTS)

# The first seed is the day's, so that every night tries other cases: make nightly CASES=100 SEED=7
CASES ?= 2000
SEED  ?= $(shell date +%Y%m%d)0000
nightly: ## what takes too long for `make test`: 2,000 random projects, built with caches and without
	@scripts/packages.sh build test
	@scripts/configure.sh $(BUILD) -DCOOPER_TESTS=ON
	@ninja -C $(BUILD) -j $(JOBS) cooper cache_equivalence
	@EQUIVALENCE='--cases $(CASES) --first-seed $(SEED)' tests/e2e/run.sh self tests/e2e/cache_equivalence_test.sh \
	  $(BUILD)/cooper $(BUILD)/tests/e2e/cache_equivalence

build: ## compile build/cooper
	@scripts/packages.sh build
	@scripts/configure.sh $(BUILD)
	@ninja -C $(BUILD) -j $(JOBS) cooper

static: ## build/static/cooper: one file for any Linux, no libraries needed
	@scripts/packages.sh build static
	@JOBS=$(JOBS) scripts/static.sh $(BUILD)

# Where to push it, for instance: make image IMAGE=registry.example.com/tools/cooper:1
IMAGE ?=
image: static ## cooper's own image, built by cooper: OCI layouts in build/image, or IMAGE=REFERENCE
	@scripts/packages.sh image
	@COOPER=$(BUILD)/static/cooper BUILD=$(BUILD) scripts/image.sh $(IMAGE)

bench: static ## speed and memory, beside dockerd (BuildKit) and buildah
	@scripts/packages.sh build bench
	@scripts/configure.sh $(BUILD) -DCOOPER_BENCH=ON
	@ninja -C $(BUILD) -j $(JOBS) bench_language bench_limits
	@COOPER=$(BUILD)/static/cooper scripts/bench.sh

bench-quick: ## instructions of five small builds, beside the recorded ones
	@scripts/packages.sh build bench-quick
	@scripts/configure.sh $(BUILD)
	@ninja -C $(BUILD) -j $(JOBS) cooper
	@COOPER=$(BUILD)/cooper scripts/bench_quick.sh

lint: ## clang-format, clang-tidy and shellcheck, in check mode
	@scripts/packages.sh build test lint
	@scripts/configure.sh $(BUILD) -DCOOPER_TESTS=ON
	@BUILD=$(BUILD) JOBS=$(JOBS) scripts/lint.sh

format: ## rewrite the sources in the house format
	@scripts/packages.sh lint
	@find core adapters tests -name '*.cpp' -o -name '*.h' | xargs -r clang-format-14 -i

clean: ## remove build/
	@rm -rf $(BUILD)
