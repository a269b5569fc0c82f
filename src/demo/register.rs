//! The register of households goes in as any other work does: through the protocol, from desks of the
//! province that are devices for the purpose.

use std::sync::Arc;

use chrono::NaiveDate;

use super::households;
use super::ledger::Ledger;
use super::phones::{Ground, opened_device};
use super::progress::Stage;
use super::threads::side_by_side;
use super::world::{World, rng};
use crate::device::clock::SystemClock;
use crate::device::{Account, Durability, Edit, Http};

/// How many desks share the work.
const DESKS: usize = 4;
/// Operations that are put into the outbox before they are sent.
const BATCH: usize = 2000;

/// Imports; returns how many records there are and how long it took, in seconds.
pub(super) fn import(
    world: &World,
    ground: &Ground,
    ledger: &Ledger,
    province: &Account,
) -> anyhow::Result<(usize, f64)> {
    let day = NaiveDate::from_ymd_opt(2014, 12, 1).unwrap_or_default();
    let shares = households::shares(world);
    // About four records to a household.
    let stage = Stage::begin("the register", world.size.households as u64);
    let counts = side_by_side(DESKS, |desk| {
        let path = ground.phones.join(format!("desk{}.db", desk + 1));
        let http = Arc::new(Http::new(ground.url.as_str()));
        let clock = Box::new(SystemClock);
        let name = format!("建档立卡导入 {}", desk + 1);
        let mut device = opened_device(&path, Durability::Crash, http, clock, &name, ledger)?;
        device.sign_in(province.clone())?;
        let mut count = 0;
        let mut batch: Vec<Edit> = Vec::new();
        for (index, county) in world.counties.iter().enumerate().filter(|(index, _)| index % DESKS == desk) {
            let mut rng = rng(world.size.seed, "register", index);
            for _ in 0..shares[index] {
                batch.extend(households::household(&mut rng, county, day));
                if batch.len() >= BATCH {
                    device.edit(&batch)?;
                    count += device.push()?;
                    batch.clear();
                }
            }
            stage.advance(shares[index] as u64);
        }
        if !batch.is_empty() {
            device.edit(&batch)?;
            count += device.push()?;
        }
        Ok(count)
    })?;
    let records: usize = counts.iter().sum();
    let took = stage.done(&format!("{} households, {records} records", world.size.households));
    Ok((records, took.as_secs_f64()))
}
