//! Which counties take part in a campaign.

use super::conn::{Conn, StoreError, Tx};
use super::dialect::Rows;
use super::listing::{self, Sql, Value};
use super::records::bucket_of;
use super::types::{DbUuid, Id};
use crate::load_rows;
use diesel::sql_types::{Integer, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::{Bucket, Scope};
use uuid::Uuid;

/// A county of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct County {
    pub bucket: Bucket,
    /// The contiguous poor area that it lies in.
    pub area: Option<String>,
    /// `provincial` or `prefecture`.
    pub led_by: String,
}

type CountySql = (DbUuid, Integer, Nullable<Text>, Text);
type CountyRow = (Id, i32, Option<String>, String);

/// The counties in scope of these campaigns, by their codes.
pub fn of(
    conn: &mut Conn,
    campaigns: impl IntoIterator<Item = Uuid>,
    scope: &Scope,
) -> Result<BTreeMap<Uuid, Vec<County>>, StoreError> {
    let mut of: BTreeMap<Uuid, Vec<County>> = campaigns.into_iter().map(|id| (id, Vec::new())).collect();
    if of.is_empty() {
        return Ok(of);
    }
    let sql =
        Sql::new("SELECT x.campaign_id, x.bucket, x.area, x.led_by FROM campaign_counties x WHERE x.campaign_id IN ")
            .list(of.keys().map(|id| Value::Uuid(*id)))
            .sql(" AND ")
            .in_scope("x.bucket", scope)
            .sql(" ORDER BY x.bucket");
    for (campaign, bucket, area, led_by) in listing::rows::<CountySql, CountyRow>(conn, sql)? {
        of.entry(campaign.0).or_default().push(County { bucket: bucket_of(bucket)?, area, led_by });
    }
    Ok(of)
}

/// Whether a county takes part in a campaign.
pub fn has(conn: &mut Conn, campaign: Uuid, county: Bucket) -> Result<bool, StoreError> {
    let rows = Rows::new().uuid("campaign_id", [Id(campaign)]).int("bucket", [county.code() as i32]);
    let tail = "SELECT x.bucket FROM v CROSS JOIN campaign_counties x \
         WHERE x.bucket = v.bucket AND x.campaign_id = v.campaign_id";
    Ok(!load_rows!(conn, &rows, tail, Integer => i32)?.is_empty())
}

/// The counties of a locked campaign in which something was done for it: an assignment was given, or a sample drawn.
pub fn in_use(tx: &mut Tx<'_>, campaign: Uuid) -> Result<BTreeSet<Bucket>, StoreError> {
    let rows = Rows::new().uuid("id", [Id(campaign)]);
    let tail = "SELECT a.bucket FROM v CROSS JOIN assignments a WHERE a.campaign_id = v.id \
         UNION SELECT d.bucket FROM v CROSS JOIN draws d WHERE d.campaign_id = v.id";
    load_rows!(&mut **tx, &rows, tail, Integer => i32)?.into_iter().map(bucket_of).collect()
}

/// Makes `after` of a locked campaign's counties `before`.
pub fn replace(tx: &mut Tx<'_>, campaign: Uuid, before: &[County], after: &[County]) -> Result<(), StoreError> {
    let kept: BTreeSet<Bucket> = after.iter().map(|county| county.bucket).collect();
    let gone: Vec<_> = before.iter().filter(|county| !kept.contains(&county.bucket)).collect();
    Rows::new()
        .uuid("campaign_id", gone.iter().map(|_| Id(campaign)))
        .int("bucket", gone.iter().map(|county| county.bucket.code() as i32))
        .execute(
            tx,
            "DELETE FROM campaign_counties WHERE (bucket, campaign_id) IN (SELECT v.bucket, v.campaign_id FROM v)",
        )?;
    let known: BTreeSet<&County> = before.iter().collect();
    let new: Vec<_> = after.iter().filter(|county| !known.contains(county)).collect();
    Rows::new()
        .uuid("campaign_id", new.iter().map(|_| Id(campaign)))
        .int("bucket", new.iter().map(|county| county.bucket.code() as i32))
        .opt_text("area", new.iter().map(|county| county.area.clone()))
        .text("led_by", new.iter().map(|county| county.led_by.clone()))
        .execute(
            tx,
            "INSERT INTO campaign_counties (bucket, campaign_id, area, led_by) \
             SELECT bucket, campaign_id, area, led_by FROM v WHERE true ON CONFLICT (bucket, campaign_id) DO UPDATE SET \
             area = excluded.area, led_by = excluded.led_by",
        )?;
    Ok(())
}
