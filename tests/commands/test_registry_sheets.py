"""`lianfang registry import|export|template` as a clerk at the server runs it."""

from linkage.registry.sheets import csv_file
from linkage.registry.sheets.headings import SheetKind
from tests.commands.running import lianfang
from tests.linkage.registry.generated_town import TownSize, generated_town
from tests.linkage.registry.sheet_site import good, households_csv

SMALL = TownSize(villages=1, grids=1, groups=1, households=10)


async def test_a_town_goes_in_and_comes_out_the_same(idle_site, tmp_path):
    config = idle_site.config
    town = generated_town(SMALL)
    for kind in (SheetKind.VILLAGES, SheetKind.HOUSEHOLDS):
        file = tmp_path / f"{kind.value}.csv"
        file.write_bytes(csv_file.write(town[kind]))
        done = lianfang("registry", "import", file, "--config", config)
        assert done.status == 0, done.err
        assert "已导入 / imported" in done.out
    out = tmp_path / "out.csv"
    assert lianfang("registry", "export", out, "--config", config).status == 0
    assert out.stat().st_mode & 0o077 == 0
    tried = lianfang("registry", "import", out, "--config", config, "--dry-run")
    assert tried.status == 0
    assert "新增 created 0，更改 changed 0" in tried.out
    assert "没有写入" in tried.out


async def test_a_bad_sheet_is_refused_with_status_1_and_its_places(idle_site, tmp_path):
    file = tmp_path / "bad.csv"
    file.write_bytes(households_csv(good(电话="123")))
    done = lianfang("registry", "import", file, "--config", idle_site.config)
    assert done.status == 1
    assert "第 2 行 row 2" in done.out
    assert "“123”" in done.out
    assert "没有导入" in done.out


async def test_what_is_no_sheet_s_name_is_wrong_usage(idle_site, tmp_path):
    done = lianfang("registry", "import", tmp_path / "a.txt", "--config", idle_site.config)
    assert done.status == 2
    assert ".xlsx" in done.complaint


def test_the_template_needs_no_site(tmp_path):
    file = tmp_path / "template.xlsx"
    assert lianfang("registry", "template", file).status == 0
    assert file.read_bytes().startswith(b"PK")
