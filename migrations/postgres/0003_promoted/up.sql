-- What lists filter and sort by, and reckonings count by, of each living record: one row beside it, written in the same
-- transaction where its values change. Days are `YYYY-MM-DD`, times milliseconds since 1970, places WGS-84.

CREATE TABLE households (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    village TEXT COLLATE "C" NOT NULL,
    registry_no TEXT COLLATE "C",
    group_name TEXT COLLATE "C",
    standard TEXT COLLATE "C",
    attribute TEXT COLLATE "C",
    status TEXT COLLATE "C",
    status_year INTEGER,
    cause_main TEXT COLLATE "C",
    people INTEGER,
    labourers INTEGER,
    income_wage DOUBLE PRECISION,
    income_business DOUBLE PRECISION,
    income_transfer DOUBLE PRECISION,
    income_property DOUBLE PRECISION,
    production_cost DOUBLE PRECISION,
    income_per_capita DOUBLE PRECISION,
    arable_mu DOUBLE PRECISION,
    irrigated_mu DOUBLE PRECISION,
    forest_mu DOUBLE PRECISION,
    returned_forest_mu DOUBLE PRECISION,
    orchard_mu DOUBLE PRECISION,
    pasture_mu DOUBLE PRECISION,
    cooperative BOOLEAN,
    electricity_living BOOLEAN,
    electricity_production BOOLEAN,
    broadcast_tv BOOLEAN,
    road_km DOUBLE PRECISION,
    road_kind TEXT COLLATE "C",
    housing_m2 DOUBLE PRECISION,
    housing_dangerous BOOLEAN,
    housing_grade TEXT COLLATE "C",
    toilet_sanitary BOOLEAN,
    water_difficult BOOLEAN,
    water_safe BOOLEAN,
    relocation BOOLEAN,
    lat DOUBLE PRECISION,
    lon DOUBLE PRECISION,
    search TEXT,
    grams TEXT,
    PRIMARY KEY (bucket, id)
);
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
CREATE INDEX households_by_gram ON households USING gin (string_to_array(grams, ' ')) WITH (gin_pending_list_limit = 256);

