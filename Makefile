# Building for AWS and deploying there. On this machine nothing of it is needed: cargo run -- up

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

.PHONY: help build deploy check build-OrderApiFunction build-OrderWorkerFunction build-NotifierFunction

help:
	@echo 'make build   [ARCHITECTURE=arm64|x86_64]    build the functions for AWS'
	@echo 'make deploy  [ARCHITECTURE=...] [STAGE=dev|staging|prod] [STACK=orders] [NOTIFICATION_EMAIL=...] [PARAMETERS="Name=value ..."]'
	@echo 'make check                                  everything that CI checks'

build:
	sam build

# A parameter that is left out keeps the value that the stack has, so that no prod turns into a dev by oversight. The processor is always said: it has to be what was built.
deploy: build
	sam deploy --stack-name '$(STACK)' --parameter-overrides \
		'Architecture=$(ARCHITECTURE)' $(if $(STAGE),'Stage=$(STAGE)') \
		$(if $(NOTIFICATION_EMAIL),'NotificationEmail=$(NOTIFICATION_EMAIL)') $(PARAMETERS)

check:
	.ci/run

# SAM's makefile build method: build-LOGICAL_ID puts the program `bootstrap` into ARTIFACTS_DIR.
build-OrderApiFunction: PROGRAM := order-api
build-OrderWorkerFunction: PROGRAM := order-worker
build-NotifierFunction: PROGRAM := notifier

build-OrderApiFunction build-OrderWorkerFunction build-NotifierFunction:
	$(if $(CARGO_LAMBDA_FLAG),,$(error ARCHITECTURE is '$(ARCHITECTURE)', and has to be arm64 or x86_64))
	$(if $(ARTIFACTS_DIR),,$(error `sam build` calls this target, and sets ARTIFACTS_DIR))
	cargo lambda build --release $(CARGO_LAMBDA_FLAG) --package $(PROGRAM) --bin $(PROGRAM) --lambda-dir '$(LAMBDA_DIR)'
	cp '$(LAMBDA_DIR)/$(PROGRAM)/bootstrap' '$(ARTIFACTS_DIR)/bootstrap'

export ARCHITECTURE
