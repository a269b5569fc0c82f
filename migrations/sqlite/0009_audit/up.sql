-- Who did what, for each province a chain: every entry's hash is over its content and the hash of the entry before.
CREATE TABLE audit (
    province TEXT NOT NULL,
    -- 1, 2, 3, … without gaps.
    n INTEGER NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    role TEXT NOT NULL,
    region TEXT NOT NULL,
    team_id BLOB,
    action TEXT NOT NULL,
    -- The path of what it was done to.
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (province, n)
) STRICT;
CREATE UNIQUE INDEX audit_by_id ON audit (province, id);
CREATE INDEX audit_by_team ON audit (team_id, id);

-- The last entry of each province: who writes the next one locks it.
CREATE TABLE audit_heads (
    province TEXT PRIMARY KEY,
    n INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
