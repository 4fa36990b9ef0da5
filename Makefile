# 档海 Danghai. Two commands matter: `make demo` and `make test`.
VENV := .venv
PYTHON := $(VENV)/bin/python
BASE_PYTHON := $(shell command -v python3.11 || command -v python3)
# A demo or a test never touches the data folder of a real installation.
DEMO := DANGHAI_HOME=demo-data DANGHAI_ARCHIVE_NAME=蓬屿市档案馆（样例）

# What Python compiled is kept, whatever the shell around says: the tests alone start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo demo-answer test test-long lint bench models lock supply transformers clean

help:
	@echo "make demo         样例全程：安装、取模型、收进样例、开接口与界面、后台识读、回答一问"
	@echo "make test         检查与测试"
	@echo "make test-long    issue 里写明的次数，同一套代码"
	@echo "make bench        速度与相关性（见 benchmarks/README.md）"
	@echo "make models       取来向量模型"
	@echo "make transformers sentence-transformers 的独立环境（可选）"
	@echo "make supply       物料清单（CycloneDX）与已知漏洞"
	@echo "make lock         由 requirements/*.in 重新锁定依赖"

# The locks are installed without dependencies: each names all it needs, and only one OpenCV.
# $(call install,environment,lock): uv where it reaches the registry, else pip.
define install
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || $(BASE_PYTHON) -m venv $(1)
	@$(1)/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements/installer.txt
	@echo "安装 $(2)"
	@$(1)/bin/uv pip install -q --python $(1)/bin/python --no-deps --require-hashes -r requirements/$(2) \
	  || $(1)/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements/$(2)
	@touch $(3)
endef

$(VENV)/.base: requirements/base.txt
	@tools/check
	$(call install,$(VENV),base.txt,$@)

$(VENV)/.dev: requirements/dev.txt
	@tools/check
	$(call install,$(VENV),dev.txt,$@ $(VENV)/.base)

models: $(VENV)/.base
	@tools/check model
	$(PYTHON) -m danghai models pull
	@$(PYTHON) -m danghai exhibitions viewer || echo "展览页面将没有放大细看，其余照常。"

demo: $(VENV)/.base models
	$(DEMO) $(PYTHON) -m danghai demo

demo-answer: $(VENV)/.base models
	$(DEMO) $(PYTHON) -m danghai demo --until-answer

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

test: lint models
	$(PYTHON) -m pytest -n 3 --no-loadscope-reorder $(TESTS)

test-long: $(VENV)/.dev models
	DANGHAI_LONG=1 $(PYTHON) -m pytest --timeout=3600 $(TESTS)

bench: $(VENV)/.dev models
	$(PYTHON) -m benchmarks $(BENCH)

# torch is large: an environment of its own, so that the light install stays light.
transformers: .venv-transformers/.done

.venv-transformers/.done: requirements/transformers.txt
	$(call install,.venv-transformers,transformers.txt,$@)

# A bill of materials (build/bom.json), and known vulnerabilities where the service answers.
supply: .venv-supply/.done
	.venv-supply/bin/python tools/supply

.venv-supply/.done: requirements/supply.txt
	$(call install,.venv-supply,supply.txt,$@)

lock: $(VENV)/.dev
	for name in installer base dev supply transformers; do \
	  override=requirements/override.txt; \
	  if [ $$name = transformers ]; then override=requirements/transformers-override.txt; fi; \
	  $(VENV)/bin/uv pip compile requirements/$$name.in --override $$override --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements/$$name.txt; \
	done

clean:
	rm -rf demo-data bench-data
