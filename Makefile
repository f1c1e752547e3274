# Slotdeck: a terminal console for Redis Cluster and Valkey clusters.
# "make" alone lists what there is.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 10s
ROUNDS ?= 200
FLAGS ?=

.DEFAULT_GOAL := help
.PHONY: help build demo test check lint servers bench bench-reshard chaos fuzz gif clean go

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: go ## build ./slotdeck
	CGO_ENABLED=0 go build -o slotdeck .

demo: build ## a living cluster on this machine and the console on it, in one command
	@.ci/need-server
	./slotdeck demo

test: go ## all tests, on real servers of every version that can be had
	.ci/with-servers go test $(FLAGS) ./...

check: lint ## format, vet, staticcheck, then all tests with the race detector
	@$(MAKE) --no-print-directory test FLAGS="-race $(FLAGS)"

lint: go ## format, vet and staticcheck alone
	@bad=$$(gofmt -l .); [ -z "$$bad" ] || { echo "gofmt would change:"; echo "$$bad"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

servers: ## five server versions from Debian's packages into a cache folder, no root needed
	@.ci/install-servers

bench: go ## benchmarks, those of the whole program on a real cluster among them
	.ci/with-servers go test -run '^$$' -bench . -benchmem $(FLAGS) ./...

bench-reshard: go ## slotdeck against the servers' own ways of moving slots: times, and what a client notices
	.ci/with-servers go run ./cluster/proof/reshard $(FLAGS)

chaos: go ## moves under load, disturbed ROUNDS (200) times in every way; the short form is one of the tests
	.ci/with-servers go run ./cluster/proof/chaos -rounds $(ROUNDS) $(FLAGS)

fuzz: go ## every fuzz test for FUZZTIME (10s)
	@set -e; for package in $$(go list ./...); do \
		for test in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$test"; \
			go test -run '^$$' -fuzz "^$$test\$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

gif: build ## record the README's picture with vhs
	@command -v vhs >/dev/null || { \
		echo "vhs is not here; it records demo.tape. Get it with one of"; \
		echo "  go install github.com/charmbracelet/vhs@latest   (needs ttyd and ffmpeg)"; \
		echo "  brew install vhs"; \
		exit 1; }
	@.ci/need-server
	vhs demo.tape

clean: ## remove what was built; the servers' cache folder stays
	rm -f slotdeck

go:
	@command -v go >/dev/null || { \
		echo "go is not here; slotdeck needs Go 1.26 or newer: https://go.dev/dl/"; \
		exit 1; }
