# Builds for AWS, deploys there, and deletes the stack. The local system needs none of it: cargo run -- up

# The processor architecture of the functions. `sam build` calls the targets below without the parameters of the template. This variable
# therefore goes to both: make deploy ARCHITECTURE=x86_64
ARCHITECTURE ?= arm64
STACK ?= orders
# STAGE (dev by default) and NOTIFICATION_EMAIL belong to the first deployment of a stack. PARAMETERS has more parameters of the template, such as
# PARAMETERS="ApiAuth=API_KEY MaxReceiveCount=20".
PARAMETERS ?=
# The name of the release. With Canary=ENABLED each new name publishes a version of each function.
RELEASE ?= $(shell date -u +%Y%m%dT%H%M%SZ)

CARGO_LAMBDA_FLAG_arm64 := --arm64
CARGO_LAMBDA_FLAG_x86_64 := --x86-64
CARGO_LAMBDA_FLAG := $(CARGO_LAMBDA_FLAG_$(ARCHITECTURE))
LAMBDA_DIR ?= target/lambda
# The stack of the shop, and its parameters, such as SHOP_PARAMETERS="OrderApiUrl=https://...".
SHOP_STACK ?= shop
SHOP_PARAMETERS ?=

export NOTIFICATION_EMAIL

.PHONY: help bootstraps build deploy delete check build-OrderApiFunction build-OrderWorkerFunction build-NotifierFunction
.PHONY: shop-bootstraps shop-build shop-deploy shop-delete build-CatalogApiFunction build-CoverResizerFunction

help:
	@echo 'make bootstraps [ARCHITECTURE=arm64|x86_64]     compile the functions into $(LAMBDA_DIR)/NAME/bootstrap, and print their sizes'
	@echo 'make build      [ARCHITECTURE=...]              the same, and prepare it for sam deploy'
	@echo 'make deploy     [ARCHITECTURE=...] [STAGE=dev|staging|prod] [STACK=orders] [NOTIFICATION_EMAIL=...] [PARAMETERS="Name=value ..."]'
	@echo 'make delete     [STACK=orders]                  delete the stack with its data, and list what is left'
	@echo 'make shop-deploy [ARCHITECTURE=...] [STAGE=...] [SHOP_STACK=shop] [SHOP_PARAMETERS="Name=value ..."]'
	@echo 'make shop-delete [SHOP_STACK=shop]              delete the shop with its catalogue and pages, and list what is left'
	@echo 'make check                                      run all checks of CI'

# One call for all functions of a stack compiles their dependencies once, with one set of features. Every function's build calls its stack's
# target: the second call has nothing to do.
bootstraps: PROGRAMS := order-api order-worker notifier
shop-bootstraps: PROGRAMS := catalog-api cover-resizer

bootstraps shop-bootstraps:
	$(if $(CARGO_LAMBDA_FLAG),,$(error ARCHITECTURE is '$(ARCHITECTURE)', and must be arm64 or x86_64))
	@cargo lambda --version >/dev/null 2>&1 || { echo 'cargo-lambda is missing: pip install cargo-lambda ziglang'; exit 1; }
	cargo lambda build --profile function $(CARGO_LAMBDA_FLAG) $(addprefix --package ,$(PROGRAMS)) --lambda-dir '$(LAMBDA_DIR)'
	@for program in $(PROGRAMS); do \
		file='$(LAMBDA_DIR)'/$$program/bootstrap; \
		printf '%-13s %9d bytes, %9d gzipped  %s\n' $$program "$$(wc -c <$$file)" "$$(gzip -c $$file | wc -c)" $$file; \
	done

build:
	sam build

# A parameter that is left out keeps the value that the stack has: a prod stack does not become dev by mistake. The architecture is always given,
# because it must be the one that was built. The address comes from the environment of the shell, so that an apostrophe in it ends no quotes.
deploy: build
	sam deploy --stack-name '$(STACK)' --s3-prefix 'stacks/$(STACK)' --parameter-overrides \
		'Architecture=$(ARCHITECTURE)' 'Release=$(RELEASE)' $(if $(STAGE),'Stage=$(STAGE)') \
		$(if $(NOTIFICATION_EMAIL),"NotificationEmail=$$NOTIFICATION_EMAIL") $(PARAMETERS)

delete:
	deploy/delete-stack '$(STACK)'

# SAM looks for its configuration beside the template.
SAM_CONFIG := --config-file '$(CURDIR)/samconfig.toml'

shop-build:
	sam build $(SAM_CONFIG) --template shop/template.yaml --build-dir .aws-sam/shop

shop-deploy: shop-build
	sam deploy $(SAM_CONFIG) --template-file .aws-sam/shop/template.yaml --stack-name '$(SHOP_STACK)' --s3-prefix 'stacks/$(SHOP_STACK)' --parameter-overrides \
		'Architecture=$(ARCHITECTURE)' $(if $(STAGE),'Stage=$(STAGE)') $(SHOP_PARAMETERS)
	deploy/upload-shop '$(SHOP_STACK)'

shop-delete:
	deploy/delete-stack '$(SHOP_STACK)'

check:
	.ci/run

# SAM's build method `makefile` calls build-LOGICAL_ID, which copies the program `bootstrap` into ARTIFACTS_DIR.
build-OrderApiFunction: PROGRAM := order-api
build-OrderWorkerFunction: PROGRAM := order-worker
build-NotifierFunction: PROGRAM := notifier
build-CatalogApiFunction: PROGRAM := catalog-api
build-CoverResizerFunction: PROGRAM := cover-resizer

build-OrderApiFunction build-OrderWorkerFunction build-NotifierFunction: bootstraps
build-CatalogApiFunction build-CoverResizerFunction: shop-bootstraps

build-OrderApiFunction build-OrderWorkerFunction build-NotifierFunction build-CatalogApiFunction build-CoverResizerFunction:
	$(if $(ARTIFACTS_DIR),,$(error `sam build` calls this target, and sets ARTIFACTS_DIR))
	cp '$(LAMBDA_DIR)/$(PROGRAM)/bootstrap' '$(ARTIFACTS_DIR)/bootstrap'

export ARCHITECTURE
