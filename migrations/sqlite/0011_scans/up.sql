-- What has no index of its own is filtered along these, in the order of the lists, without a look at the tables' wide rows.
-- What is asked for most stands first: the engines read an entry from its beginning.
CREATE INDEX households_facts ON households (
    bucket, id, status, cause_main, housing_grade, road_kind, standard, attribute, status_year, people, labourers,
    cooperative, electricity_living, electricity_production, broadcast_tv, housing_dangerous, toilet_sanitary,
    water_difficult, water_safe, relocation
);
CREATE INDEX households_amounts ON households (
    bucket, id, lat, lon, status, road_km, housing_m2, arable_mu, income_per_capita, income_wage, income_business,
    income_transfer, income_property, production_cost, irrigated_mu, forest_mu, returned_forest_mu, orchard_mu, pasture_mu
);
CREATE INDEX members_facts ON members (
    bucket, id, sex, ethnicity, education, student, health, labour, months_away, medical_insurance,
    major_illness_cover, pension
);
