# Slotdeck: a terminal console for Redis Cluster and Valkey clusters.
# "make" alone lists what there is.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 10s
# With a time, such as 10s, make test fuzzes for that long, too: as CI does.
FUZZ ?=
ROUNDS ?= 200
FLAGS ?=
# Tests with servers of their own mostly wait for them: more of them than cores.
PARALLEL ?= 4

.DEFAULT_GOAL := help
.PHONY: help build demo test check lint servers bench bench-reshard bench-membership bench-keys bench-failover compare-fix compare-stuck situations compose-test kill-matrix chaos fuzz gif clean go

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: go ## build ./slotdeck
	CGO_ENABLED=0 go build -o slotdeck .

demo: build ## a living cluster on this machine and the console on it, in one command
	@.ci/need-server
	./slotdeck demo

test: go ## all tests, on real servers of every version that can be had
	FUZZ=$(FUZZ) .ci/with-servers .ci/tests $(PARALLEL) $(FLAGS)

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

bench-reshard: build ## slotdeck against the servers' own ways of moving slots: times, and what a client notices
	.ci/with-servers go run ./cluster/proof/reshard $(FLAGS)

bench-failover: go ## graceful failovers under a verified write load: lost writes, the client's pauses
	.ci/with-servers go run ./cluster/proof/failover $(FLAGS)

situations: go ## some fifty ailments of real clusters, and which findings each must bring; the short form is one of the tests
	SLOTDECK_SITUATIONS=1 .ci/with-servers go test ./cluster/doctor -run FindingsOnRealClusters -count=1 $(FLAGS)

compose-test: go ## the classroom (compose.yaml), gone through in Docker containers; it removes all that it makes
	SLOTDECK_COMPOSE=1 .ci/with-servers go test -run Classroom -count=1 -timeout 30m -v .

bench-keys: build ## slotdeck bigkeys against the server's own --bigkeys, 1,000,000 keys; fewer: FLAGS="-keys 100000"
	.ci/with-servers go run ./cluster/proof/bigkeys $(FLAGS)

bench-membership: build ## slotdeck against the servers' own tool: making, growing and shrinking clusters
	.ci/with-servers go run ./cluster/proof/membership $(FLAGS)

compare-fix: build ## slotdeck fix against the server's own fix: the same damage of every kind, and what is left of the keys
	.ci/with-servers go run ./cluster/proof/repair $(FLAGS)

compare-stuck: go ## the cases in which the server's own tool hangs or does half: what it does in each, beside what slotdeck is tested for
	SLOTDECK_THEIRS=1 .ci/with-servers go test ./views/cli -run ServersOwnToolInTheSameCases -count=1 -timeout 30m -v

chaos: go ## moves under load, disturbed ROUNDS (200) times in every way; the short form is one of the tests
	.ci/with-servers go run ./cluster/proof/chaos -rounds $(ROUNDS) $(FLAGS)

kill-matrix: go ## every change of members, killed at every single command and finished; the short form is one of the tests
	SLOTDECK_KILLS=all .ci/with-servers go test ./cluster/run -run WhereverItWasKilled -count=1 -timeout 30m -v

fuzz: go ## every fuzz test for FUZZTIME (10s), as many at once as there are cores; what is found is printed
	@.ci/fuzz $(FUZZTIME)

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
