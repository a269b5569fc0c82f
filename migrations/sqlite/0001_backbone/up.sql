-- Who, where and what for. Identifiers are 16-byte blobs, times microseconds since 1970, days and JSON text.
-- Tables stay rowid tables: rows in order of insertion with a secondary unique index take four times the writes of a
-- table that is keyed by random identifiers itself.

CREATE TABLE divisions (
    code TEXT NOT NULL,
    -- The day from which this version holds; a changed name or parent is a new version.
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    level TEXT NOT NULL,
    name TEXT NOT NULL,
    parent TEXT,
    -- The code that took this one's place when it ended.
    successor TEXT,
    PRIMARY KEY (code, valid_from)
) STRICT;
CREATE INDEX divisions_by_parent ON divisions (parent, code);

CREATE TABLE teams (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    region TEXT NOT NULL,
    leader TEXT,
    members TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id BLOB PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    region TEXT NOT NULL,
    team_id BLOB REFERENCES teams,
    display_name TEXT,
    disabled_at INTEGER,
    -- Counts the changes of role, region and team: a part of each cursor.
    place_no INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    -- A team's members stand where their team stands; nobody else has one.
    CHECK ((role = 'team') = (team_id IS NOT NULL))
) STRICT;
CREATE INDEX users_by_team ON users (team_id);

-- One installation of one user, for life.
CREATE TABLE devices (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users,
    name TEXT NOT NULL,
    platform TEXT,
    app_version TEXT,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    revoked TEXT,
    revoked_at INTEGER,
    -- What its pushes have come to: written by every push.
    acked INTEGER NOT NULL DEFAULT 0,
    last_stamp INTEGER,
    last_push_at INTEGER,
    push_window BLOB
) STRICT;
CREATE INDEX devices_by_user ON devices (user_id);

-- One sign-in: its refresh tokens form a family, its access tokens name it.
CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users,
    device_id BLOB REFERENCES devices,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_device ON sessions (device_id);

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token.
    hash BLOB PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES sessions,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE campaigns (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    from_day TEXT NOT NULL,
    to_day TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by BLOB NOT NULL
) STRICT;

CREATE TABLE assignments (
    id BLOB PRIMARY KEY,
    campaign_id BLOB NOT NULL REFERENCES campaigns,
    team_id BLOB NOT NULL REFERENCES teams,
    bucket INTEGER NOT NULL,
    kind TEXT NOT NULL,
    from_day TEXT NOT NULL,
    to_day TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by BLOB NOT NULL,
    closed_at INTEGER,
    closed_by BLOB
) STRICT;
CREATE INDEX assignments_by_team ON assignments (team_id, bucket);
CREATE INDEX assignments_by_bucket ON assignments (bucket);

-- Which counties a team has now: how many assignments of it are open there, and how often it was given the county.
CREATE TABLE team_buckets (
    team_id BLOB NOT NULL REFERENCES teams,
    bucket INTEGER NOT NULL,
    open_assignments INTEGER NOT NULL,
    grant_no INTEGER NOT NULL,
    PRIMARY KEY (team_id, bucket)
) STRICT;

CREATE TABLE idempotency_keys (
    user_id BLOB NOT NULL,
    key TEXT NOT NULL,
    -- SHA-256 of method, path and body.
    request BLOB NOT NULL,
    status INTEGER NOT NULL,
    location TEXT,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The records. Everything from here on has the bucket in its primary key, so that it can be distributed by it.
-- Times are milliseconds since 1970; a stamp is 48 bits of milliseconds and 16 of counter.

-- One row a county: its sequence, and what a device compares its copy with.
CREATE TABLE buckets (
    bucket INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL DEFAULT 0,
    live INTEGER NOT NULL DEFAULT 0,
    sum BLOB NOT NULL DEFAULT x'00000000000000000000000000000000',
    -- Tombstones at or below this sequence number are gone.
    tombstone_floor INTEGER NOT NULL DEFAULT 0,
    -- How many parked operations wait for their records.
    parked INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE records (
    bucket INTEGER NOT NULL,
    collection INTEGER NOT NULL,
    id BLOB NOT NULL,
    rev INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    digest BLOB NOT NULL,
    -- The latest operation.
    stamp INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    claimed_ms INTEGER,
    received_ms INTEGER NOT NULL,
    device_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    team_id BLOB,
    -- The writers of single fields, where they are not simply the only operation; what the latest one said.
    registers BLOB,
    touches TEXT,
    fields TEXT NOT NULL,
    PRIMARY KEY (bucket, collection, id)
) STRICT;
CREATE UNIQUE INDEX records_by_seq ON records (bucket, seq);

-- The operations that are not the latest of their record any more, with what they found (reverse deltas).
CREATE TABLE history (
    bucket INTEGER NOT NULL,
    collection INTEGER NOT NULL,
    id BLOB NOT NULL,
    rev INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    stamp INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    claimed_ms INTEGER,
    received_ms INTEGER NOT NULL,
    device_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    team_id BLOB,
    touches TEXT,
    discarded INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, collection, id, rev)
) STRICT;

CREATE TABLE conflicts (
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    collection INTEGER NOT NULL,
    record_id BLOB NOT NULL,
    field TEXT NOT NULL,
    base TEXT,
    current_side TEXT NOT NULL,
    other_side TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    settled_by BLOB,
    settled_at INTEGER,
    PRIMARY KEY (bucket, id)
) STRICT;
CREATE INDEX conflicts_by_id ON conflicts (id);

-- Operations that could not be applied; bucket 0 where none could be read.
CREATE TABLE held_ops (
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    -- The province of its author: who sees one without a bucket.
    province TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    errors TEXT,
    collection TEXT,
    record_id BLOB,
    op TEXT NOT NULL,
    op_seq INTEGER,
    -- The rev that it had before a delete parked it.
    hidden_rev INTEGER,
    base INTEGER NOT NULL,
    stamp INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    claimed_ms INTEGER,
    received_ms INTEGER NOT NULL,
    device_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    team_id BLOB,
    state TEXT NOT NULL,
    settled_by BLOB,
    settled_at INTEGER,
    PRIMARY KEY (bucket, id)
) STRICT;
CREATE INDEX held_ops_by_id ON held_ops (id);
CREATE INDEX held_ops_by_record ON held_ops (bucket, record_id);
CREATE INDEX held_ops_by_device ON held_ops (device_id, op_seq);
