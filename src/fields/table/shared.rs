//! Fields that several collections have.

use super::lists::{DATUM, DEGREES, METRES};
use crate::fields::field::{Field, Kind, choice, number, text};

pub(super) const fn village() -> Field {
    Field::new("village", Kind::Village, "行政村", "Village")
        .doc("12 位行政区划代码，以县级代码开头", "12-digit code that begins with the bucket's.")
}

pub(super) const fn remarks() -> Field {
    text("remarks", "备注", "Remarks").searched()
}

pub(super) const fn location() -> Field {
    Field::new("location", Kind::Object(LOCATION), "定位", "Location")
        .doc("原样保存，并换算为 WGS-84", "Kept as given and, converted, as WGS-84.")
}

static LOCATION: &[Field] = &[
    Field::new("lat", Kind::Number { min: -90.0, max: 90.0 }, "纬度", "Latitude").unit(DEGREES).required(),
    Field::new("lon", Kind::Number { min: -180.0, max: 180.0 }, "经度", "Longitude").unit(DEGREES).required(),
    number("accuracy_m", 100_000_000.0, "精度", "Accuracy").unit(METRES),
    choice("datum", DATUM, "坐标系", "Datum").doc("不填即 WGS-84", "WGS-84 where absent."),
];