CREATE TABLE members (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    household UUID NOT NULL,
    sex TEXT COLLATE "C",
    id_number TEXT COLLATE "C",
    ethnicity TEXT COLLATE "C",
    education TEXT COLLATE "C",
    student TEXT COLLATE "C",
    health TEXT COLLATE "C",
    labour TEXT COLLATE "C",
    months_away INTEGER,
    medical_insurance BOOLEAN,
    major_illness_cover BOOLEAN,
    pension BOOLEAN,
    search TEXT,
    grams TEXT,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX members_by_household ON members (household);
CREATE INDEX members_by_id_number ON members (id_number);
CREATE INDEX members_by_gram ON members USING gin (string_to_array(grams, ' ')) WITH (gin_pending_list_limit = 256);

CREATE TABLE villages (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    village TEXT COLLATE "C" NOT NULL,
    poor_village BOOLEAN,
    households INTEGER,
    people INTEGER,
    poor_households INTEGER,
    poor_people INTEGER,
    minority_people INTEGER,
    labourers INTEGER,
    migrants INTEGER,
    hamlets INTEGER,
    unpaved_km DOUBLE PRECISION,
    bus BOOLEAN,
    water_unsafe_households INTEGER,
    no_power_households INTEGER,
    broadcast_tv BOOLEAN,
    clinic BOOLEAN,
    licensed_doctor BOOLEAN,
    library BOOLEAN,
    mutual_fund BOOLEAN,
    collective_income DOUBLE PRECISION,
    lat DOUBLE PRECISION,
    lon DOUBLE PRECISION,
    search TEXT,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX villages_by_village ON villages (village);

CREATE TABLE visits (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    campaign UUID NOT NULL,
    team UUID NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    village TEXT COLLATE "C",
    household UUID,
    day TEXT COLLATE "C" NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    lat DOUBLE PRECISION,
    lon DOUBLE PRECISION,
    mock_location BOOLEAN,
    sample_slot UUID,
    state TEXT COLLATE "C",
    search TEXT,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX visits_by_campaign ON visits (campaign, day);
CREATE INDEX visits_by_team ON visits (team, day);
CREATE INDEX visits_by_household ON visits (household);
CREATE INDEX visits_by_sample_slot ON visits (sample_slot);

CREATE TABLE interviews (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    visit UUID NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    household UUID,
    village TEXT COLLATE "C",
    form TEXT COLLATE "C" NOT NULL,
    form_version INTEGER NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    search TEXT,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX interviews_by_visit ON interviews (visit);

CREATE TABLE findings (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    visit UUID,
    household UUID,
    village TEXT COLLATE "C",
    level TEXT COLLATE "C" NOT NULL,
    topic TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C",
    severity TEXT COLLATE "C",
    responsible TEXT COLLATE "C",
    due_on TEXT COLLATE "C",
    state TEXT COLLATE "C",
    rectified_on TEXT COLLATE "C",
    search TEXT,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX findings_by_visit ON findings (visit);
CREATE INDEX findings_by_household ON findings (household);
CREATE INDEX findings_by_state ON findings (state, due_on);

CREATE TABLE photos (
    bucket INTEGER NOT NULL,
    id UUID NOT NULL,
    subject_collection TEXT COLLATE "C" NOT NULL,
    subject_id UUID NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    bytes INTEGER NOT NULL,
    mime TEXT COLLATE "C" NOT NULL,
    width INTEGER,
    height INTEGER,
    taken_at BIGINT,
    lat DOUBLE PRECISION,
    lon DOUBLE PRECISION,
    source TEXT COLLATE "C",
    content TEXT COLLATE "C",
    search TEXT,
    PRIMARY KEY (bucket, id)
);
CREATE INDEX photos_by_subject_id ON photos (subject_id);
CREATE INDEX photos_by_sha256 ON photos (sha256);

-- What was edited last.
CREATE INDEX records_by_time ON records (collection, at_ms);

-- Typed tables with plain names, for tools that read the database themselves: docs/bi.md. Telephones are left out, identity
-- numbers masked.
CREATE SCHEMA bi;
CREATE VIEW bi.counties AS
SELECT b.bucket AS county, c.name AS county_name, p.code AS prefecture, p.name AS prefecture_name
FROM buckets b
LEFT JOIN divisions c ON c.code = b.bucket::text AND c.valid_to IS NULL
LEFT JOIN divisions p ON p.code = left(b.bucket::text, 4) AND p.valid_to IS NULL;

CREATE VIEW bi.households AS
SELECT f.bucket AS county, f.id, r.rev, to_timestamp(r.at_ms / 1000.0) AS updated_at,
    f.village, f.registry_no, f.group_name, f.standard, f.attribute, f.status, f.status_year, f.cause_main, f.people,
    f.labourers, f.income_wage, f.income_business, f.income_transfer, f.income_property, f.production_cost,
    f.income_per_capita, f.arable_mu, f.irrigated_mu, f.forest_mu, f.returned_forest_mu, f.orchard_mu, f.pasture_mu,
    f.cooperative, f.electricity_living, f.electricity_production, f.broadcast_tv, f.road_km, f.road_kind,
    f.housing_m2, f.housing_dangerous, f.housing_grade, f.toilet_sanitary, f.water_difficult, f.water_safe,
    f.relocation, f.lat, f.lon, r.fields->>'head_name' AS head_name, r.fields->>'fuel' AS fuel,
    r.fields->>'remarks' AS remarks, r.fields->'causes_other' AS causes_other
FROM households f JOIN records r ON r.bucket = f.bucket AND r.collection = 1 AND r.id = f.id;

CREATE VIEW bi.members AS
SELECT f.bucket AS county, f.id, r.rev, to_timestamp(r.at_ms / 1000.0) AS updated_at,
    f.household, f.sex,
    left(f.id_number, 6) || repeat('*', length(f.id_number) - 10) || right(f.id_number, 4) AS id_number, f.ethnicity,
    f.education, f.student, f.health, f.labour, f.months_away, f.medical_insurance, f.major_illness_cover, f.pension,
    r.fields->>'name' AS name, r.fields->>'relation' AS relation
FROM members f JOIN records r ON r.bucket = f.bucket AND r.collection = 2 AND r.id = f.id;

CREATE VIEW bi.villages AS
SELECT f.bucket AS county, f.id, r.rev, to_timestamp(r.at_ms / 1000.0) AS updated_at,
    f.village, f.poor_village, f.households, f.people, f.poor_households, f.poor_people, f.minority_people,
    f.labourers, f.migrants, f.hamlets, f.unpaved_km, f.bus, f.water_unsafe_households, f.no_power_households,
    f.broadcast_tv, f.clinic, f.licensed_doctor, f.library, f.mutual_fund, f.collective_income, f.lat, f.lon,
    r.fields->>'resident_team' AS resident_team, r.fields->>'first_secretary' AS first_secretary,
    r.fields->>'remarks' AS remarks
FROM villages f JOIN records r ON r.bucket = f.bucket AND r.collection = 3 AND r.id = f.id;

CREATE VIEW bi.visits AS
SELECT f.bucket AS county, f.id, r.rev, to_timestamp(r.at_ms / 1000.0) AS updated_at,
    f.campaign, f.team, f.method, f.level, f.village, f.household, f.day::date AS day,
    to_timestamp(f.started_at / 1000.0) AS started_at, to_timestamp(f.ended_at / 1000.0) AS ended_at, f.lat, f.lon,
    f.mock_location, f.sample_slot, f.state, r.fields->>'replacement_reason' AS replacement_reason,
    r.fields->>'summary' AS summary, r.fields->'participants' AS participants
FROM visits f JOIN records r ON r.bucket = f.bucket AND r.collection = 4 AND r.id = f.id;

CREATE VIEW bi.interviews AS
SELECT f.bucket AS county, f.id, r.rev, to_timestamp(r.at_ms / 1000.0) AS updated_at,
    f.visit, f.level, f.household, f.village, f.form, f.form_version,
    to_timestamp(f.started_at / 1000.0) AS started_at, to_timestamp(f.ended_at / 1000.0) AS ended_at,
    r.fields->>'respondent' AS respondent, r.fields->>'respondent_relation' AS respondent_relation
FROM interviews f JOIN records r ON r.bucket = f.bucket AND r.collection = 5 AND r.id = f.id;

CREATE VIEW bi.findings AS
SELECT f.bucket AS county, f.id, r.rev, to_timestamp(r.at_ms / 1000.0) AS updated_at,
    f.visit, f.household, f.village, f.level, f.topic, f.kind, f.severity, f.responsible, f.due_on::date AS due_on,
    f.state, f.rectified_on::date AS rectified_on, r.fields->>'title' AS title, r.fields->>'detail' AS detail,
    r.fields->>'rectification' AS rectification, r.fields->>'verified_note' AS verified_note
FROM findings f JOIN records r ON r.bucket = f.bucket AND r.collection = 6 AND r.id = f.id;

CREATE VIEW bi.photos AS
SELECT f.bucket AS county, f.id, r.rev, to_timestamp(r.at_ms / 1000.0) AS updated_at,
    f.subject_collection, f.subject_id, f.sha256, f.bytes, f.mime, f.width, f.height,
    to_timestamp(f.taken_at / 1000.0) AS taken_at, f.lat, f.lon, f.source, f.content,
    r.fields->>'caption' AS caption
FROM photos f JOIN records r ON r.bucket = f.bucket AND r.collection = 7 AND r.id = f.id;

-- One row for each answer.
CREATE VIEW bi.answers AS
SELECT f.bucket AS county, f.id AS interview, f.visit, f.household, f.village, f.level, f.form, f.form_version,
    substr(a.key, 9) AS question, a.value #>> '{}' AS answer,
    CASE json_typeof(a.value) WHEN 'number' THEN (a.value #>> '{}')::double precision END AS number,
    CASE json_typeof(a.value) WHEN 'boolean' THEN (a.value #>> '{}')::boolean END AS flag
FROM interviews f JOIN records r ON r.bucket = f.bucket AND r.collection = 5 AND r.id = f.id
CROSS JOIN LATERAL json_each(r.fields) a WHERE a.key LIKE 'answers.%';
