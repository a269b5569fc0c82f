-- Few units have been replaced: what moves a county's figures is counted from these.
CREATE INDEX draw_units_replaced ON draw_units (bucket, draw_id) WHERE replaced_at IS NOT NULL;

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
