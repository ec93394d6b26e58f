# What a developer does here. `make check` is what the continuous integration runs.

GO        ?= go
LINT      := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
TEST      := $(GO) test -timeout 15m
# Packages whose tests take -update and write their golden files anew.
GOLDEN     = $(shell grep -rlE 'flag\.Bool\("update"|x/exp/golden"|tui/tuitest"' --include='*_test.go' . | xargs -n1 dirname | sort -u)
FUZZTIME  ?= 20s
# What releases are made for, beside the machine that makes them.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64

# It makes some characters two cells wide where x/ansi starts, which golden
# files cannot know.
unexport RUNEWIDTH_EASTASIAN

.DEFAULT_GOAL := help
.PHONY: build build-all test unit race lint vet fmt fmt-check picture docs golden fuzz e2e e2e-kill bench record check release tidy-check clean help

build: ## build bin/diorama, a static binary, and what runs in nodes beside it
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/diorama ./cmd/diorama
	CGO_ENABLED=0 GOOS=linux $(GO) build -trimpath -o bin/diorama-reader-linux-$$($(GO) env GOARCH) ./cmd/reader
	CGO_ENABLED=0 GOOS=linux $(GO) build -trimpath -o bin/diorama-gpu-linux-$$($(GO) env GOARCH) ./cmd/gpu

build-all: build ## build everything, with and without cgo, and see that it would compile for other systems
	CGO_ENABLED=0 $(GO) build ./...
	CGO_ENABLED=0 GOOS=linux $(GO) build -trimpath -o bin/diorama-demo ./cmd/demo
	@if command -v "$$($(GO) env CC)" >/dev/null; then \
		echo 'CGO_ENABLED=1 $(GO) build ./...'; CGO_ENABLED=1 $(GO) build ./...; \
	else echo 'left out: the build with cgo (no C compiler here)'; fi
	$(GO) run ./internal/arch/typecheck $(PLATFORMS) ./cmd/...

test: unit ## run all tests that this machine allows, and say what is left out
	.ci/e2e auto

unit: ## run the tests that need nothing but Go
	$(TEST) ./...

race: ## run the unit tests with the race detector
	@if command -v "$$($(GO) env CC)" >/dev/null; then \
		echo '$(TEST) -race ./...'; $(TEST) -race ./...; \
	else echo 'left out: the race detector (no C compiler here)'; $(TEST) ./...; fi

lint: ## run the linters, at the pinned version
	$(LINT) run ./...

vet: ## run go vet, end-to-end tests included
	$(GO) vet -tags e2e ./...

fmt: ## format all Go files
	$(LINT) fmt ./...

fmt-check: ## say which Go files are not formatted
	$(LINT) fmt --diff ./...

picture: ## draw the README's picture of the UI anew
	$(TEST) ./tui -run '^TestPicture$$' -update

docs: ## write the generated pages of docs/ anew
	$(TEST) ./internal/diagnose ./internal/cli ./profiles ./stacks -run '^TestPage' -update

golden: ## write all golden files anew; look at the difference before you commit it
	$(TEST) $(GOLDEN) -update

fuzz: ## run every fuzz test for FUZZTIME each
	@set -e; for file in $$(grep -rl '^func Fuzz' --include='*_test.go' .); do \
		for name in $$(grep -oE '^func Fuzz[A-Za-z0-9_]*' $$file | cut -d' ' -f2); do \
			echo "$$(dirname $$file) $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$(dirname $$file); \
		done; \
	done

e2e: ## run the end-to-end tests against real clusters; fails where there can be none
	.ci/e2e run

e2e-kill: ## kill `up` at every kind of step and run it again
	DIORAMA_E2E_KILL=all .ci/e2e run -run Kill

bench: ## run the benchmarks: of the code, then time to ready next to a bare cluster
	$(GO) test -run '^$$' -bench . -benchmem ./...
	.ci/e2e auto -run '^$$' -bench . -benchtime 1x

record: ## refresh the recorded trouble of a real cluster that the diagnosis is tested with
	.ci/record

check: fmt-check vet lint build-all race ## what the continuous integration runs
	.ci/e2e auto

release: ## write dist/: an archive for every system, the demo for nodes, and the sums
	.ci/release dist $(PLATFORMS)

tidy-check: ## say whether go.mod is as `go mod tidy` leaves it
	$(GO) mod tidy -diff

clean: ## remove what was built
	rm -rf bin dist coverage.out

help: ## show this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
