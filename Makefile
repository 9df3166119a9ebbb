# Casilla. `make` alone says what there is; `make run` and `make test` need nothing before them.

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$name; break; }; done)
BIN := .venv/bin
WORKERS ?= $(shell nproc)
UV ?= uv
UV_COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --custom-compile-command 'make lock' $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help run test torture lint bench lock messages clean demo-environment test-environment
.NOTPARALLEL:

help: ## say what there is
	@echo 'make TARGET, where TARGET is one of'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12

run: demo-environment ## start Casilla here, with a database and demo data of its own (Ctrl-C ends it)
	@exec $(BIN)/python -m controlpanel.launcher

test: lint ## check style and types, then run the tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

torture: test-environment ## faults, fuzz, soak, and every page: up to twenty minutes
	$(BIN)/python -m pytest -m torture --timeout 900 -n $(WORKERS) --dist loadfile

lint: test-environment ## style and types alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@test -e /proc/cpuinfo || echo 'NOT CHECKED: types, as mypy needs /proc, which is not mounted'
	test ! -e /proc/cpuinfo || $(BIN)/mypy

bench: test-environment ## measure, on this machine
	$(BIN)/python -m bench $(ARGS)

messages: test-environment ## gather the texts to translate into locale/ (needs gettext)
	$(BIN)/python manage.py makemessages --locale es --no-obsolete --no-wrap --add-location file \
		--ignore '.venv/*' --ignore 'tests/*' --ignore 'bench/*' --ignore 'pop3service/*'
	@$(BIN)/python -m controlpanel.launcher.catalogs

lock: ## renew the pins in requirements/*.txt (needs uv; UPGRADE=--upgrade takes newer versions)
	@command -v $(UV) >/dev/null || { echo 'make lock needs uv: pip install uv, or make lock UV=/path/to/uv' >&2; exit 1; }
	$(UV_COMPILE) requirements/test.in -o requirements/test.txt
	$(UV_COMPILE) -c requirements/test.txt requirements/demo.in -o requirements/demo.txt
	$(UV_COMPILE) -c requirements/test.txt requirements/production.in -o requirements/production.txt

clean: ## take away what make made, but not data/
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name '*.mo' -delete -o -name __pycache__ -prune -exec rm -rf {} +

demo-environment test-environment: %-environment:
	@test -n '$(PYTHON)' || { echo 'Casilla needs Python 3.11 or newer: apt-get install python3 python3-venv,' \
		'or make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -I controlpanel/launcher/bootstrap.py $*
	@$(BIN)/python -m controlpanel.launcher.catalogs
