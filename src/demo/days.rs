//! The days of the campaign: sync in the morning, work, what befalls people at noon, work, sync in the
//! evening, and then the supervisors settle some of what came of it.

use chrono::{Days, NaiveDate};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use serde_json::json;
use sync_core::Collection;
use uuid::Uuid;

use super::forms::{self, Place};
use super::office::Office;
use super::opening::{self, Opened};
use super::people::Ethnicity;
use super::phones::{Group, Phone};
use super::progress::Stage;
use super::samples::Samples;
use super::supervisors;
use super::threads::each;
use super::world::{County, Event, World};
use crate::device::Key;

/// Everything that the days need.
pub(super) struct Campaign<'a> {
    pub world: &'a World,
    pub opened: &'a Opened,
    pub province: &'a Office,
    pub samples: &'a Samples,
}

impl Campaign<'_> {
    pub(super) fn run(&self, groups: &mut [Group], settled: &mut supervisors::Settled) -> anyhow::Result<()> {
        for day in 1..=self.world.size.days {
            let phones = self.world.phones.len() as u64;
            let stage = Stage::begin(&format!("day {day}"), 4 * phones);
            each(groups, |group| self.morning(group, day, &stage))?;
            each(groups, |group| self.work(group, day, &stage))?;
            self.noon(groups, day)?;
            each(groups, |group| self.work(group, day, &stage))?;
            each(groups, |group| {
                self.evening(group, day, &stage);
                Ok(())
            })?;
            settled.add(supervisors::evening(self, day)?);
            let unsent: i64 = groups.iter_mut().flat_map(|g| &mut g.phones).map(Phone::unsent).sum();
            let recorded: usize = groups.iter().flat_map(|g| &g.phones).map(|phone| phone.recorded).sum();
            stage.done(&format!("{recorded} operations recorded so far, {unsent} of them still on phones"));
        }
        Ok(())
    }

    /// Whether something is planned for this phone that needs it to be as far as the plan supposes.
    fn is_marked(&self, phone: &Phone) -> bool {
        self.world.events.iter().any(|event| match *event {
            Event::Move { team, .. } => team == phone.team,
            Event::Revoke { phone: index, .. } | Event::Restore { phone: index, .. } => index == phone.index,
        })
    }

    fn morning(&self, group: &mut Group, day: u32, stage: &Stage) -> anyhow::Result<()> {
        let Group { rng, phones } = group;
        phones.shuffle(rng);
        for phone in phones {
            stage.advance(1);
            phone.clock.new_day(&mut phone.rng);
            if phone.rng.random_bool(0.15) {
                phone.restart()?;
            }
            let restored = self.world.events.iter().any(|event| {
                matches!(*event, Event::Restore { day: before, phone: index } if index == phone.index && before + 1 == day)
            });
            if restored {
                // It works before it speaks to the server, which so meets operations numbered twice.
                phone.restore()?;
            } else if self.is_marked(phone) {
                phone.network.calm(true);
                phone.sync();
                phone.network.calm(false);
            } else if day == 1 || phone.rng.random_bool(0.75) {
                phone.sync();
            }
        }
        Ok(())
    }

    fn evening(&self, group: &mut Group, day: u32, stage: &Stage) {
        let Group { rng, phones } = group;
        phones.shuffle(rng);
        for phone in phones {
            stage.advance(1);
            let backed_up = self.world.events.iter().any(
                |event| matches!(*event, Event::Restore { day: today, phone: index } if index == phone.index && today == day),
            );
            // Whatever the backup will lack must be with the server by then.
            phone.network.calm(backed_up);
            if self.is_marked(phone) || phone.rng.random_bool(0.8) {
                phone.sync();
            }
            phone.network.calm(false);
        }
    }

    /// What befalls people while they are out with unsent work.
    fn noon(&self, groups: &mut [Group], day: u32) -> anyhow::Result<()> {
        for event in &self.world.events {
            match *event {
                Event::Move { day: today, team, from, to } if today == day => {
                    if let Some(assignment) = self.opened.assignments.get(&(team, from)) {
                        self.province.post(&format!("/v1/assignments/{assignment}/close"), &json!({}))?;
                    }
                    let id = self.opened.teams[team];
                    if !self.opened.assignments.contains_key(&(team, to)) {
                        opening::assign(self.world, self.province, self.opened.campaign, (id, to), "provincial")?;
                    }
                }
                Event::Revoke { day: today, phone } if today == day => {
                    let phone = find(groups, phone)?;
                    if let Some(id) = phone.device()?.id()? {
                        self.province.post(&format!("/v1/devices/{id}/revoke"), &json!({"mode": "flush"}))?;
                    }
                }
                Event::Restore { day: today, phone } if today == day => find(groups, phone)?.back_up()?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Half a day's work of each phone, without a network.
    fn work(&self, group: &mut Group, day: u32, stage: &Stage) -> anyhow::Result<()> {
        for phone in &mut group.phones {
            stage.advance(1);
            if !phone.wiped && phone.failure.is_none() {
                self.work_of(phone, day)?;
            }
        }
        Ok(())
    }

    fn work_of(&self, phone: &mut Phone, day: u32) -> anyhow::Result<()> {
        // The county is one that the phone holds, whoever has taken it away meanwhile.
        let mut known = Vec::new();
        for county in self.world.ever(phone.team) {
            let county = &self.world.counties[county];
            let ids = phone.device()?.ids(&county.bucket.to_string(), Collection::Households.name())?;
            if !ids.is_empty() {
                known.push((county, ids));
            }
        }
        self.sample(phone, day, &known.iter().map(|(county, _)| *county).collect::<Vec<_>>())?;
        if known.is_empty() {
            return Ok(());
        }
        let (county, households) = &known[phone.rng.random_range(0..known.len())];
        for _ in 0..phone.rng.random_range(2..=4) {
            let hot = phone.rng.random_bool(0.3);
            let pick =
                if hot { day as usize * 7 + phone.rng.random_range(0..2) } else { phone.rng.random_range(0..1 << 20) };
            let household: Uuid = households[pick % households.len()].parse()?;
            let key = Key::new(county.bucket, Collection::Households, household);
            // Deleted on this phone a moment ago.
            let Some(sheet) = phone.device()?.record(&key)? else { continue };
            let village = sheet.get("village").and_then(|code| code.as_str()).unwrap_or_default().to_owned();
            let person = phone.person.clone();
            let place = self.place(phone, &person, day, county, household, &village);
            let (edits, visit) = place.visit(&mut phone.rng, None);
            phone.save(&edits)?;
            let mut chance = |likely: f64| phone.rng.random_bool(likely);
            let (correct, find, photograph, sheet) = (chance(0.4), chance(0.2), chance(0.25), chance(0.08));
            let (delete, mistake, answer) = (chance(0.015), chance(0.015), chance(0.3));
            let rng = &mut phone.rng;
            let mut forms = Vec::new();
            if hot {
                forms.push(place.contested(rng));
            } else if correct {
                forms.push(place.correction(rng));
            }
            if find {
                forms.push(place.finding(rng));
            }
            if photograph {
                forms.push(place.photo(rng, visit));
            }
            if sheet && !village.is_empty() {
                forms.push(place.village(rng));
            }
            if mistake {
                forms.push(place.impossible(rng));
            }
            if delete {
                forms.push(place.duplicate());
            }
            for form in forms {
                phone.save(&[form])?;
            }
            if answer {
                let interviews = phone.device()?.ids(&county.bucket.to_string(), Collection::Interviews.name())?;
                let interview: Uuid = interviews[phone.rng.random_range(0..interviews.len())].parse()?;
                let form = forms::answer(&mut phone.rng, county.bucket, interview);
                phone.save(&[form])?;
            }
        }
        Ok(())
    }

    fn place<'a>(
        &'a self,
        phone: &mut Phone,
        person: &'a str,
        day: u32,
        county: &'a County,
        household: Uuid,
        village: &'a str,
    ) -> Place<'a> {
        let team = &self.world.teams[phone.team];
        Place {
            bucket: county.bucket,
            campaign: self.opened.campaign,
            team: self.opened.teams[phone.team],
            person,
            leader: (!day.is_multiple_of(3)).then_some((team.leader.as_str(), team.rank)),
            day: date(day),
            household,
            village,
            village_name: county.villages.iter().find(|v| v.code == village).map_or("", |v| v.name.as_str()),
            ethnicity: Ethnicity::draw(&mut phone.rng, &county.prefecture(), &county.area),
        }
    }

    /// Calls on the households of the samples that fall to this phone in half a day.
    fn sample(&self, phone: &mut Phone, day: u32, known: &[&County]) -> anyhow::Result<()> {
        let plan = &self.world.phones[phone.index];
        let phones = self.world.phones.iter().filter(|other| other.team == phone.team).count();
        for county in self.world.ever(phone.team) {
            let held = &self.world.counties[county];
            let slots = self.samples.of(county, self.world.size.days, day, phones, plan.number - 1);
            for slot in slots.filter(|_| known.iter().any(|known| known.bucket == held.bucket)) {
                // Once a day: in the morning nobody has been there yet.
                if !phone.called_on.insert(slot.id) {
                    continue;
                }
                let person = phone.person.clone();
                let place = self.place(phone, &person, day, held, slot.household, &slot.village);
                let (edits, _) = place.visit(&mut phone.rng, Some(slot.id));
                let sheet = place.village(&mut phone.rng);
                phone.save(&edits)?;
                phone.save(&[sheet])?;
            }
        }
        Ok(())
    }
}

/// The simulated date of a day of work.
fn date(day: u32) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2015, 4, 13).unwrap_or_default();
    first.checked_add_days(Days::new(u64::from(day) - 1)).unwrap_or(first)
}

fn find(groups: &mut [Group], index: usize) -> anyhow::Result<&mut Phone> {
    let mut phones = groups.iter_mut().flat_map(|group| &mut group.phones);
    phones.find(|phone| phone.index == index).ok_or_else(|| anyhow::anyhow!("there is no phone {index}"))
}
