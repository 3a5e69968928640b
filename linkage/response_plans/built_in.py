"""The plans that hold until the town has written its own: one a kind, and one for the rest.

They are version 0 and live in no table; a plan of the town that fits goes before them.
"""

from alarms.model import AlarmKind
from linkage.response_plans.model import PlanContact, PlanItem, ResponsePlan

_POLICE = PlanContact("公安 Police", "110")
_FIRE = PlanContact("消防 Fire service", "119")
_AMBULANCE = PlanContact("急救 Ambulance", "120")

_CALL_BACK = PlanItem("call-back", "回拨住户，核实情况 / call the household back and ask")
_NEIGHBOURS = PlanItem(
    "neighbours", "联系联户长和邻居到场查看 / ask group leader and neighbours to look"
)
_CAMERA = PlanItem("camera", "查看附近摄像机画面 / look at the cameras nearby")
_STATION = PlanItem("station", "确认派出所已收到 / make sure that the station has it")
_RECORD = PlanItem("record", "记录到场与处置情况 / write down arrival and what was done")


def _plan(
    name: str,
    kinds: tuple[AlarmKind, ...],
    items: tuple[PlanItem, ...],
    contacts: tuple[PlanContact, ...],
) -> ResponsePlan:
    return ResponsePlan(
        id=f"built-in-{kinds[0].value if kinds else 'all'}",
        version=0,
        name=name,
        kinds=frozenset(kinds),
        villages=frozenset(),
        items=items,
        contacts=contacts,
        made_at_ms=0,
        made_by="",
    )


BUILT_IN: tuple[ResponsePlan, ...] = (
    _plan(
        "紧急求助 / Panic",
        (AlarmKind.PANIC, AlarmKind.OTHER),
        (
            _CALL_BACK,
            _CAMERA,
            _NEIGHBOURS,
            _STATION,
            PlanItem("patrol", "派最近巡防队前往 / send the nearest patrol team"),
            _RECORD,
        ),
        (_POLICE,),
    ),
    _plan(
        "胁迫报警 / Duress",
        (AlarmKind.DURESS,),
        (
            PlanItem("no-call", "不要回拨，不要通知邻居 / do not call back, tell no neighbour"),
            _STATION,
            PlanItem("watch", "通过摄像机观察，不惊动 / watch by camera, without alarming anybody"),
            PlanItem(
                "plain-clothes", "与派出所商定便衣前往 / agree with the station on a quiet approach"
            ),
            _RECORD,
        ),
        (_POLICE,),
    ),
    _plan(
        "火警 / Fire",
        (AlarmKind.FIRE,),
        (
            PlanItem("119", "立即拨打119，报地址 / call 119 at once and give the address"),
            _CALL_BACK,
            PlanItem(
                "evacuate", "通知邻居撤离，关闭电源燃气 / get neighbours out, power and gas off"
            ),
            PlanItem(
                "road", "派人引导消防车、清空道路 / somebody at the road to lead the engines in"
            ),
            _STATION,
            _RECORD,
        ),
        (_FIRE, _POLICE, _AMBULANCE),
    ),
    _plan(
        "医疗救助 / Medical",
        (AlarmKind.MEDICAL,),
        (
            PlanItem("120", "立即拨打120，报地址 / call 120 at once and give the address"),
            _CALL_BACK,
            PlanItem(
                "village-doctor", "通知村医和邻居先到 / send the village doctor and a neighbour"
            ),
            PlanItem("road", "派人引导救护车 / somebody at the road to lead the ambulance in"),
            _RECORD,
        ),
        (_AMBULANCE, _POLICE),
    ),
    _plan(
        "人员走失 / Missing person",
        (AlarmKind.MISSING,),
        (
            PlanItem(
                "describe", "询问体貌、时间、常去处 / ask looks, time, places usually visited"
            ),
            PlanItem(
                "search", "通知巡防队、网格员分片查找 / patrols and grid workers search by area"
            ),
            PlanItem("water", "先查水边、公路、工地 / water, roads and building sites first"),
            _STATION,
            _RECORD,
        ),
        (_POLICE,),
    ),
    _plan(
        "徘徊 / Loitering",
        (AlarmKind.LOITERING,),
        (
            _CAMERA,
            PlanItem("patrol-by", "请巡防队经过查看 / ask a patrol to pass by"),
            _RECORD,
        ),
        (_POLICE,),
    ),
    _plan("一般处置 / General", (), (_CALL_BACK, _RECORD), (_POLICE,)),
)
