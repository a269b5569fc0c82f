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
CREATE INDEX interviews_by_household ON interviews (household);

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
