//! The indexes of the collections' own tables, as the lists use them; they are made by the migrations, and a test compares.

use sync_core::Collection;

/// The columns by which an index of the collection's table begins; of a flag, with the value that the index has.
pub(super) fn indexed(collection: Collection) -> &'static [(&'static str, Option<bool>)] {
    match collection {
        Collection::Households => &[
            ("village", None),
            ("registry_no", None),
            ("standard", None),
            ("attribute", None),
            ("status", None),
            ("cause_main", None),
            ("housing_grade", None),
            ("road_kind", None),
            ("people", None),
            ("income_per_capita", None),
            ("housing_dangerous", Some(true)),
            ("water_difficult", Some(true)),
            ("relocation", Some(true)),
            ("water_safe", Some(false)),
            ("electricity_living", Some(false)),
            ("broadcast_tv", Some(false)),
        ],
        Collection::Members => &[("household", None), ("id_number", None)],
        Collection::Villages => &[("village", None)],
        Collection::Visits => &[("campaign", None), ("team", None), ("household", None), ("sample_slot", None)],
        Collection::Interviews => &[("visit", None), ("household", None)],
        Collection::Findings => &[("visit", None), ("household", None), ("state", None)],
        Collection::Photos => &[("subject_id", None), ("sha256", None)],
    }
}

/// The narrow indexes along the keys, each with the columns behind them: what asks for no others is read from one alone.
pub(super) fn scans(collection: Collection) -> &'static [&'static [&'static str]] {
    match collection {
        Collection::Households => &[
            &[
                "status",
                "cause_main",
                "housing_grade",
                "road_kind",
                "standard",
                "attribute",
                "status_year",
                "people",
                "labourers",
                "cooperative",
                "electricity_living",
                "electricity_production",
                "broadcast_tv",
                "housing_dangerous",
                "toilet_sanitary",
                "water_difficult",
                "water_safe",
                "relocation",
            ],
            &[
                "lat",
                "lon",
                "status",
                "road_km",
                "housing_m2",
                "arable_mu",
                "income_per_capita",
                "income_wage",
                "income_business",
                "income_transfer",
                "income_property",
                "production_cost",
                "irrigated_mu",
                "forest_mu",
                "returned_forest_mu",
                "orchard_mu",
                "pasture_mu",
            ],
        ],
        Collection::Members => &[&[
            "sex",
            "ethnicity",
            "education",
            "student",
            "health",
            "labour",
            "months_away",
            "medical_insurance",
            "major_illness_cover",
            "pension",
        ]],
        _ => &[],
    }
}
