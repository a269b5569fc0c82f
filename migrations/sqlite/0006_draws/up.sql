-- Random samples. What is frozen at the commitment is kept as the JSON that is published.
CREATE TABLE draws (
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    campaign_id BLOB NOT NULL REFERENCES campaigns,
    level TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Until then it is the province's alone.
    visible_from INTEGER,
    -- The draw of the villages whose households these are.
    first_stage_id BLOB,
    plan TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    frame TEXT NOT NULL,
    first_stage TEXT,
    -- Masked with a key that is not in the database.
    sealed_seed BLOB NOT NULL,
    -- From the reveal on.
    seed TEXT,
    public_value TEXT,
    committed_at INTEGER NOT NULL,
    committed_by BLOB NOT NULL,
    drawn_at INTEGER,
    drawn_by BLOB,
    PRIMARY KEY (bucket, id)
) STRICT;
CREATE INDEX draws_by_id ON draws (id);
CREATE INDEX draws_by_campaign ON draws (campaign_id, bucket);

-- The sample and its substitutes; a visit names the id in its `sample_slot`.
CREATE TABLE draw_units (
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    draw_id BLOB NOT NULL,
    -- A village's code, a household's id.
    unit TEXT NOT NULL,
    stratum TEXT NOT NULL,
    -- In the stratum, from 1: the sample first.
    place INTEGER NOT NULL,
    number TEXT NOT NULL,
    probability REAL NOT NULL,
    overall REAL NOT NULL,
    -- In the sample as it was drawn; else a substitute.
    sampled INTEGER NOT NULL,
    -- `active`, `replaced`, or `waiting` for its turn.
    state TEXT NOT NULL,
    -- The unit whose place it took.
    replaces BLOB,
    -- Why it gave up its own.
    reason TEXT,
    replaced_at INTEGER,
    replaced_by BLOB,
    PRIMARY KEY (bucket, id)
) STRICT;
CREATE UNIQUE INDEX draw_units_by_place ON draw_units (bucket, draw_id, stratum, place);
