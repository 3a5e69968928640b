"""What cameras say in the field, and what of it is understood."""

from datetime import UTC, datetime

import pytest

from camerad.device_events import reading
from camerad.device_events.model import EventsState, Notification, Operation, SightingKind
from camerad.device_events.reading import NotEvents
from camerad.device_events.translating import translated
from camerad.model import Trouble

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CHANGED = Operation.CHANGED


def said(
    topic: str,
    data: dict[str, str],
    source: dict[str, str] | None = None,
    operation: Operation | None = CHANGED,
) -> Notification:
    return Notification(topic, operation, AT, source or {}, data)


@pytest.mark.parametrize(
    ("topic", "item", "value", "kind", "trouble"),
    [
        ("Device/Trigger/DigitalInput", "LogicalState", "true", SightingKind.INPUT, None),
        ("Device/IO/Port", "state", "1", SightingKind.INPUT, None),
        ("Device/Trigger/Relay", "LogicalState", "active", SightingKind.RELAY, None),
        ("VideoSource/MotionAlarm", "State", "true", SightingKind.MOTION, None),
        ("RuleEngine/CellMotionDetector/Motion", "IsMotion", "true", SightingKind.MOTION, None),
        ("RuleEngine/MotionRegionDetector/Motion", "State", "1", SightingKind.MOTION, None),
        (
            "RuleEngine/TamperDetector/Tamper",
            "IsTamper",
            "true",
            SightingKind.TAMPER,
            Trouble.COVERED,
        ),
        (
            "VideoSource/GlobalSceneChange/ImagingService",
            "State",
            "true",
            SightingKind.TAMPER,
            Trouble.TURNED,
        ),
        (
            "VideoSource/ImageTooDark/AnalyticsService",
            "State",
            "true",
            SightingKind.TAMPER,
            Trouble.BLACK,
        ),
        ("VideoSource/SignalLoss", "State", "true", SightingKind.TAMPER, Trouble.SIGNAL_LOST),
        ("Device/HardwareFailure/StorageFailure", "Failed", "true", SightingKind.STORAGE, None),
    ],
)
def test_a_topic_of_the_field_is_understood(topic, item, value, kind, trouble) -> None:
    found = translated(said(topic, {item: value}))
    assert found is not None
    assert (found.kind, found.trouble, found.active, found.at) == (kind, trouble, True, AT)
    off = translated(said(topic, {item: "inactive"}))
    assert off is not None
    assert not off.active


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("RuleEngine/LoiteringDetector/ObjectIsLoitering", SightingKind.LOITERING),
        ("RuleEngine/LineDetector/Crossed", SightingKind.LINE_CROSSED),
    ],
)
def test_that_an_event_is_told_is_what_happened_and_a_counter_is_no_state(topic, kind) -> None:
    found = translated(said(topic, {"ObjectId": "0"}, {"Rule": "gate"}, None))
    assert found is not None
    assert (found.kind, found.active, found.initial, found.rule) == (kind, True, False, "gate")


def test_initialized_is_state() -> None:
    found = translated(
        said("Device/Trigger/DigitalInput", {"LogicalState": "true"}, {}, Operation.INITIALIZED)
    )
    assert found is not None
    assert found.initial


def test_whose_it_is_stands_in_the_source() -> None:
    source = {"Rule": "r", "InputToken": "", "VideoSource": "v2"}
    found = translated(said("VideoSource/MotionAlarm", {"State": "true"}, source))
    assert found is not None
    assert found.token == "v2"


@pytest.mark.parametrize(
    "one",
    [
        said("RuleEngine/FaceDetect/Seen", {"State": "true"}),
        said("VideoSource/Something/Else", {"State": "true"}),
        said("Device/Trigger/DigitalInput", {"LogicalState": "perhaps"}),
        said("Device/Trigger/DigitalInput", {}),
        said("Device/Trigger/DigitalInput", {"LogicalState": "true"}, {}, Operation.DELETED),
    ],
    ids=lambda one: f"{one.topic} {dict(one.data)}",
)
def test_what_is_not_in_the_table_is_not_understood(one) -> None:
    assert translated(one) is None


def test_every_state_has_words() -> None:
    assert all(state.label[0] and state.label[1] for state in EventsState)


# --- reading ---


def envelope(body: str) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:n="urn:n" '
        f'xmlns:t="urn:t"><e:Body>{body}</e:Body></e:Envelope>'
    ).encode()


