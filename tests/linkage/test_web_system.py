"""Health, readiness, figures, the console's files, the description of the API."""

import json

import aiohttp
import pytest
from yarl import URL

from camerad.model import CameraHealth, CameraState
from tests.linkage.web_house import house


@pytest.fixture
async def town(tmp_path):
    (tmp_path / "secret.txt").write_text("a secret")
    async with house(tmp_path) as h:
        await h.person("admin", "administrator")
        await h.person("duty", "duty-officer")
        yield h


@pytest.fixture
async def built(tmp_path):
    """A town whose console has been built."""
    folder = tmp_path / "console"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>联防</title>")
    (folder / "assets" / "index-DUw6dR5m.js").write_text("export {}")
    (folder / "assets" / "icon-calm.svg").write_text("<svg/>")
    sheet = "style-DTFiDmDk.css"
    for name, text in ((sheet, "plain"), (f"{sheet}.br", "br"), (f"{sheet}.gz", "gzip")):
        (folder / "assets" / name).write_text(text)
    (tmp_path / "secret.txt").write_text("a secret")
    async with house(tmp_path) as h:
        yield h


async def test_alive_even_when_no_press_can_be_taken(town):
    town.not_ready.append("the broker is away")
    async with town.browser() as browser:
        alive, ready = await browser.get("/healthz"), await browser.get("/readyz")
        assert (alive.status, await alive.json()) == (200, {"alive": True})
        assert ready.status == 503
        assert await ready.json() == {"ready": False, "reasons": ["the broker is away"]}
        town.not_ready.clear()
        assert (await browser.get("/readyz")).status == 200


async def test_the_system_tells_of_its_parts_cameras_and_the_chair(town):
    town.health["cam-down"] = CameraHealth(
        "cam-down", CameraState.DOWN, "unreachable", "No answer.", town.clock.now()
    )
    position = await town.incident("a")
    async with town.browser("duty") as browser:
        await browser.post("/api/v1/presence", json={"sound": "unlocked", "visible": True})
        system = await (await browser.get("/api/v1/system")).json()
    assert system == {
        "intake": {"state": "up", "since": "2026-11-21T20:00:00.000+08:00", "detail": ""},
        "store": {"state": "up", "since": "2026-11-21T20:00:00.000+08:00", "detail": ""},
        "broker": {"kind": "embedded"},
        "cameras": {"watching": 1, "down": 1, "connecting": 2},
        "console": {"attended": True, "officers": 1},
        "flood": None,
        "maintenance": {"open": 0, "overdue": 0, "unowned": 0},
        "sse_position": position,
    }


async def test_figures_count_by_the_routes_pattern_and_name_nobody(town):
    await town.incident("a")
    async with town.browser("admin") as browser:
        await browser.get("/api/v1/incidents/a")
        text = await (await browser.get("/metrics")).text()
    line = 'method="GET",route="/api/v1/incidents/{id}",status="200"'
    assert f"lianfang_http_requests_total{{{line}}} 1.0" in text
    assert 'lianfang_sign_ins_total{result="good"} 1.0' in text
    assert "admin" not in text


async def test_what_is_not_there_and_a_wrong_method_are_problems(town):
    async with town.browser("duty") as browser:
        missing = await browser.get("/api/v1/nothing")
        wrong = await browser.put("/api/v1/me")
    assert (missing.status, missing.content_type) == (404, "application/problem+json")
    assert (wrong.status, wrong.content_type) == (405, "application/problem+json")


async def test_a_console_that_is_not_built_says_how_to_build_it(town):
    async with town.browser() as browser:
        answer = await browser.get("/")
        assert answer.status == 503
        assert "make console" in await answer.text()


async def test_pages_of_the_app_all_get_its_index_and_it_is_asked_for_anew(built):
    async with built.browser() as browser:
        for path in ("/", "/incidents/7", "/sign-in"):
            answer = await browser.get(path)
            assert "联防" in await answer.text()
            assert answer.content_type == "text/html"
            assert answer.headers["Cache-Control"] == "no-cache"


async def test_files_with_a_hash_in_their_name_are_kept_for_ever(built):
    async with built.browser() as browser:
        answer = await browser.get("/assets/index-DUw6dR5m.js")
        assert answer.content_type == "text/javascript"
        assert "immutable" in answer.headers["Cache-Control"]
        icon = await browser.get("/assets/icon-calm.svg")
        assert (icon.content_type, icon.headers["Cache-Control"]) == ("image/svg+xml", "no-cache")
        assert (await browser.get("/assets/index-old.js")).status == 404


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"])
async def test_nothing_outside_the_consoles_folder_is_served(built, path):
    async with built.browser() as browser:
        answer = await browser.get(URL(built.url.rstrip("/") + path, encoded=True))
        assert "a secret" not in await answer.text()


async def test_the_description_names_every_route_and_every_reference_resolves(town):
    async with town.browser("duty") as browser:
        document = await (await browser.get("/api/v1/openapi.json")).json()
    described = {(m.upper(), path) for path, ops in document["paths"].items() for m in ops}
    routed = {(r.method, r.resource.canonical) for r in town.app.router.routes()}
    assert described == routed - {("GET", "/{path}")}
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= known
    step = document["paths"]["/api/v1/incidents/{id}/close"]["post"]
    assert {(p["name"], p["in"], p["required"]) for p in step["parameters"]} == {
        ("id", "path", True),
        ("If-Match", "header", True),
    }
    assert "Outcome" in json.dumps(document)


def references(node):
    if isinstance(node, list):
        return set().union(*(references(child) for child in node))
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(child) for child in node.values()))
    return set()


@pytest.mark.parametrize(
    ("taken", "sent"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None)]
)
async def test_a_file_comes_as_small_as_the_browser_takes_it(built, taken, sent):
    async with aiohttp.ClientSession(built.url, auto_decompress=False) as browser:
        answer = await browser.get("/assets/style-DTFiDmDk.css", headers={"Accept-Encoding": taken})
        assert (await answer.text()).startswith(sent or "plain")
    assert answer.headers.get("Content-Encoding") == sent
    assert answer.content_type == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    # what keeps answers between us and the browser must not give one the other's
    assert answer.headers["Vary"] == "Accept-Encoding"


async def test_compressed_files_have_no_address_of_their_own(built):
    async with built.browser() as browser:
        assert (await browser.get("/assets/style-DTFiDmDk.css.gz")).status == 404
