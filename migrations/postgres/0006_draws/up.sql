-- Random samples. What is frozen at the commitment is kept as the JSON that is published.
CREATE TABLE draws (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    campaign_id UUID NOT NULL REFERENCES campaigns,
    level TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    -- Until then it is the province's alone.
    visible_from TIMESTAMPTZ,
    -- The draw of the villages whose households these are.
    first_stage_id UUID,
    plan JSON NOT NULL,
    plan_digest TEXT COLLATE "C" NOT NULL,
    frame JSON NOT NULL,
    first_stage JSON,
    -- Masked with a key that is not in the database.
    sealed_seed BYTEA NOT NULL,
    -- From the reveal on.
    seed TEXT COLLATE "C",
    public_value TEXT,
    committed_at TIMESTAMPTZ NOT NULL,
    committed_by UUID NOT NULL,
    drawn_at TIMESTAMPTZ,
    drawn_by UUID,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX draws_by_id ON draws (id);
CREATE INDEX draws_by_campaign ON draws (campaign_id, bucket);

-- The sample and its substitutes; a visit names the id in its `sample_slot`.
CREATE TABLE draw_units (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    draw_id UUID NOT NULL,
    -- A village's code, a household's id.
    unit TEXT COLLATE "C" NOT NULL,
    stratum TEXT COLLATE "C" NOT NULL,
    -- In the stratum, from 1: the sample first.
    place INTEGER NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    probability DOUBLE PRECISION NOT NULL,
    overall DOUBLE PRECISION NOT NULL,
    -- In the sample as it was drawn; else a substitute.
    sampled BOOLEAN NOT NULL,
    -- `active`, `replaced`, or `waiting` for its turn.
    state TEXT COLLATE "C" NOT NULL,
    -- The unit whose place it took.
    replaces UUID,
    -- Why it gave up its own.
    reason TEXT,
    replaced_at TIMESTAMPTZ,
    replaced_by UUID,
    PRIMARY KEY (bucket, id)
);
CREATE UNIQUE INDEX draw_units_by_place ON draw_units (bucket, draw_id, stratum, place);
