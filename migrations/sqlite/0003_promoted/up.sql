-- What lists filter and sort by, and reckonings count by, of each living record: one row beside it, written in the same
-- transaction where its values change. Days are `YYYY-MM-DD`, times milliseconds since 1970, places WGS-84.

CREATE TABLE households (
    -- What the index of pieces knows the row by.
    n INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    village TEXT NOT NULL,
    registry_no TEXT,
    group_name TEXT,
    standard TEXT,
    attribute TEXT,
    status TEXT,
    status_year INTEGER,
    cause_main TEXT,
    people INTEGER,
    labourers INTEGER,
    income_wage REAL,
    income_business REAL,
    income_transfer REAL,
    income_property REAL,
    production_cost REAL,
    income_per_capita REAL,
    arable_mu REAL,
    irrigated_mu REAL,
    forest_mu REAL,
    returned_forest_mu REAL,
    orchard_mu REAL,
    pasture_mu REAL,
    cooperative INTEGER,
    electricity_living INTEGER,
    electricity_production INTEGER,
    broadcast_tv INTEGER,
    road_km REAL,
    road_kind TEXT,
    housing_m2 REAL,
    housing_dangerous INTEGER,
    housing_grade TEXT,
    toilet_sanitary INTEGER,
    water_difficult INTEGER,
    water_safe INTEGER,
    relocation INTEGER,
    lat REAL,
    lon REAL,
    search TEXT,
    grams TEXT,
    UNIQUE (bucket, id)
) STRICT;
CREATE INDEX households_by_village ON households (village);
CREATE INDEX households_by_registry_no ON households (registry_no);
CREATE INDEX households_by_standard ON households (standard, bucket, id);
CREATE INDEX households_by_attribute ON households (attribute, bucket, id);
CREATE INDEX households_by_status ON households (status, bucket, id);
CREATE INDEX households_by_cause_main ON households (cause_main, bucket, id);
CREATE INDEX households_by_housing_grade ON households (housing_grade, bucket, id);
CREATE INDEX households_by_road_kind ON households (road_kind, bucket, id);
CREATE INDEX households_by_people ON households (people, bucket, id);
CREATE INDEX households_by_income_per_capita ON households (income_per_capita, bucket, id);
CREATE INDEX households_by_lat ON households (lat, lon);
CREATE INDEX households_housing_dangerous ON households (bucket, id) WHERE housing_dangerous;
CREATE INDEX households_water_difficult ON households (bucket, id) WHERE water_difficult;
CREATE INDEX households_relocation ON households (bucket, id) WHERE relocation;
CREATE INDEX households_not_water_safe ON households (bucket, id) WHERE NOT water_safe;
CREATE INDEX households_not_electricity_living ON households (bucket, id) WHERE NOT electricity_living;
CREATE INDEX households_not_broadcast_tv ON households (bucket, id) WHERE NOT broadcast_tv;
CREATE VIRTUAL TABLE households_by_gram USING fts5 (grams, content = 'households', content_rowid = 'n', detail = 'none', columnsize = 0, tokenize = 'ascii');
CREATE TRIGGER households_gram_in AFTER INSERT ON households WHEN new.grams IS NOT NULL BEGIN
    INSERT INTO households_by_gram (rowid, grams) VALUES (new.n, new.grams);
END;
CREATE TRIGGER households_gram_out AFTER DELETE ON households WHEN old.grams IS NOT NULL BEGIN
    INSERT INTO households_by_gram (households_by_gram, rowid, grams) VALUES ('delete', old.n, old.grams);
END;
CREATE TRIGGER households_gram_change AFTER UPDATE OF grams ON households WHEN new.grams IS NOT old.grams BEGIN
    INSERT INTO households_by_gram (households_by_gram, rowid, grams) SELECT 'delete', old.n, old.grams WHERE old.grams IS NOT NULL;
    INSERT INTO households_by_gram (rowid, grams) SELECT new.n, new.grams WHERE new.grams IS NOT NULL;
END;

