"""The sheet of labels: what its codes say, and what else stands on it."""

from alarms.credentials import Credentials
from linkage.enrolment.changing import Label
from linkage.enrolment.labels import WayIn, page_of
from linkage.enrolment.where import Home
from tests.labels import scan

WAY = WayIn("mqtt.example.cn", 8883, True, "lianfang", "示范镇综治中心")
HOME = Home("dongcun", "东村", "dongcun-t3", "东村3组", "dongcun-017", "3组17号")


def label(device: str = "dongcun-017-1", *, key: bytes = bytes(range(32)), home=HOME) -> Label:
    return Label(Credentials(device, device, "p" * 22, key), "button", home)


def page(*labels: Label) -> str:
    return page_of(labels, WAY, made_on="2026-11-21")


def test_a_code_says_all_that_a_device_needs() -> None:
    (found,) = scan(page(label()))
    assert vars(found) == {
        "host": "mqtt.example.cn",
        "port": 8883,
        "tls": True,
        "prefix": "lianfang",
        "kind": "button",
        "device": "dongcun-017-1",
        "login": "dongcun-017-1",
        "password": "p" * 22,
        "key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    }


def test_the_longest_names_still_make_a_code() -> None:
    (found,) = scan(page(label("d" * 64)))
    assert found.device == "d" * 64


def test_an_unsigned_devices_code_has_no_key() -> None:
    (found,) = scan(page(label(key=b"")))
    assert found.key == ""


def test_secrets_stand_nowhere_on_the_sheet_but_in_the_codes() -> None:
    text = page(label())
    assert "p" * 22 not in text
    assert "AAECAwQFBgcICQoL" not in text


def test_labels_are_ten_to_a_page_in_the_order_in_which_they_are_handed_out() -> None:
    homes = [
        Home("dongcun", "东村", "t", "东村1组", f"h{number:02d}", f"1组{number:02d}号")
        for number in range(12)
    ]
    text = page(*(label(f"d-{n:02d}", home=home) for n, home in reversed(list(enumerate(homes)))))
    assert text.count('<section class="page">') == 2
    assert [one.device for one in scan(text)] == [f"d-{n:02d}" for n in range(12)]


def test_what_people_wrote_is_no_markup() -> None:
    home = Home("v", "<b>村", "g", "a&b", "h", '"><script>')
    text = page(label(home=home))
    assert "<script" not in text
    assert "<b>" not in text
