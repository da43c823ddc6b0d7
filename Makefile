# A thin front over the CMake presets. `make demo` and `make test` install what is missing first.
AJ = build/release/src/cli/aj
DEMO = build/demo

.PHONY: all setup setup-test build test demo bench install format campaign clean asan tsan

all: build

setup:
	@tools/setup.sh build
setup-test:
	@tools/setup.sh test

build: setup
	@test -f build/release/build.ninja || cmake --preset release
	@cmake --build --preset release

test: setup-test build
	@ctest --preset release

asan tsan: setup-test
	@cmake --preset $@
	@cmake --build --preset $@
	@ctest --preset $@ $(CTEST_FLAGS)

demo: build
	@examples/demo.sh $(AJ) $(DEMO)

bench: setup-test build
	@cmake --build --preset release --target benches
	@bench/run.sh build/release

install: build
	@cmake --install build/release

format:
	@tools/check_format.sh --fix

campaign: setup-test
	@tools/campaign.sh

clean:
	@rm -rf build
