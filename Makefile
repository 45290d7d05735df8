# Building for AWS, deploying there and removing it again. On this machine nothing of it is needed: cargo run -- up

# The functions' processor. `sam build` calls the targets below and tells them nothing of the template's parameters, so that both
# are given here: make deploy ARCHITECTURE=x86_64
ARCHITECTURE ?= arm64
STACK ?= orders
# Of a stack's first deployment: STAGE (dev, by default) and NOTIFICATION_EMAIL. More parameters of the template, such as PARAMETERS="ApiAuth=API_KEY MaxReceiveCount=20".
PARAMETERS ?=

CARGO_LAMBDA_FLAG_arm64 := --arm64
CARGO_LAMBDA_FLAG_x86_64 := --x86-64
CARGO_LAMBDA_FLAG := $(CARGO_LAMBDA_FLAG_$(ARCHITECTURE))
LAMBDA_DIR ?= target/lambda
PROGRAMS := order-api order-worker notifier

.PHONY: help bootstraps build deploy delete check build-OrderApiFunction build-OrderWorkerFunction build-NotifierFunction

help:
	@echo 'make bootstraps [ARCHITECTURE=arm64|x86_64]     compile the functions into $(LAMBDA_DIR)/NAME/bootstrap and say how large they are'
	@echo 'make build      [ARCHITECTURE=...]              the same, and what sam deploys'
	@echo 'make deploy     [ARCHITECTURE=...] [STAGE=dev|staging|prod] [STACK=orders] [NOTIFICATION_EMAIL=...] [PARAMETERS="Name=value ..."]'
	@echo 'make delete     [STACK=orders]                  delete the stack and all that it holds, and look for what is left'
	@echo 'make check                                      everything that CI checks'

# One call for all three: their dependencies are compiled once, with one set of features. The second call finds nothing to do,
# which is why every function's build may ask for it.
bootstraps:
	$(if $(CARGO_LAMBDA_FLAG),,$(error ARCHITECTURE is '$(ARCHITECTURE)', and has to be arm64 or x86_64))
	@cargo lambda --version >/dev/null 2>&1 || { echo 'cargo-lambda is missing: pip install cargo-lambda ziglang'; exit 1; }
	cargo lambda build --release $(CARGO_LAMBDA_FLAG) $(addprefix --package ,$(PROGRAMS)) --lambda-dir '$(LAMBDA_DIR)'
	@for program in $(PROGRAMS); do \
		file='$(LAMBDA_DIR)'/$$program/bootstrap; \
		printf '%-13s %9d bytes, %9d gzipped  %s\n' $$program "$$(wc -c <$$file)" "$$(gzip -c $$file | wc -c)" $$file; \
	done

build:
	sam build

# A parameter that is left out keeps the value that the stack has, so that no prod turns into a dev by oversight. The processor is always said: it has to be what was built.
deploy: build
	sam deploy --stack-name '$(STACK)' --parameter-overrides \
		'Architecture=$(ARCHITECTURE)' $(if $(STAGE),'Stage=$(STAGE)') \
		$(if $(NOTIFICATION_EMAIL),'NotificationEmail=$(NOTIFICATION_EMAIL)') $(PARAMETERS)

delete:
	deploy/delete-stack '$(STACK)'

check:
	.ci/run

# SAM's makefile build method: build-LOGICAL_ID puts the program `bootstrap` into ARTIFACTS_DIR.
build-OrderApiFunction: PROGRAM := order-api
build-OrderWorkerFunction: PROGRAM := order-worker
build-NotifierFunction: PROGRAM := notifier

build-OrderApiFunction build-OrderWorkerFunction build-NotifierFunction: bootstraps
	$(if $(ARTIFACTS_DIR),,$(error `sam build` calls this target, and sets ARTIFACTS_DIR))
	cp '$(LAMBDA_DIR)/$(PROGRAM)/bootstrap' '$(ARTIFACTS_DIR)/bootstrap'

export ARCHITECTURE
