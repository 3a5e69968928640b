"""Where people's own words, in whatever record, mention a household that is to be erased.

Words are compared without spaces, dashes and case. What only looks like a mention is taken out too:
who asks to be forgotten must not depend on how somebody spelled it.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Column, Connection, Table, func, select

from alarms.model import AlarmSource
from alarms.store import SealedBox
from alarms.store.tables import alarms
from linkage.appraisal.schema import household_visits
from linkage.consent.schema import camera_consents
from linkage.custody.schema import evidence_entries, evidence_exports, evidence_holds
from linkage.duty.schema import absences, duty_overrides, handovers
from linkage.looking.schema import looks
from linkage.quiet.schema import drills, quiet_windows
from linkage.registry.personal import Contact, contact_of
from linkage.registry.schema import registry_changes
from linkage.registry.texts import TextOpener
from linkage.schema import audit_entries, households, incident_alarms, incident_events, incidents
from linkage.supervision.schema import maintenance_orders

_AT_ONCE = 500
_LEAST_LETTERS = 2
"""A name has two characters; a shorter word would be found everywhere."""
_LEAST_ASCII = 4
"""Of letters and digits of the Western kind: `li` stands in many words."""
_LEAST_LABEL = 4


@dataclass(frozen=True)
class _Where:
    """A column in which sealed texts lie."""

    column: Column[str]
    incident: Column[str] | None = None
    by_position: bool = True
    """Rows are only ever added, each with a higher `position`."""

    @property
    def table(self) -> Table:
        return self.column.table


PLACES = (
    _Where(alarms.c.payload),
    _Where(incident_events.c.data, incident_events.c.incident_id),
    _Where(handovers.c.sheet),
    _Where(audit_entries.c.detail),
    _Where(registry_changes.c.data),
    _Where(evidence_entries.c.payload, evidence_entries.c.incident_id),
    _Where(evidence_holds.c.reason, evidence_holds.c.incident_id, by_position=False),
    _Where(evidence_holds.c.release_reason, evidence_holds.c.incident_id, by_position=False),
    _Where(evidence_exports.c.detail, evidence_exports.c.incident_id, by_position=False),
    _Where(looks.c.purpose, looks.c.incident_id, by_position=False),
    _Where(camera_consents.c.agreed_by, by_position=False),
    _Where(camera_consents.c.purpose, by_position=False),
    _Where(camera_consents.c.reference, by_position=False),
    _Where(camera_consents.c.withdrawn_said, by_position=False),
    _Where(incidents.c.dispatched_to, incidents.c.id, by_position=False),
    _Where(maintenance_orders.c.detail, by_position=False),
    _Where(quiet_windows.c.reason, by_position=False),
    _Where(drills.c.notice_to, by_position=False),
    _Where(drills.c.note, by_position=False),
    _Where(duty_overrides.c.reason, by_position=False),
    _Where(absences.c.note, by_position=False),
    _Where(household_visits.c.said, by_position=False),
)
"""Every column that may hold one; a test fills all doors and looks for others."""


@dataclass
class Mentions:
    """The texts that mention a household, as far as they were looked through."""

    texts: dict[str, str | None] = field(default_factory=dict)
    """By id: the incident in whose record it stands; None: in no incident's."""
    older: set[str] = field(default_factory=set, repr=False)
    """Those that have no key of their own and so cannot be taken out."""
    seen: dict[str, int] = field(default_factory=dict)
    """By table: up to which position."""


def words_of(
    conn: Connection, box: SealedBox, household_id: str, also: Iterable[str] = ()
) -> frozenset[str]:
    """By what the household is known: as registered now, and `also` (a former number, a nickname).
    Its label only where it is no other household's too."""
    words = _known_by(contact_of(conn, box, household_id)) | _tidied(also)
    h = households.c
    label = conn.scalar(select(h.label).where(h.id == household_id))
    if label is not None and len(_tidy(label)) >= _LEAST_LABEL:
        alike = select(func.count()).select_from(households).where(h.label == label)
        if conn.scalar(alike) == 1:
            words |= _tidied([label])
    return frozenset(words)


def find(
    conn: Connection,
    box: SealedBox,
    household_id: str,
    words: frozenset[str],
    *,
    after: Mapping[str, int] | None = None,
) -> Mentions:
    """Look through every record, or through what came `after` an earlier look (its `seen`).

    What lies under the household's own key is left out: it is gone with that key. Opens every text
    there is (about 30 µs each), so do it while reading, not while writing.
    """
    found = Mentions(seen=dict(after or {}))
    if not words:
        return found
    search = _Search(conn, box, household_id, words)
    for where in PLACES:
        search.look_through(where, found)
    return found


class _Search:
    def __init__(
        self, conn: Connection, box: SealedBox, household_id: str, words: frozenset[str]
    ) -> None:
        self._conn, self._box = conn, box
        self._own, self._words = household_id, words
        self._opener = TextOpener(conn, box)
        self._words_for: dict[str | None, frozenset[str]] = {None: words}

    def look_through(self, where: _Where, found: Mentions) -> None:
        table, since = where.table, 0
        columns = [where.column, table.c.id if table is alarms else where.incident]
        query = select(*(c for c in columns if c is not None)).where(where.column.like("%sealed:%"))
        if table is alarms:
            query = query.where(alarms.c.source == AlarmSource.REPORT.value)
        if where.by_position:
            since = found.seen.get(table.name, 0)
            query = query.where(table.c.position > since)
            last = self._conn.scalar(select(func.max(table.c.position)))
            found.seen[table.name] = max(since, last or 0)
        for row in self._conn.execute(query.execution_options(yield_per=_AT_ONCE)):
            for text_id in self._mentioning(row[0], found):
                standing_in = row[1] if len(row) > 1 else None
                if table is alarms:
                    standing_in = self._incident_of(standing_in)
                found.texts[text_id] = found.texts.get(text_id) or standing_in

    def _mentioning(self, kept: str, found: Mentions) -> Iterable[str]:
        for one in self._opener.each(kept):
            if one.text is None or one.household_id == self._own:
                continue
            said = _tidy(one.text)
            if not any(word in said for word in self._words_of(one.household_id)):
                continue
            if one.id is None:
                found.older.add(one.text)
            else:
                yield one.id

    def _words_of(self, about: str | None) -> frozenset[str]:
        """In a text about another household, what both are known by says nothing."""
        if about not in self._words_for:
            theirs = _known_by(contact_of(self._conn, self._box, about or ""))
            self._words_for[about] = self._words - theirs
        return self._words_for[about]

    def _incident_of(self, alarm_id: str | None) -> str | None:
        a = incident_alarms.c
        return self._conn.scalar(select(a.incident_id).where(a.alarm_id == alarm_id))


def _known_by(contact: Contact | None) -> set[str]:
    if contact is None:
        return set()
    said = [contact.name, contact.phone, contact.address]
    for one in contact.further:
        said += [one.name, one.phone]
    return _tidied(said)


def _tidied(said: Iterable[str]) -> set[str]:
    words = {_tidy(one) for one in said}
    return {w for w in words if len(w) >= (_LEAST_ASCII if w.isascii() else _LEAST_LETTERS)}


def _tidy(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in folded if one.isalnum())
