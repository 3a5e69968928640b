"""The tables of `linkage`: places, cameras, people, incidents, planned actions, audit.

They hang on the metadata of `alarms.store`; their history is in its migrations. Times are Unix
milliseconds UTC in columns that end in `_ms`. JSON columns hold canonical JSON text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from alarms.store.tables import RowNumber, chain_columns, metadata

# --- places (县 → 乡镇 → 村 → 网格 → 十户联防组 → 户) ------------------------------------------

villages = Table(
    "villages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("households_total", Integer),  # enrolled or not, for coverage; None: not counted yet
    Column("boundary", Text),  # GeoJSON Polygon, WGS-84; None: not drawn
)

grids = Table(
    "grids",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("village_id", ForeignKey("villages.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("boundary", Text),
)

mutual_aid_groups = Table(
    "mutual_aid_groups",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("grid_id", ForeignKey("grids.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("leader_household_id", String(64)),  # 联户长
    Column("reminded_at_ms", BigInteger),  # its leader was last told who has not tested
    Column("retired_at_ms", BigInteger),  # split or merged away; its incidents still name it
)

households = Table(
    "households",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("group_id", ForeignKey("mutual_aid_groups.id"), nullable=False, index=True),
    Column("label", String(100), nullable=False),  # what neighbours see; agreed, never a name
    Column("estate_id", String(64), index=True),  # linkage.registry.schema.estates (住宅小区)
    Column("latitude", Float),  # WGS-84 degrees; None when not surveyed
    Column("longitude", Float),
    Column("wants_notices", Boolean, nullable=False),
    Column("told_by", String(8), nullable=False, server_default="button"),  # registry.model.ToldBy
    # its own key, sealed under the site key, and what is personal, sealed under its own key: an
    # erased household has neither (linkage.registry.personal)
    Column("data_key_sealed", LargeBinary),
    Column("personal_sealed", LargeBinary),
    Column("left_at_ms", BigInteger),  # no longer in the net; None: it is
    Column("erased_at_ms", BigInteger),
)

# --- cameras -------------------------------------------------------------------------------------

cameras = Table(
    "cameras",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("village_id", ForeignKey("villages.id"), nullable=False, index=True),
    Column("endpoint_reference", String(200), unique=True),  # ONVIF identity; None: added by hand
    Column("onvif_address", String(500)),  # device service URL
    Column("stream_uri", String(500)),  # sub-stream RTSP; None until ONVIF told us
    Column("username", String(100)),
    Column("password_sealed", LargeBinary),
    Column("legal_class", String(16), nullable=False),  # public | other_public | private
    Column("layer", String(16), nullable=False),  # area | checkpoint | community | key_site
    Column("latitude", Float),
    Column("longitude", Float),
    Column("enabled", Boolean, nullable=False),
    # a channel of a recorder: the recorder's ONVIF identity and the video source in it
    Column("recorder_reference", String(200)),
    Column("source", String(100)),
    Column("main_stream_uri", String(500)),  # the largest stream, for evidence
    Column("snapshot_uri", String(500)),
    Column("manufacturer", String(100)),
    Column("model", String(100)),
    Column("serial", String(100)),
    Column("location", String(200)),  # where it hangs, in words, as the filing list wants it
    Column("view_bearing_deg", Float),  # where it looks, 0 north; None: not written down
    Column("view_angle_deg", Float),  # how wide; 360: all round
    Column("view_range_m", Float),  # how far
    Column("clock_skew_s", Float),  # the camera's clock minus ours
    Column("clock_read_at_ms", BigInteger),
    Column("sign_seen_at_ms", BigInteger),  # notice sign; None: not seen, so not to be watched
    Column("sign_seen_by", String(64)),
    Column("place_judged_at_ms", BigInteger),  # that it looks into no prohibited place
    Column("place_judged_by", String(64)),
    Index("ix_cameras_recorder_source", "recorder_reference", "source", unique=True),
)

zones = Table(
    "zones",
    metadata,
    Column("camera_id", ForeignKey("cameras.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # camerad.model.ZoneKind
    Column("polygon", Text, nullable=False),  # JSON [[x, y], …], fractions of the frame
    Column("dwell_s", Float),
    Column("min_height", Float),
    Column("armed", String(16)),  # "22:00-06:00"; None: always
    Column("armed_days_off", String(16)),  # on days off instead; None: the same
)

# --- people --------------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("username", String(64), primary_key=True),
    Column("display_name", String(100), nullable=False),
    Column("unit", String(100), nullable=False),  # the person's unit, for the look register
    Column("role", String(32), nullable=False),
    Column("places", Text, nullable=False),  # JSON ["*"] or village ids
    Column("password_hash", String(200), nullable=False),  # Argon2
    Column("enabled", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger),  # it ends by itself then; None: never
)

# The authenticator app of an account (TOTP, RFC 6238). The new one is `pending` until a code of it
# was typed; the one before works meanwhile.
second_factors = Table(
    "second_factors",
    metadata,
    Column("username", ForeignKey("accounts.username"), primary_key=True),
    Column("secret_sealed", LargeBinary),  # under the site key; None: none was confirmed yet
    Column("confirmed_at_ms", BigInteger),
    Column("last_step", BigInteger),  # the newest 30 s step whose code was used
    Column("pending_sealed", LargeBinary),
    Column("pending_at_ms", BigInteger),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("username", ForeignKey("accounts.username"), primary_key=True),
    Column("code_mac", String(64), primary_key=True),  # the site's signature of name and code
    Column("used_at_ms", BigInteger),  # None: still good
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("username", ForeignKey("accounts.username"), nullable=False, index=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("presence_at_ms", BigInteger),  # the console page last said it is attended
    Column("sound_unlocked", Boolean, nullable=False),
    Column("visible", Boolean, nullable=False),
    Column("address", String(64)),  # where it was begun from
    Column("browser", String(200)),  # what its browser calls itself
    Column("locked_at_ms", BigInteger),  # its screen is locked; None: it is not
)

machine_tokens = Table(
    "machine_tokens",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("role", String(32), nullable=False),
    Column("places", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

# --- incidents -----------------------------------------------------------------------------------

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("number", String(20), nullable=False, unique=True),  # 20261121-0007, local date
    Column("stage", String(16), nullable=False),
    Column("priority", Integer, nullable=False),  # 1 highest … 4
    Column("kind", String(16), nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("plan", String(64), nullable=False),  # the escalation plan's name
    Column("opened_at_ms", BigInteger, nullable=False),
    Column("closed_at_ms", BigInteger),
    Column("village_id", String(64)),
    Column("grid_id", String(64)),
    Column("group_id", String(64), index=True),
    Column("household_id", String(64)),
    Column("camera_id", String(64), index=True),  # the camera whose alarm opened it
    Column("acknowledged_by", String(64)),
    Column("acknowledged_at_ms", BigInteger),
    Column("cancel_claimed", Boolean, nullable=False),
    Column("outcome", String(16)),
    Column("ring", Integer, nullable=False),  # how often the console had to sound for it
    Column("next_due_at_ms", BigInteger),  # when the escalation clock or the due time acts next
    Column("version", Integer, nullable=False),
    Column("changed_position", BigInteger, nullable=False),  # its last row in incident_events
    # what the six steps keep; linkage.model.incident.Incident says what each means
    Column("stepped_at_ms", BigInteger),
    Column("verified_at_ms", BigInteger),
    Column("dispatched_at_ms", BigInteger),
    Column("set_out_at_ms", BigInteger),
    Column("arrived_at_ms", BigInteger),
    Column("responded_at_ms", BigInteger),
    Column("reviewed_at_ms", BigInteger),
    Column("dispatched_to", Text),  # an account, a team; other words sealed (registry.texts)
    Column("responders", Text),  # JSON list of user names; None: nobody
    Column("responded_by", String(64)),
    Column("supervised_at_ms", BigInteger),
    Column("supervised_by", String(64)),
    Column("suspended_until_ms", BigInteger),
    Column("merged_into", String(36), index=True),
    Column("due_step", String(16)),
    Column("overdue", Integer),  # None: never
    Column("relinks", Integer),  # how often people moved alarms in or out; None: never
    # what correlation and quiet keep
    Column("certainty", String(16)),  # linkage.model.certainty.Certainty; None: as its kind has it
    Column("drill_id", String(36)),  # stays when it has become real
    Column("flood_village", String(64), index=True),  # of a flood of camera alarms; `*`: nowhere
    Column("latitude", Float),  # where it began, WGS-84 degrees
    Column("longitude", Float),
    Column("cell", String(24), index=True),  # linkage.cells: to find what is near
    Index("ix_incidents_stage", "stage"),
    Index("ix_incidents_changed_position", "changed_position"),
)

incident_alarms = Table(
    "incident_alarms",
    metadata,
    Column("alarm_id", String(36), primary_key=True),  # an alarm belongs to one incident
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("position", BigInteger, nullable=False),  # alarms.position, for order
    Column("device", String(64), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("flags", String(200), nullable=False),
    Column("household_id", String(64), index=True),
)

incident_cameras = Table(
    "incident_cameras",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("camera_id", String(64), primary_key=True, index=True),
    Column("distance_m", Float),
)

# Append-only and hash-chained: the incident's timeline, and the position the console resumes from.
incident_events = Table(
    "incident_events",
    metadata,
    Column("position", RowNumber, primary_key=True),
    Column("incident_id", String(36), nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("type", String(32), nullable=False),
    Column("actor", String(64)),  # user name or token name; None: the system
    Column("data", Text, nullable=False),  # JSON
    Column("incident_version", Integer, nullable=False),
    *chain_columns(),
    Index("ix_incident_events_writer_number", "writer", "number", unique=True),
    sqlite_autoincrement=True,
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("camera_id", String(64), nullable=False),  # empty of a photograph
    Column("kind", String(16), nullable=False),  # snapshot | clip | photograph
    Column("file", String(200), nullable=False),  # relative to the evidence folder
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),  # of a clip: its first picture
    Column("moment", String(8)),  # before | at | after the alarm; None: when it was asked for
    Column("until_ms", BigInteger),  # of a clip: its last picture
    Column("press_ms", BigInteger),  # of a clip: the alarm it was cut around
    Column("detail", Text),  # JSON: how a clip was made, why it is shorter than asked
    # the camera's when it was entered: for how long it is kept; None: of no registered camera
    Column("legal_class", String(16)),
    Column("entered_at_ms", BigInteger, index=True),  # in the manifest since; None: not yet
)

# What we decided to do and how it went: written with the decision, carried out by workers.
actions = Table(
    "actions",
    metadata,
    Column(
        "id", String(160), primary_key=True
    ),  # made from incident, kind, target: a repeat is harmless
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # linkage.model.action.ActionKind
    Column("target", String(64), nullable=False),
    Column("payload", Text, nullable=False),  # JSON
    Column("state", String(16), nullable=False),  # linkage.model.action.ActionState
    Column("attempts", Integer, nullable=False),
    Column("planned_at_ms", BigInteger, nullable=False),
    Column("due_at_ms", BigInteger, nullable=False),
    Column("deadline_ms", BigInteger),  # after it the action is expired and shown as such
    Column("done_at_ms", BigInteger),
    Column("error", String(500)),
    Column("lane", String(80), nullable=False),  # linkage.model.action.lane_of
    Column("turn", Integer, nullable=False),  # the n-th of its kind for the incident, from 0
    Index("ix_actions_state_lane_turn_due_at_ms", "state", "lane", "turn", "due_at_ms"),
)

# --- the record of who did and looked at what ----------------------------------------------------

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("position", RowNumber, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),  # sign-in, look, change…
    Column("object", String(200), nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Column("address", String(64), nullable=False),  # where the call came from
    *chain_columns(),
    Index("ix_audit_entries_writer_number", "writer", "number", unique=True),
    sqlite_autoincrement=True,
)
