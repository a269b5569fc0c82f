//! The counties of a campaign: which take part, in which of the poor areas they lie, and who leads there.

use crate::fields::{Area, Fault, Leads};
use crate::http::checks::Checks;
use crate::store::campaign_counties::County as Row;
use crate::store::{Conn, StoreError, buckets};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::{Bucket, Scope};
use utoipa::ToSchema;

/// What no list of a province comes near.
const MOST: usize = 1_000;

/// A county of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CampaignCounty)]
#[expect(clippy::struct_field_names, reason = "the code is named as everywhere on the wire")]
pub struct County {
    #[schema(example = "513430")]
    pub county: String,
    /// The contiguous poor area that it lies in, if any.
    pub area: Option<Area>,
    pub led_by: Leads,
}

impl TryFrom<Row> for County {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = || StoreError::Corrupt("a county of a campaign".into());
        let area = row.area.map(|name| Area::parse(&name).ok_or_else(corrupt));
        let led_by = Leads::parse(&row.led_by).ok_or_else(corrupt)?;
        Ok(Self { county: row.bucket.to_string(), area: area.transpose()?, led_by })
    }
}

/// A county as it is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignCountyGiven)]
pub(super) struct Given {
    #[schema(example = "513430")]
    county: String,
    area: Option<Area>,
    /// When left out: the province in the poor areas, the prefecture elsewhere.
    led_by: Option<Leads>,
}

/// Every county in scope, led by its prefecture.
pub(super) fn all(conn: &mut Conn, scope: &Scope) -> Result<Vec<Row>, StoreError> {
    let all = buckets::codes(conn, scope)?.into_iter();
    Ok(all.map(|bucket| Row { bucket, area: None, led_by: Leads::Prefecture.name().into() }).collect())
}

/// Those that were given, by their codes.
pub(super) fn read(
    conn: &mut Conn,
    given: &[Given],
    scope: &Scope,
    checks: &mut Checks,
) -> Result<Vec<Row>, StoreError> {
    if given.len() > MOST {
        checks.fault("/counties", Fault::TooMany { max: MOST });
        return Ok(Vec::new());
    }
    let known = buckets::existing(conn, &given.iter().filter_map(|one| one.bucket(scope)).collect())?;
    let mut rows = BTreeMap::new();
    for (i, one) in given.iter().enumerate() {
        let pointer = || format!("/counties/{i}/county");
        match one.bucket(scope).filter(|bucket| known.contains(bucket)) {
            None => checks.fault(&pointer(), Fault::UnknownBucket),
            Some(bucket) => {
                if rows.insert(bucket, one.row(bucket)).is_some() {
                    checks.fault(&pointer(), Fault::DuplicateField);
                }
            }
        }
    }
    Ok(rows.into_values().collect())
}

impl Given {
    /// Another province's is none.
    fn bucket(&self, scope: &Scope) -> Option<Bucket> {
        self.county.parse().ok().filter(|bucket| scope.contains(*bucket))
    }

    fn row(&self, bucket: Bucket) -> Row {
        let usual = if self.area.is_some() { Leads::Provincial } else { Leads::Prefecture };
        let area = self.area.map(|area| area.name().to_owned());
        Row { bucket, area, led_by: self.led_by.unwrap_or(usual).name().to_owned() }
    }
}

/// Of the counties that were taken out, those in which something was done.
pub(super) fn lost(before: &[Row], after: &[Row], used: &BTreeSet<Bucket>) -> Vec<Bucket> {
    let kept: BTreeSet<Bucket> = after.iter().map(|county| county.bucket).collect();
    let gone = before.iter().map(|county| county.bucket).filter(|bucket| !kept.contains(bucket));
    gone.filter(|bucket| used.contains(bucket)).collect()
}
