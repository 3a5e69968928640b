"""A button stops: its battery is flat, its line is cut, and nobody presses it for weeks."""

from pathlib import Path

from tests.polling import until
from tests.scenarios.house import Officer, house
from tests.scenarios.nursery import Nursery

# a device is held to half a second, has half a second's grace, and its order is due in one more
QUICK = """
[supervision]
shortest_every = "500ms"
longest_every = "500ms"
grace = "500ms"
grace_share = 0.01
due_silent = "1s"
"""


async def test_first_before_the_village_head_and_then_before_the_shift_leader(
    tmp_path: Path, nursery: Nursery
) -> None:
    async with house(tmp_path) as site:
        with (site.config / "site.toml").open("a", encoding="utf-8") as file:
            file.write(QUICK)
        await site.start_from(nursery)
        async with site.client() as head, site.client() as leader:
            await head.sign_in("dongcun-head")
            await leader.sign_in("leader")
            async with site.button() as button:
                await button.wait_connected()
                device = button.device
            # it says nothing more
            order = await order_of(head, device)
            assert (order["kind"], order["owner"]["username"]) == ("silent", "dongcun-head")
            # the owner does nothing
            handed = await order_of(leader, device, handed_up=True)
            assert handed["id"] == order["id"]
            assert handed["handed_to"]["username"] == "leader"
            assert (await leader.get("/system"))["maintenance"]["overdue"] == 1
            # and it is no emergency
            assert (await leader.get("/incidents?kind=silent"))["items"] == []


async def order_of(
    officer: Officer, device: str, *, handed_up: bool = False
) -> dict[str, dict[str, str]]:
    """The device's order among what is mine to see to, as soon as it is there."""

    async def order() -> dict[str, dict[str, str]] | None:
        path = f"/maintenance-orders?mine=1&device={device}"
        for one in (await officer.get(path))["items"]:
            if not handed_up or one["handed_to"] is not None:
                return dict(one)
        return None

    return await until(order, timeout_s=40, every_s=0.2)
