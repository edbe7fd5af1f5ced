# Everything from the clone to the installed program. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# The recipes share .build, and swift build uses every processor by itself.
.NOTPARALLEL:

PREFIX ?= /usr/local
DESTDIR ?=
# For example: --filter Privileged, --no-parallel
SWIFT_TEST_FLAGS ?=
# For example: 1000 --seconds 10 --json
BENCH_FLAGS ?=
# How long `make fuzz` searches with each target, and with which; none means all.
SECONDS := 60
TARGET ?=
# What `make sanitize` runs the unit suites under, and which of them: unit, or core, which leaves the daemon away.
SANITIZERS ?= address thread
PART ?= unit
# What part of the random cases is tried under a sanitizer; each takes up to fifty times as long there.
SANITIZER_CASES ?= 0.02

BUILD := .build
DIST := $(BUILD)/dist
# The floor, the load and the client, and what `make bench` found.
BENCH_OUTPUT := $(BUILD)/bench
BENCH_TOOLS := $(addprefix $(BENCH_OUTPUT)/,floor load client)
# Which parts of it: launch, streams, harvest, commands, many; all of them when nothing is said.
BENCH ?=
# Swift keeps an enum's case in the spare bits of its pointers; the leak checker does not know these for pointers.
SANITIZER_OPTIONS := ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=halt_on_error=1:suppressions=$(CURDIR)/Tests/thread-sanitizer.txt
RELEASE := $(BUILD)/release
# -static-executable changes the flags of every module, so this product has a build directory of its own.
STATIC := $(BUILD)/static
TEST_RESULTS := $(BUILD)/test-results
# Suites that drive the built binaries block their threads and look on the whole node for what is left, so each has the
# machine to itself. SWIFT_TEST_FLAGS chooses instead.
TEST_PARTS := $(if $(SWIFT_TEST_FLAGS),chosen,units Privileged Escape Control)

SWIFT_SOURCES := Sources Tests Benchmarks Package.swift
SHELL_SCRIPTS := packaging/install-debian-packages packaging/build-deb packaging/deb/postinst packaging/deb/prerm \
	packaging/deb/postrm rootfs-tools/testvm Tests/VM/run Tests/VM/package Tests/VM/images Tests/VM/escape Tests/VM/rootless Tests/Images/run profiles/examples/demo .ci/run .ci/test-counts \
	Tests/Fuzz/fuzz Tests/Control/schemathesis rootfs-tools/jrun-image Benchmarks/run Benchmarks/launch/in-vm

# Asked for a concrete generic type, the compiler's code otherwise calls a runtime that reads the type's mangled name and goes
# through all conformances of the program for each of its requirements: a third of what a short-lived jrun does in user space.
DIRECT_METADATA := -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors

# Product by product: a package with an Embedded Swift target cannot be built statically as a whole. The linker
# warns, for each call of getpwuid, dlopen and their like that the Swift runtime could make, that it would want the
# same glibc at run time, and clang that a static program has no use for -pie. Neither matters here: left out.
swift_build = swift build -c release $(1) 2>&1 \
	| sed -u -e '/in statically linked applications/d' -e '/Wunused-command-line-argument/d'

# $(call strip_to,BINARY,TARGET): replaced in one step, so that a running one is left alone.
strip_to = install -d $(dir $(2)) && strip -o $(2).new $(1) && mv $(2).new $(2)

.PHONY: help build demo test bench bench-images bench-programs fuzz sanitize install deb test-vm test-images escape-table jrun-escape lint format clean setup-build setup-demo setup-test \
	setup-bench setup-deb setup-images root

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: root setup-demo build ## install what is missing, build, and run real programs isolated (as root)
	@echo "demo: running profiles/examples/demo"
	@profiles/examples/demo $(DIST) $(BUILD)/demo

