"""A village clerk's way through the registry in the page: a sheet with a mistake, the mended one,
a household that moves, the printed directory. The store is the witness."""

import base64
import re
import zlib
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, expect

from tests.browser.duty_page import DESK, PHONE, DutyPage, open_page
from tests.scenarios.house import house

_HEADINGS = "组编号,户编号,户称呼,联系人,电话,地址\n"
_BAD = _HEADINGS + "dongcun-g1,dongcun-101,1组11号,欧阳演示,零零零,东村1组11号\n"
_GOOD = _BAD.replace("零零零", "00000000777")


async def choose(clerk: DutyPage, name: str, text: str) -> None:
    file = FilePayload(name=name, mimeType="text/csv", buffer=text.encode())
    await clerk.find("sheet-file").set_input_files(files=file)


def printed_in(pdf: bytes) -> str:
    """What a PDF of ours says, a line for each piece of text. Its font is read as UCS-2."""
    assert pdf.startswith(b"%PDF-")
    lines = []
    for packed in re.findall(rb"stream\r?\n(.*?)~>\s*endstream", pdf, re.DOTALL):
        drawn = zlib.decompress(base64.a85decode(packed))
        for escaped in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", drawn, re.DOTALL):
            raw = re.sub(rb"\\([0-7]{3}|.)", _unescaped, escaped, flags=re.DOTALL)
            lines.append(raw.decode("utf-16-be"))
    return "\n".join(lines)


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8)]) if len(code) == 3 else code


@pytest.mark.timeout(120)
async def test_a_clerk_imports_corrects_moves_and_prints(chromium: Browser, tmp_path: Path) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        async with site.client() as witness:
            await witness.sign_in("dongcun-head")
            clerk = await open_page(chromium, site, DESK)
            await clerk.sign_in("dongcun-head")

            # a sheet with a telephone that is none: told where, nothing written
            await clerk.find("nav-registry").click()
            await clerk.find("nav-registry-import").click()
            await choose(clerk, "户.csv", _BAD)
            report = clerk.find("report")
            await expect(report).to_have_attribute("data-ok", "false")
            await expect(clerk.find("report-row")).to_contain_text(re.compile("2.*电话.*零零零"))
            await expect(clerk.find("import-go")).to_have_count(0)

            # mended: checked, then imported
            await choose(clerk, "户.csv", _GOOD)
            await expect(report).to_have_attribute("data-ok", "true")
            missing = await witness.session.get("/api/v1/registry/households/dongcun-101")
            assert missing.status == 404
            await clerk.find("import-go").click()
            await expect(report).to_have_attribute("data-applied", "true")

            # found by pinyin, among the own village's households only
            await report.get_by_role("link").click()
            await expect(clerk.find("households-total")).to_have_text("41 户")
            await expect(clerk.find("place-xicun")).to_have_count(0)
            await clerk.find("registry-search").fill("ouyang")
            line = clerk.find("household-line")
            await expect(line).to_have_count(1)
            await expect(line).not_to_contain_text("欧阳演示")
            await line.click()

            await seen_for_a_reason(clerk)

            # to another group; what will be is said before
            await clerk.find("household-move").click()
            await clerk.find("move-to").select_option("dongcun-g2")
            await expect(clerk.find("move-effect")).to_contain_text("东村2组（调后 11 户）")
            await clerk.find("move-go").click()
            await expect(clerk.find("history")).to_contain_text("东村1组 → 东村2组")
            found = await witness.get("/registry/households?group=dongcun-g2&search=ouyang")
            assert found["total"] == 1

            # the directory, in a page of its own
            await clerk.page.goto(f"{site.url}/registry/directory")
            await expect(clerk.find("directory-village")).to_have_value("dongcun")
            await clerk.find("directory-reason").fill("张贴在村值班室")
            async with clerk.page.context.expect_page() as opening:
                await clerk.find("directory-open").click()
            printed = await opening.value
            for said in ("欧阳演示", *(f"东村{number}组" for number in range(1, 5))):
                await expect(printed.locator("body")).to_contain_text(said)
            link = await clerk.find("directory-pdf").get_attribute("href")
            pdf = await clerk.page.context.request.get(f"{site.url}{link}")
            said = printed_in(await pdf.body())
            assert all(f"东村{number}组" in said for number in range(1, 5))
            assert "西村" not in said
        assert await site.stop() == 0


async def seen_for_a_reason(clerk: DutyPage) -> None:
    contact = clerk.find("contact")
    await expect(contact).not_to_contain_text("00000000777")
    await clerk.find("unmask").click()
    await clerk.find("reason").fill("核对电话")
    await clerk.find("reason-go").click()
    await expect(contact).to_contain_text("00000000777")


@pytest.mark.timeout(120)
async def test_registry_pages_fit_and_offer_what_the_role_may(
    chromium: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, broker="embedded") as site:
        await site.start()
        admin = await open_page(chromium, site, PHONE)
        await admin.sign_in("admin")
        for path, shown in (
            ("/registry?village=dongcun", "household-line"),
            ("/registry/groups/dongcun-g1", "member"),
            ("/registry/households/dongcun-001", "household"),
            ("/registry/sheets", "import"),
            ("/registry/coverage", "coverage-row"),
            ("/registry/directory", "directory"),
        ):
            await admin.page.goto(f"{site.url}{path}")
            await expect(admin.find(shown).first).to_be_visible()
            assert await admin.width_left_over() <= 0, f"{path} scrolls sideways"

        # an administrator erases, but not by a slip: the id must be typed
        await admin.page.goto(f"{site.url}/registry/households/dongcun-002")
        await admin.find("household-erase").click()
        await admin.find("erase-reason").fill("本人要求")
        await expect(admin.find("move-go")).to_be_disabled()
        await admin.find("erase-id").fill("dongcun-002")
        await admin.find("move-go").click()
        await expect(admin.find("household")).to_contain_text("资料已删除")

        duty = await open_page(chromium, site, DESK)
        await duty.sign_in()
        await duty.page.goto(f"{site.url}/registry/households/dongcun-001")
        await expect(duty.find("contact")).to_be_visible()
        for name in ("household-edit", "household-export", "household-moves"):
            await expect(duty.find(name)).to_have_count(0)
        assert await site.stop() == 0
