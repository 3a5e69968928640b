"""New labels, stolen buttons: who holds a button is heard, or told to ring 110; never neither."""

from alarms.button import Face
from tests.scenarios.house import House, Officer


async def change(site: House, device: str, act: str, **body: object) -> None:
    async with site.client() as admin:
        await admin.sign_in("admin")
        path = f"/api/v1/devices/{device}/{act}"
        async with admin.session.post(path, json=body) as answer:
            assert answer.status in (200, 201), await answer.text()


async def test_a_rotated_button_whose_label_was_not_scanned_in_still_calls_the_officer(
    site: House, duty: Officer
) -> None:
    async with site.button() as button:
        await change(site, button.device, "rotate")
        outcome = await button.press(timeout_s=20)
    assert outcome.state == "received"
    await duty.sees_called(await duty.incident_of(outcome.alarm), "duty")


async def test_a_revoked_buttons_person_is_told_to_ring_110(site: House) -> None:
    async with site.button() as button:
        assert (await button.press("test", timeout_s=20)).state == "received"
        await change(site, button.device, "revoke", reason="stolen")
        outcome = await button.press(timeout_s=20)
        assert (outcome.state, outcome.reason) == ("rejected", "unknown-device")
        assert button.face is Face.REJECTED
