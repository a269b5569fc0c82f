//! Supervisors, in the evenings: each prefecture settles some of its conflicts, the province releases or
//! discards some of what is held. What they choose hangs on the seed and on what they read, not on the order
//! in which they read it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use super::days::Campaign;
use super::threads::side_by_side;

/// What was done, over all evenings.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settled {
    pub conflicts: usize,
    pub released: usize,
    pub discarded: usize,
    /// Steps of findings.
    pub findings: usize,
}

impl Settled {
    pub(super) fn add(&mut self, other: Self) {
        self.conflicts += other.conflicts;
        self.released += other.released;
        self.discarded += other.discarded;
        self.findings += other.findings;
    }
}

/// A number below 100 that depends on the seed, the day and what is read.
fn lot(campaign: &Campaign, day: u32, texts: &[&Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (campaign.world.size.seed, day).hash(&mut hasher);
    for text in texts {
        text.to_string().hash(&mut hasher);
    }
    hasher.finish() % 100
}

pub(super) fn evening(campaign: &Campaign, day: u32) -> anyhow::Result<Settled> {
    let conflicts = settle_conflicts(campaign, day)?;
    let mut settled = Settled { conflicts, findings: take_steps(campaign, day)?, ..Settled::default() };
    let mut held = campaign.province.list("/v1/held-ops?state=open")?;
    // The same order whatever ids the server gave.
    held.sort_by_cached_key(|op| ["bucket", "collection", "record_id", "at", "op"].map(|name| op[name].to_string()));
    for op in held {
        let lot = lot(campaign, day, &[&op["record_id"], &op["op"]["op_seq"], &op["op"]["kind"]]);
        let action = match (op["status"].as_str(), lot) {
            (Some("rejected"), 0..40) | (_, 90..) => "discard",
            (Some("parked" | "quarantined"), 0..30) => "release",
            _ => continue,
        };
        let path = format!("/v1/held-ops/{}/{action}", op["id"].as_str().unwrap_or_default());
        // One that was released together with another is settled already.
        if campaign.province.try_post(&path, &json!({}))?.is_some() {
            let counter = if action == "release" { &mut settled.released } else { &mut settled.discarded };
            *counter += 1;
        }
    }
    Ok(settled)
}

fn settle_conflicts(campaign: &Campaign, day: u32) -> anyhow::Result<usize> {
    let offices: Vec<_> = campaign.opened.prefectures.values().collect();
    let counts = side_by_side(offices.len(), |index| {
        let office = offices[index];
        let mut count = 0;
        let mut conflicts = office.list("/v1/conflicts?state=open")?;
        let sort_by = ["bucket", "collection", "record_id", "field", "base"];
        conflicts.sort_by_cached_key(|conflict| sort_by.map(|name| conflict[name].to_string()));
        for conflict in conflicts {
            let lot = lot(campaign, day, &[&conflict["record_id"], &conflict["field"]]);
            let choice = match lot {
                0..12 => json!({"keep": "current"}),
                12..24 => json!({"keep": "other"}),
                24..30 if conflict["field"] == "income_per_capita" => json!({"value": 2000 + lot}),
                _ => continue,
            };
            let path = format!("/v1/conflicts/{}/resolve", conflict["id"].as_str().unwrap_or_default());
            // A deleted record cannot be written to.
            if office.try_post(&path, &choice)?.is_some() {
                count += 1;
            }
        }
        Ok(count)
    })?;
    Ok(counts.iter().sum())
}

/// What a prefecture does about problems that were found: most are accepted, some of these rectified and verified.
fn take_steps(campaign: &Campaign, day: u32) -> anyhow::Result<usize> {
    let offices: Vec<_> = campaign.opened.prefectures.values().collect();
    let taken = side_by_side(offices.len(), |index| {
        let mut taken = 0;
        for finding in offices[index].list("/v1/findings?state[in]=open,accepted,rectified")? {
            let fields = &finding["fields"];
            let lot = lot(campaign, day, &[&fields["household"], &fields["title"], &fields["detail"]]);
            let step = match (fields["state"].as_str(), lot) {
                (Some("open"), 0..60) => json!({"to": "accepted"}),
                (Some("open"), 60..64) => json!({"to": "rejected", "verified_note": "经核实，情况不属实"}),
                (Some("accepted"), 0..40) => json!({"to": "rectified", "rectification": "已整改，整改台账已建立"}),
                (Some("rectified"), 0..50) => json!({"to": "verified", "verified_note": "现场复核，整改到位"}),
                _ => continue,
            };
            let path = format!("/v1/findings/{}/steps", finding["id"].as_str().unwrap_or_default());
            taken += usize::from(offices[index].try_post(&path, &step)?.is_some());
        }
        Ok(taken)
    })?;
    Ok(taken.into_iter().sum())
}
