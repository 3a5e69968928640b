"""The framing of live view: what is understood, what is refused, how a part looks on the wire."""

import json

import pytest

from camerad.live.model import LivePart, PartKind
from linkage.web import live_words as words


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ('{"type":"open","view":0,"camera":"c"}', words.Open(view=0, camera="c")),
        (
            '{"type":"open","view":255,"camera":"c","purpose":"p","incident":"i","film":false}',
            words.Open(view=255, camera="c", purpose="p", incident="i", film=False),
        ),
        ('{"type":"close","view":1}', words.Close(view=1)),
        ('{"type":"continue","view":1}', words.Continue(view=1)),
        ('{"type":"pictures","view":1}', words.Pictures(view=1)),
        ('{"type":"taken","view":1,"number":7}', words.Taken(view=1, number=7)),
    ],
)
def test_what_a_page_says_is_understood(text, ask):
    assert words.ask_of(text) == ask


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"type":"what","view":0}', '{"type":"close","view":256}',
        '{"type":"close","view":-1}', '{"type":"close"}', "[" * 3000,
        '{"type":"open","view":0,"camera":"c","more":1}',
        json.dumps({"type": "open", "view": 0, "camera": "c", "purpose": "长" * 201}),
    ],
)  # fmt: skip
def test_what_is_none_of_it_is_refused(text):
    with pytest.raises(words.NotAnAskError):
        words.ask_of(text)


def test_what_is_said_to_a_page_is_json_with_its_type():
    over = words.Over(3, "time", "", refused=False)
    assert json.loads(words.text_of(over)) == {
        "type": "over", "view": 3, "why": "time", "said": "", "refused": False,
    }  # fmt: skip


def test_a_part_goes_with_a_head_of_twenty_bytes():
    part = LivePart(900, 5, PartKind.PICTURE, b"jpeg", 0x0102030405060708, 9, left_out=True)
    head = bytes.fromhex("01 03 07 01 00000005 0102030405060708 00000009")
    assert words.bytes_of(7, part) == head + b"jpeg"
