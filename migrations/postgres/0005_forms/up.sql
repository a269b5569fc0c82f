-- Interview forms. A row is a published version: it never changes.
CREATE TABLE forms (
    id UUID PRIMARY KEY,
    -- The province's two digits; empty: every province's.
    region TEXT NOT NULL,
    form TEXT NOT NULL,
    version INTEGER NOT NULL,
    level TEXT NOT NULL,
    title JSON NOT NULL,
    questions INTEGER NOT NULL,
    definition JSON NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    -- Null: it came with the server.
    created_by UUID
);
CREATE UNIQUE INDEX forms_by_version ON forms (form, version, region);

-- What an interview violates of its form, as JSON; null where it violates nothing.
ALTER TABLE records ADD COLUMN warnings JSON;
CREATE INDEX records_by_warnings ON records (collection, bucket, id) WHERE warnings IS NOT NULL;
