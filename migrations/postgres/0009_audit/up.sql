-- Who did what, for each province a chain: every entry's hash is over its content and the hash of the entry before.
CREATE TABLE audit (
    province TEXT COLLATE "C" NOT NULL,
    -- 1, 2, 3, … without gaps.
    n BIGINT NOT NULL,
    id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    user_id UUID NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    region TEXT COLLATE "C" NOT NULL,
    team_id UUID,
    action TEXT COLLATE "C" NOT NULL,
    -- The path of what it was done to.
    subject TEXT NOT NULL,
    detail JSON NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (province, n)
);
CREATE UNIQUE INDEX audit_by_id ON audit (province, id);
CREATE INDEX audit_by_team ON audit (team_id, id);

-- The last entry of each province: who writes the next one locks it.
CREATE TABLE audit_heads (
    province TEXT COLLATE "C" PRIMARY KEY,
    n BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