test: setup-test build ## install what is missing, build, and run every test (the privileged ones as root)
	@echo "test: building the tests"
	@swift build --build-tests
	@echo "test: running them against $(DIST)"
	@rm -rf $(TEST_RESULTS) && mkdir -p $(TEST_RESULTS)
	@status=0; \
	for part in $(TEST_PARTS); do \
	    case "$$part" in \
	        chosen) flags='$(SWIFT_TEST_FLAGS)' ;; \
	        units) flags='--skip ^(Privileged|Escape|Control)\.' ;; \
	        *) flags="--filter ^$$part\." ;; \
	    esac; \
	    JRUN_DIST="$(CURDIR)/$(DIST)" swift test --skip-build --disable-xctest \
	        --xunit-output "$(TEST_RESULTS)/$$part.xml" $$flags || status=$$?; \
	done; \
	.ci/test-counts $(TEST_RESULTS) $(TEST_PARTS) || status=1; \
	exit $$status

build: ## build in release into .build/dist
	@echo "build: jrun, static"
	@$(call swift_build,--scratch-path $(STATIC) --product jrun -Xswiftc -static-executable $(DIRECT_METADATA))
	@echo "build: jrund, with the Swift runtime inside"
	@$(call swift_build,--product jrund --static-swift-stdlib --disable-local-rpath)
	@echo "build: jrun-image, with the Swift runtime inside"
	@$(call swift_build,--product jrun-image --static-swift-stdlib --disable-local-rpath)
	@echo "build: jrun-init"
	@$(call swift_build,--product jrun-init)
	@echo "build: jrun-probe, for the tests"
	@$(call swift_build,--product jrun-probe)
	@echo "build: putting stripped binaries and program files into $(DIST)"
	@$(call strip_to,$(STATIC)/release/jrun,$(DIST)/bin/jrun)
	@$(call strip_to,$(RELEASE)/jrund,$(DIST)/sbin/jrund)
	@$(call strip_to,$(RELEASE)/jrun-image,$(DIST)/sbin/jrun-image)
	@$(call strip_to,$(RELEASE)/jrun-init,$(DIST)/libexec/jrun/jrun-init)
	@$(call strip_to,$(RELEASE)/jrun-probe,$(DIST)/test/jrun-probe)
	@rm -rf $(DIST)/share/jrun
	@install -d $(DIST)/share/jrun/programs
	@install -m 644 profiles/*.yaml $(DIST)/share/jrun/programs
	@if [ -e docs/report.schema.json ]; then install -m 644 docs/report.schema.json $(DIST)/share/jrun; fi
	@install -m 644 docs/openapi.yaml $(DIST)/share/jrun
	@install -d $(DIST)/share/jrun/recipes
	@install -m 644 rootfs-tools/recipes/*.yaml $(DIST)/share/jrun/recipes

# Builds only when nothing was built yet: `make build` as a user, then `make install` as root.
$(DIST)/bin/jrun:
	@$(MAKE) --no-print-directory build

install: $(DIST)/bin/jrun ## install what was built: make install PREFIX=/usr DESTDIR=/tmp/package
	@echo "install: from $(DIST) to $(DESTDIR)$(PREFIX)"
	@install -D -m 755 $(DIST)/bin/jrun "$(DESTDIR)$(PREFIX)/bin/jrun"
	@install -D -m 755 $(DIST)/sbin/jrund "$(DESTDIR)$(PREFIX)/sbin/jrund"
	@install -D -m 755 $(DIST)/sbin/jrun-image "$(DESTDIR)$(PREFIX)/sbin/jrun-image"
	@install -D -m 755 $(DIST)/libexec/jrun/jrun-init "$(DESTDIR)$(PREFIX)/libexec/jrun/jrun-init"
	@install -d "$(DESTDIR)$(PREFIX)/share/jrun/programs"
	@install -m 644 $(DIST)/share/jrun/programs/*.yaml "$(DESTDIR)$(PREFIX)/share/jrun/programs"
	@for file in $(DIST)/share/jrun/*.json; do \
	    if [ -e "$$file" ]; then install -m 644 "$$file" "$(DESTDIR)$(PREFIX)/share/jrun"; fi; \
	done
	@install -m 644 $(DIST)/share/jrun/openapi.yaml "$(DESTDIR)$(PREFIX)/share/jrun"
	@install -d "$(DESTDIR)$(PREFIX)/share/jrun/recipes"
	@install -m 644 $(DIST)/share/jrun/recipes/*.yaml "$(DESTDIR)$(PREFIX)/share/jrun/recipes"
	@install -d "$(DESTDIR)$(PREFIX)/share/bash-completion/completions" \
	    "$(DESTDIR)$(PREFIX)/share/zsh/site-functions" "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	@$(DIST)/bin/jrun completions bash >"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/jrun"
	@$(DIST)/bin/jrun completions zsh >"$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_jrun"
	@$(DIST)/bin/jrun completions fish >"$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/jrun.fish"
	@$(DIST)/sbin/jrun-image --generate-completion-script bash | sed -e "1{/^#!/d}" \
	    >"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/jrun-image"
	@$(DIST)/sbin/jrun-image --generate-completion-script zsh >"$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_jrun-image"
	@$(DIST)/sbin/jrun-image --generate-completion-script fish \
	    >"$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/jrun-image.fish"
	@install -d "$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(PREFIX)/share/man/man8"
	@$(DIST)/bin/jrun manual jrun | gzip -9n >"$(DESTDIR)$(PREFIX)/share/man/man1/jrun.1.gz"
	@$(DIST)/bin/jrun manual jrund | gzip -9n >"$(DESTDIR)$(PREFIX)/share/man/man8/jrund.8.gz"
	@gzip -9n <packaging/jrun-image.8 >"$(DESTDIR)$(PREFIX)/share/man/man8/jrun-image.8.gz"
	@install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/doc/jrun" LICENSE docs/*.md
	@install -d "$(DESTDIR)$(PREFIX)/lib/systemd/system"
	@for unit in jrund.service jrund.socket jrun-runs.service; do \
	    sed -e 's,/usr/sbin/jrund,$(PREFIX)/sbin/jrund,' -e 's,/usr/share/doc/,$(PREFIX)/share/doc/,' \
	        packaging/$$unit >"$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit"; \
	    chmod 644 "$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit"; \
	done
	@install -D -m 644 packaging/jrun.sysusers "$(DESTDIR)$(PREFIX)/lib/sysusers.d/jrun.conf"
	@install -D -m 644 packaging/jrun.tmpfiles "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/jrun.conf"
	@install -d "$(DESTDIR)/etc/jrun/programs"
	@if [ ! -e "$(DESTDIR)/etc/jrun/jrund.yaml" ]; then \
	    install -m 644 packaging/jrund.yaml "$(DESTDIR)/etc/jrun/jrund.yaml"; \
	fi

test-vm: root deb jrun-escape ## try package, limits and attacks in a booted Debian with systemd and all controllers (as root)
	@packaging/install-debian-packages vm
	@Tests/VM/run

test-images: root setup-images build ## build the shipped recipes from Debian's packages and run what is shipped for them (as root)
	@Tests/Images/run $(DIST)

jrun-escape: setup-build
	@echo "build: jrun-escape, for the attacks in the machine"
	@$(call swift_build,--product jrun-escape --static-swift-stdlib --disable-local-rpath)

escape-table: root deb jrun-escape ## try every attack on jrun and its peers in a booted Debian (15 minutes), and write docs/escape-table.md (as root)
	@packaging/install-debian-packages vm
	@VM_SECONDS=5400 Tests/VM/run escape peers
	@install -m 644 $(BUILD)/vm/escape/escape-table.md docs/escape-table.md

deb: setup-deb build ## make a Debian package into .build
	@echo "deb: from $(DIST)"
	@rm -rf $(BUILD)/deb $(BUILD)/jrun_*.deb
	@$(MAKE) --no-print-directory install PREFIX=/usr DESTDIR=$(CURDIR)/$(BUILD)/deb >/dev/null
	@packaging/build-deb $(BUILD)/deb $(BUILD)

bench: root setup-bench build $(BENCH_TOOLS) ## measure what runs cost beside the floor and peers: docs/performance.md; BENCH=streams for a part (as root)
	@echo "bench: running Benchmarks/run $(BENCH); its figures and picture go into $(BENCH_OUTPUT)"
	@Benchmarks/run $(BENCH) -- --dist $(DIST) --tools $(BENCH_OUTPUT) --output $(BENCH_OUTPUT) $(BENCH_FLAGS)

$(BENCH_TOOLS): $(BENCH_OUTPUT)/%: Benchmarks/%.c $(wildcard Sources/CLinux/include/*.h)
	@echo "bench: compiling $<"
	@install -d $(BENCH_OUTPUT)
	@gcc -O2 -static -Wall -Wextra -Werror -I Sources/CLinux/include -o $@ $<

bench-images: root setup-bench setup-images build ## measure runs on a root image beside runs on the node's root: latency and memory (as root)
	@echo "bench-images: running Benchmarks/images"
	@Benchmarks/images --dist $(DIST) $(BENCH_FLAGS)

bench-programs: setup-bench ## measure reading and checking rules beside Python's yaml, argparse and re
	@echo "bench-programs: building"
	@$(call swift_build,--product programs-bench)
	@echo "bench-programs: running Benchmarks/programs/run"
	@Benchmarks/programs/run --binary $(RELEASE)/programs-bench $(BENCH_FLAGS)

fuzz: setup-build ## look for inputs that break a parser, with libFuzzer: make fuzz SECONDS=600 TARGET=tar
	@Tests/Fuzz/fuzz $(SECONDS) $(TARGET)

sanitize: setup-build ## the unit suites under the address and the thread sanitizer: make sanitize SANITIZERS=thread PART=core
	@status=0; \
	export JRUN_PACKAGE=$(PART) JRUN_CASES=$(SANITIZER_CASES) $(SANITIZER_OPTIONS); \
	for sanitizer in $(SANITIZERS); do \
	    directory=$(BUILD)/sanitize-$$sanitizer; \
	    place="--sanitize=$$sanitizer --scratch-path $$directory"; \
	    echo "sanitize: building the unit suites ($(PART)) with the $$sanitizer sanitizer"; \
	    swift build --build-tests $$place 2>&1 | sed -u -e '/Cannot export local symbol/d'; \
	    echo "sanitize: running them; lines of tests that pass are left out"; \
	    rm -f $$directory/tests*.xml; \
	    swift test --skip-build --disable-xctest $$place --xunit-output $$directory/tests.xml $(SWIFT_TEST_FLAGS) 2>&1 \
	        | sed -u -e '/^◇ /d' -e '/^✔ /d' -e '/^\[.*Testing Library/d' || status=$$?; \
	    .ci/test-counts $$directory tests | sed -e "s/^/sanitize: $$sanitizer: /" || status=1; \
	done; \
	exit $$status

lint: ## check the format of the Swift sources, and the shell scripts
	@echo "lint: swift format over $(SWIFT_SOURCES)"
	@swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)
	@if command -v shellcheck >/dev/null; then \
	    echo "lint: shellcheck over $(SHELL_SCRIPTS)"; \
	    shellcheck $(SHELL_SCRIPTS); \
	else \
	    echo "lint: shellcheck is not installed (make setup-test installs it), so the shell scripts were not checked"; \
	fi

format: ## format the Swift sources in place
	@echo "format: swift format over $(SWIFT_SOURCES)"
	@swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

clean: ## remove everything that was built
	@echo "clean: removing $(BUILD)"
	@rm -rf $(BUILD)

setup-build: ## install the missing Debian packages that building needs (setup-demo, -test, -bench alike)
	@packaging/install-debian-packages build
setup-demo:
	@packaging/install-debian-packages build demo
setup-test:
	@packaging/install-debian-packages build demo test images
setup-images: ## install what jrun-image works with: mkfs.erofs, mmdebstrap, strace, and what its tests compare it with
	@packaging/install-debian-packages images
setup-deb:
	@packaging/install-debian-packages build deb
setup-bench:
	@packaging/install-debian-packages build bench

# Said before a long build, not after it.
root:
	@if [ "$$(id -u)" -ne 0 ]; then \
	    echo "not root: a run needs namespaces and a uid of its own, so: sudo make $(MAKECMDGOALS)" >&2; exit 1; \
	fi
