"""通讯录: a village's groups and how to reach them, to print, for a reason."""

import pytest

from tests.linkage.registry_room import API, GROUP, HOME, registry_as
from tests.linkage.web_house import EAST, house


@pytest.fixture
async def town(tmp_path):
    async with house(tmp_path) as h:
        yield h


async def test_the_directory_names_everybody_in_the_clear_the_leader_first(town):
    async with registry_as(town, "head", "village-head", [EAST]) as registry:
        leader = f"{EAST}-018"
        body = {"group": GROUP, "label": "<b>018</b>", "contact": {"name": "联户长甲"}}
        await registry.put(f"/households/{leader}", body)
        grid = {"grid": f"{EAST}-g1", "name": "3组", "leader": leader}
        await registry.put(f"/groups/{GROUP}", grid)
        answer = await registry.browser.get(f"{API}/directory/{EAST}?reason=年度更新")
        page = await answer.text()
    assert page.index("联户长甲") < page.index("王小明") < page.index("</table>")
    assert "13812340001" in page
    assert "<b>018</b>" not in page, "labels are text"


async def test_without_a_reason_there_is_no_directory_and_with_one_it_is_in_the_audit(town):
    async with registry_as(town, "admin") as registry:
        assert (await registry.browser.get(f"{API}/directory/{EAST}")).status == 422
        assert (await registry.browser.get(f"{API}/directory/{EAST}?reason=%20")).status == 422
        assert (await registry.browser.get(f"{API}/directory/{EAST}?reason=x")).status == 200
    (entry,) = [e for e in await town.audited() if e["action"] == "unmask"]
    assert (entry["object"], entry["detail"]["directory"]) == (f"village:{EAST}", True)


async def test_the_pdf_is_one_and_grows_with_the_village(town):
    async with registry_as(town, "admin") as registry:
        empty = await registry.browser.get(f"{API}/directory/xicun.pdf?reason=x")
        assert empty.content_type == "application/pdf"
        before = await empty.read()
        assert before.startswith(b"%PDF-")
        for n in range(15):
            body = {"group": "xicun-t3", "label": f"{n} & <户>", "contact": {"name": f"张{n}"}}
            await registry.put(f"/households/x{n}", body)
        after = await (await registry.browser.get(f"{API}/directory/xicun.pdf?reason=x")).read()
    assert len(after) > len(before)


async def test_the_directory_of_another_village_is_not_there(town):
    async with registry_as(town, "head", "village-head", [EAST]) as registry:
        for path in ("xicun", "xicun.pdf"):
            assert (await registry.browser.get(f"{API}/directory/{path}?reason=x")).status == 404


async def test_whoever_left_is_not_in_the_directory(town):
    async with registry_as(town, "admin") as registry:
        await registry.post(f"/households/{HOME}/leave")
        answer = await registry.browser.get(f"{API}/directory/{EAST}?reason=x")
        assert "3组017号" not in await answer.text()
