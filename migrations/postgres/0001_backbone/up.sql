-- Who, where and what for.

CREATE TABLE divisions (
    code TEXT COLLATE "C" NOT NULL,
    -- The day from which this version holds; a changed name or parent is a new version.
    valid_from DATE NOT NULL,
    valid_to DATE,
    level TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    parent TEXT COLLATE "C",
    -- The code that took this one's place when it ended.
    successor TEXT COLLATE "C",
    PRIMARY KEY (code, valid_from)
);
CREATE INDEX divisions_by_parent ON divisions (parent, code);

CREATE TABLE teams (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    leader JSON,
    members JSON NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE users (
    id UUID PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    team_id UUID REFERENCES teams,
    display_name TEXT,
    disabled_at TIMESTAMPTZ,
    -- Counts the changes of role, region and team: a part of each cursor.
    place_no INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL,
    -- A team's members stand where their team stands; nobody else has one.
    CHECK ((role = 'team') = (team_id IS NOT NULL))
);
CREATE INDEX users_by_team ON users (team_id);

-- One installation of one user, for life.
CREATE TABLE devices (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users,
    name TEXT NOT NULL,
    platform TEXT,
    app_version TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    revoked TEXT COLLATE "C",
    revoked_at TIMESTAMPTZ,
    -- What its pushes have come to: written by every push.
    acked BIGINT NOT NULL DEFAULT 0,
    last_stamp BIGINT,
    last_push_at TIMESTAMPTZ,
    push_window BYTEA
);
CREATE INDEX devices_by_user ON devices (user_id);

-- One sign-in: its refresh tokens form a family, its access tokens name it.
CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users,
    device_id UUID REFERENCES devices,
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_device ON sessions (device_id);

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token.
    hash BYTEA PRIMARY KEY,
    session_id UUID NOT NULL REFERENCES sessions,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE campaigns (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    from_day DATE NOT NULL,
    to_day DATE NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID NOT NULL
);

CREATE TABLE assignments (
    id UUID PRIMARY KEY,
    campaign_id UUID NOT NULL REFERENCES campaigns,
    team_id UUID NOT NULL REFERENCES teams,
    bucket INTEGER NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    from_day DATE NOT NULL,
    to_day DATE NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID NOT NULL,
    closed_at TIMESTAMPTZ,
    closed_by UUID
);
CREATE INDEX assignments_by_team ON assignments (team_id, bucket);
CREATE INDEX assignments_by_bucket ON assignments (bucket);

-- Which counties a team has now: how many assignments of it are open there, and how often it was given the county.
CREATE TABLE team_buckets (
    team_id UUID NOT NULL REFERENCES teams,
    bucket INTEGER NOT NULL,
    open_assignments INTEGER NOT NULL,
    grant_no INTEGER NOT NULL,
    PRIMARY KEY (team_id, bucket)
);

CREATE TABLE idempotency_keys (
    user_id UUID NOT NULL,
    key TEXT NOT NULL,
    -- SHA-256 of method, path and body.
    request BYTEA NOT NULL,
    status SMALLINT NOT NULL,
    location TEXT,
    body TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The records. Everything from here on has the bucket in its primary key, so that it can be distributed by it.
-- Times are milliseconds since 1970; a stamp is 48 bits of milliseconds and 16 of counter.

-- One row a county: its sequence, and what a device compares its copy with.
CREATE TABLE buckets (
    bucket INTEGER PRIMARY KEY,
    seq BIGINT NOT NULL DEFAULT 0,
    live BIGINT NOT NULL DEFAULT 0,
    sum BYTEA NOT NULL DEFAULT '\x00000000000000000000000000000000',
    -- Tombstones at or below this sequence number are gone.
    tombstone_floor BIGINT NOT NULL DEFAULT 0,
    -- How many parked operations wait for their records.
    parked BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE records (
    bucket INTEGER NOT NULL,
    collection SMALLINT NOT NULL,
    id UUID NOT NULL,
    rev BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL,
    digest BYTEA NOT NULL,
    -- The latest operation.
    stamp BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    claimed_ms BIGINT,
    received_ms BIGINT NOT NULL,
    device_id UUID NOT NULL,
    user_id UUID NOT NULL,
    team_id UUID,
    -- The writers of single fields, where they are not simply the only operation; what the latest one said.
    registers BYTEA,
    touches JSON,
    fields JSON NOT NULL,
    PRIMARY KEY (bucket, collection, id)
);
CREATE UNIQUE INDEX records_by_seq ON records (bucket, seq);

-- The operations that are not the latest of their record any more, with what they found (reverse deltas).
CREATE TABLE history (
    bucket INTEGER NOT NULL,
    collection SMALLINT NOT NULL,
    id UUID NOT NULL,
    rev BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    deleted BOOLEAN NOT NULL,
    stamp BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    claimed_ms BIGINT,
    received_ms BIGINT NOT NULL,
    device_id UUID NOT NULL,
    user_id UUID NOT NULL,
    team_id UUID,
    touches JSON,
    discarded BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (bucket, collection, id, rev)
);

CREATE TABLE conflicts (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    collection SMALLINT NOT NULL,
    record_id UUID NOT NULL,
    field TEXT NOT NULL,
    base JSON,
    current_side JSON NOT NULL,
    other_side JSON NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    settled_by UUID,
    settled_at TIMESTAMPTZ,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX conflicts_by_id ON conflicts (id);

-- Operations that could not be applied; bucket 0 where none could be read.
CREATE TABLE held_ops (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    -- The province of its author: who sees one without a bucket.
    province TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    errors JSON,
    collection TEXT,
    record_id UUID,
    op TEXT NOT NULL,
    op_seq BIGINT,
    -- The rev that it had before a delete parked it.
    hidden_rev BIGINT,
    base BIGINT NOT NULL,
    stamp BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    claimed_ms BIGINT,
    received_ms BIGINT NOT NULL,
    device_id UUID NOT NULL,
    user_id UUID NOT NULL,
    team_id UUID,
    state TEXT COLLATE "C" NOT NULL,
    settled_by UUID,
    settled_at TIMESTAMPTZ,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX held_ops_by_id ON held_ops (id);
CREATE INDEX held_ops_by_record ON held_ops (bucket, record_id);
CREATE INDEX held_ops_by_device ON held_ops (device_id, op_seq);