CREATE TABLE members (
    -- What the index of pieces knows the row by.
    n INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    household BLOB NOT NULL,
    sex TEXT,
    id_number TEXT,
    ethnicity TEXT,
    education TEXT,
    student TEXT,
    health TEXT,
    labour TEXT,
    months_away INTEGER,
    medical_insurance INTEGER,
    major_illness_cover INTEGER,
    pension INTEGER,
    search TEXT,
    grams TEXT,
    UNIQUE (bucket, id)
) STRICT;
CREATE INDEX members_by_household ON members (household);
CREATE INDEX members_by_id_number ON members (id_number);
CREATE VIRTUAL TABLE members_by_gram USING fts5 (grams, content = 'members', content_rowid = 'n', detail = 'none', columnsize = 0, tokenize = 'ascii');
CREATE TRIGGER members_gram_in AFTER INSERT ON members WHEN new.grams IS NOT NULL BEGIN
    INSERT INTO members_by_gram (rowid, grams) VALUES (new.n, new.grams);
END;
CREATE TRIGGER members_gram_out AFTER DELETE ON members WHEN old.grams IS NOT NULL BEGIN
    INSERT INTO members_by_gram (members_by_gram, rowid, grams) VALUES ('delete', old.n, old.grams);
END;
CREATE TRIGGER members_gram_change AFTER UPDATE OF grams ON members WHEN new.grams IS NOT old.grams BEGIN
    INSERT INTO members_by_gram (members_by_gram, rowid, grams) SELECT 'delete', old.n, old.grams WHERE old.grams IS NOT NULL;
    INSERT INTO members_by_gram (rowid, grams) SELECT new.n, new.grams WHERE new.grams IS NOT NULL;
END;

CREATE TABLE villages (
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    village TEXT NOT NULL,
    poor_village INTEGER,
    households INTEGER,
    people INTEGER,
    poor_households INTEGER,
    poor_people INTEGER,
    minority_people INTEGER,
    labourers INTEGER,
    migrants INTEGER,
    hamlets INTEGER,
    unpaved_km REAL,
    bus INTEGER,
    water_unsafe_households INTEGER,
    no_power_households INTEGER,
    broadcast_tv INTEGER,
    clinic INTEGER,
    licensed_doctor INTEGER,
    library INTEGER,
    mutual_fund INTEGER,
    collective_income REAL,
    lat REAL,
    lon REAL,
    search TEXT,
    PRIMARY KEY (bucket, id)
) STRICT;
CREATE INDEX villages_by_village ON villages (village);

CREATE TABLE visits (
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    campaign BLOB NOT NULL,
    team BLOB NOT NULL,
    method TEXT NOT NULL,
    level TEXT NOT NULL,
    village TEXT,
    household BLOB,
    day TEXT NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    lat REAL,
    lon REAL,
    mock_location INTEGER,
    sample_slot BLOB,
    state TEXT,
    search TEXT,
    PRIMARY KEY (bucket, id)
) STRICT;
CREATE INDEX visits_by_campaign ON visits (campaign, day);
CREATE INDEX visits_by_team ON visits (team, day);
CREATE INDEX visits_by_household ON visits (household);
CREATE INDEX visits_by_sample_slot ON visits (sample_slot);

CREATE TABLE interviews (
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    visit BLOB NOT NULL,
    level TEXT NOT NULL,
    household BLOB,
    village TEXT,
    form TEXT NOT NULL,
    form_version INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    search TEXT,
    PRIMARY KEY (bucket, id)
) STRICT;
CREATE INDEX interviews_by_visit ON interviews (visit);
CREATE INDEX interviews_by_household ON interviews (household);

CREATE TABLE findings (
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    visit BLOB,
    household BLOB,
    village TEXT,
    level TEXT NOT NULL,
    topic TEXT NOT NULL,
    kind TEXT,
    severity TEXT,
    responsible TEXT,
    due_on TEXT,
    state TEXT,
    rectified_on TEXT,
    search TEXT,
    PRIMARY KEY (bucket, id)
) STRICT;
CREATE INDEX findings_by_visit ON findings (visit);
CREATE INDEX findings_by_household ON findings (household);
CREATE INDEX findings_by_state ON findings (state, due_on);

CREATE TABLE photos (
    bucket INTEGER NOT NULL,
    id BLOB NOT NULL,
    subject_collection TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    mime TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    taken_at INTEGER,
    lat REAL,
    lon REAL,
    source TEXT,
    content TEXT,
    search TEXT,
    PRIMARY KEY (bucket, id)
) STRICT;
CREATE INDEX photos_by_subject_id ON photos (subject_id);
CREATE INDEX photos_by_sha256 ON photos (sha256);

-- What was edited last.
CREATE INDEX records_by_time ON records (collection, at_ms);