def message(topic: str = "t:A/t:B", inner: str = "") -> str:
    told = "" if not topic else f"<n:Topic>{topic}</n:Topic>"
    return f"<n:NotificationMessage>{told}{inner}</n:NotificationMessage>"


def pulled(*messages: str) -> reading.Pulled:
    times = (
        "<n:CurrentTime>1970-01-01T00:00:10Z</n:CurrentTime>"
        "<n:TerminationTime>1970-01-01T00:01:10Z</n:TerminationTime>"
    )
    body = f"<n:PullMessagesResponse>{times}{''.join(messages)}</n:PullMessagesResponse>"
    return reading.pulled(envelope(body))


def test_a_message_is_read_whatever_its_prefixes() -> None:
    inner = (
        '<n:Message><t:Message UtcTime="2026-11-22T12:00:00.5+08:00" PropertyOperation="Changed">'
        '<t:Source><t:SimpleItem Name="InputToken" Value="1"/></t:Source>'
        '<t:Data><t:SimpleItem Name="LogicalState" Value="true"/></t:Data>'
        "</t:Message></n:Message>"
    )
    found = pulled(message(" tns1:Device/Trigger//tns1:DigitalInput ", inner))
    assert found.lasts_s == 60
    (one,) = found.notifications
    assert one == Notification(
        "Device/Trigger/DigitalInput",
        CHANGED,
        datetime(2026, 11, 22, 4, 0, 0, 500_000, tzinfo=UTC),
        {"InputToken": "1"},
        {"LogicalState": "true"},
    )


def test_a_poor_message_is_read_as_far_as_it_goes() -> None:
    (one,) = pulled(message("A", "<n:Data><n:SimpleItem/></n:Data>"), message("")).notifications
    assert one == Notification("A", None, None, {}, {"": ""})


def test_a_time_without_a_zone_is_utc_and_one_that_is_none_is_left_out() -> None:
    naive = '<t:Message UtcTime="2026-11-22T04:00:00"/>'
    odd = '<t:Message UtcTime="yesterday"/>'
    early = '<t:Message UtcTime="0001-01-01T00:00:00+23:00"/>'
    found = pulled(message("A", naive), message("A", odd), message("A", early)).notifications
    assert [one.at for one in found] == [AT, None, None]


def test_a_flood_of_messages_is_cut() -> None:
    assert len(pulled(*[message()] * 600).notifications) == 512


def test_where_to_pull_and_what_to_carry_is_read() -> None:
    body = (
        "<n:R><n:SubscriptionReference><n:Address> http://c/1 </n:Address>"
        "<n:ReferenceParameters><t:Id>7</t:Id></n:ReferenceParameters></n:SubscriptionReference>"
        "<n:CurrentTime>2026-11-22T04:00:00Z</n:CurrentTime>"
        "<n:TerminationTime>2026-11-22T03:00:00Z</n:TerminationTime></n:R>"
    )
    found = reading.opened(envelope(body))
    assert found.reference.address == "http://c/1"
    assert b"7" in found.reference.parameters[0]
    assert found.lasts_s is None
    bare = "<n:SubscriptionReference><n:Address>http://c/2</n:Address></n:SubscriptionReference>"
    assert reading.opened(envelope(bare)).reference.parameters == ()


@pytest.mark.parametrize(
    "body",
    ["<n:R/>", "<n:SubscriptionReference><n:Address> </n:Address></n:SubscriptionReference>"],
)
def test_a_subscription_without_an_address_is_none(body) -> None:
    with pytest.raises(NotEvents):
        reading.opened(envelope(body))


def test_another_answer_is_no_pull() -> None:
    with pytest.raises(NotEvents):
        reading.pulled(envelope("<n:Other/>"))
    with pytest.raises(NotEvents):
        reading.pulled(b"<no")


def test_a_fault_is_read_with_its_codes() -> None:
    fault = "<e:Fault><e:Code>Sender <e:S>ter:NotAuthorized</e:S></e:Code><e:R>No</e:R></e:Fault>"
    assert reading.fault_in(envelope(fault)) == "sender ter:notauthorized no"
    assert reading.fault_in(envelope("<n:R/>")) is None


def test_how_long_it_lasts_now_is_read_where_it_is_told() -> None:
    assert reading.renewed(envelope("<n:RenewResponse/>")) is None
