# newsfeed. 'make help' prints the targets.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: ready packages help up status preview plan-time compile-time down build install test drill lint golden format bench programs release deploy FORCE

STACK ?= seoul
BIN := .local/bin
PULUMI_VERSION := v3.259.0
# The Pulumi CLI of this machine if there is one, else our own build of it.
PULUMI := $(or $(shell command -v pulumi),$(BIN)/pulumi)
LOCALCLOUD := $(BIN)/localcloud
ROLLOUT := $(BIN)/rollout
BUILT := $(PULUMI) $(LOCALCLOUD) $(BIN)/feed
# One setting for every build but the race detector's: what they share is compiled once.
export CGO_ENABLED := 0
# Debug information, which nobody asks these builds for, is a fifth of the compiler's work.
NO_DWARF := -gcflags=all=-dwarf=false
export GOFLAGS := $(strip $(filter-out $(NO_DWARF),$(GOFLAGS)) $(NO_DWARF))

# Go's -v names each package it compiles: enough to see that a slow build moves.
progress = awk -v what=$(notdir $@) '/^[-A-Za-z0-9_.~\/]+$$/ {if (++n % 100 == 0) {printf "  %s: %d packages compiled\n", what, n; fflush()} next} \
	/^go: downloading/ {if (++d % 100 == 0) {printf "  %s: %d modules downloaded\n", what, d; fflush()} next} {print; fflush()}'

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: build ## Bring both regions up on this machine, or to what the program says
	@$(LOCALCLOUD) up

status: $(LOCALCLOUD) ## Show how everything does (JSON=1 for programs)
	@$(LOCALCLOUD) status $(if $(JSON),--json)

# With BASE the comparison is all there is on standard output, fit to be posted.
preview: $(if $(BASE),,build) ## Show what 'make up' would change; BASE=origin/main: what the working tree changes, on paper
ifdef BASE
	@$(MAKE) --no-print-directory -j2 $(PULUMI) $(LOCALCLOUD) >&2 || { echo "the working tree does not compile, so there is nothing to compare" >&2; exit 1; }
endif
	@$(LOCALCLOUD) preview $(if $(BASE),--base $(BASE))

plan-time: ## Say how long AWS will take, for an up of each stack and for a failover, and what holds it
	@$(MAKE) --no-print-directory -j2 $(PULUMI) $(LOCALCLOUD)
	@$(LOCALCLOUD) plan-time

down: $(LOCALCLOUD) ## Remove everything: processes, ports and data; logs stay
	@$(LOCALCLOUD) down

build: ## Build what 'make up' needs, into .local/bin
	@$(MAKE) --no-print-directory -j2 $(BUILT) # one downloads while the other compiles

# What the tests need besides, installed while the longest build goes on.
ready:
	@$(MAKE) --no-print-directory -j2 $(BUILT) packages

packages: $(LOCALCLOUD)
	@$(LOCALCLOUD) install --test

$(BIN)/pulumi: tools/pulumi/go.mod tools/pulumi/go.sum
	@echo "building the Pulumi CLI from its Go module: up to 10 minutes on 2 cores, once (a pulumi on PATH is used instead)"
	@began=$$SECONDS; cd tools/pulumi && go build -v -tags disable_grpc_modules -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$(PULUMI_VERSION)" \
		-o ../../$@ github.com/pulumi/pulumi/pkg/v3/cmd/pulumi 2>&1 | $(progress) && echo "built the Pulumi CLI in $$((SECONDS-began)) s"

# Go knows by itself what is out of date.
$(LOCALCLOUD): FORCE
	@test -e $@ || echo "building the local cloud, with the AWS SDK for Pulumi: up to 7 minutes on 2 cores, once"
	@go build -v -o $@ ./localcloud/cmd/localcloud 2>&1 | $(progress)

# What instances and Lambda functions run.
PROGRAMS := ./app/cmd/feed ./lambdas/slackalarm ./lambdas/watchdog
$(BIN)/feed $(BIN)/slackalarm $(BIN)/watchdog &: FORCE
	@go build -v -buildvcs=false -ldflags "-s -w" -o $(BIN)/ $(PROGRAMS) 2>&1 | $(progress)

install: $(LOCALCLOUD) ## Install MariaDB and Redis when they are missing (Debian, as root)
	@$(LOCALCLOUD) install

test: ready format ## Run every test
	go vet ./...
	go test -vet=off ./infra/... ./localcloud/cmd/... ./app/cmd/...
	CGO_ENABLED=1 go test -vet=off -race ./localcloud/e2e $$(go list ./app/... ./lambdas/... ./localcloud/... | grep -v /cmd/)

drill: ready ## Rehearse every failover: a region goes dark, the other takes over, under each strategy
	NEWSFEED_DRILLS=all CGO_ENABLED=1 go test -race ./localcloud/e2e -run 'Strategies|Failover|Restore' -v
	NEWSFEED_DRILLS=all CGO_ENABLED=0 go test ./localcloud/cmd/localcloud -run EveryOrder -v

format:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not gofmt-ed:"; gofmt -l $$(git ls-files '*.go'); exit 1; }

golden: ## Rewrite the golden plans and messages after an intended change; review their diff
	go test ./infra ./lambdas/slackalarm -run Golden -update

lint: $(BIN)/staticcheck format ## Check formatting, vet and staticcheck
	go vet ./...
	$(BIN)/staticcheck ./...

$(BIN)/staticcheck: tools/lint/go.mod
	@cd tools/lint && go build -o ../../$@ honnef.co/go/tools/cmd/staticcheck

bench: build install ## Measure: the engine's preview against its floor, and the app (last line: JSON)
	go test -run xxx -bench Preview -benchtime 5x ./localcloud/cmd/localcloud
	go run ./app/cmd/bench

compile-time: ## Measure: the program compiled from an empty build cache, and its floor; seconds and memory
	go test -run xxx -bench Compile -benchtime 1x ./localcloud/cmd/localcloud

programs: ## Build what instances and functions on AWS run, into .local/bin/arm64
	GOOS=linux GOARCH=arm64 go build -trimpath -buildvcs=false -ldflags "-s -w" -o $(BIN)/arm64/ $(PROGRAMS)

$(ROLLOUT): FORCE
	@go build -o $@ ./infra/rollout/cmd/rollout

release: programs $(ROLLOUT) ## Upload the app to both regions and pin it in the stack files: make release NAME=v1 IMAGE=newest
	@$(ROLLOUT) release --name $(or $(NAME),feed-$$(git rev-parse --short HEAD)) $(if $(IMAGE),--image $(IMAGE))

deploy: $(ROLLOUT) ## Deploy a stack to AWS with the official plugin, then roll its groups: make deploy STACK=seoul (URGENT=1)
	@command -v pulumi >/dev/null || { echo "deploy needs the Pulumi CLI on PATH, with its language host for Go: https://www.pulumi.com/docs/install/, then make deploy STACK=$(STACK)"; exit 1; }
	@$(MAKE) --no-print-directory programs
	pulumi up --stack $(STACK) $(if $(CI),--yes)
	region=$$(pulumi config get aws:region --stack $(STACK)) && { pulumi stack output runs --json --stack $(STACK) 2>/dev/null || true; } | \
		$(ROLLOUT) roll $(STACK) --region $$region $(if $(URGENT),--urgent)
