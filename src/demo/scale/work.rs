//! The inspection of a county: visits with their interviews, what they find, what they correct, and what becomes of it.

use super::family::{Families, Family};
use super::fill::{Batches, Totals};
use super::land::{Region, Site, degrees, normal};
use super::place::{Crew, Place};
use super::{DAY, DAYS, FIRST_DAY, MINUTE, answers, register, remarks};
use crate::demo::households::{object, one_of, phone};
use crate::demo::people;
use crate::http::time::format_ms;
use crate::setup::Entry;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};
use sync_core::Collection;
use sync_core::record::Author;
use uuid::{Builder, Uuid};

/// Of a county's visits, those to villages and to the county's own offices; the others are to households.
const TO_VILLAGES: f64 = 0.1;
const TO_COUNTY: f64 = 0.02;
/// Of the households, those that a second team looks at where there is one.
const CHECKED: f64 = 0.08;

/// One county's inspection.
pub(super) struct Inspection<'a, 'b> {
    pub place: &'a Place<'a>,
    pub rng: StdRng,
    pub batches: &'a mut Batches<'b>,
    pub totals: &'a mut Totals,
    /// How many visits there are to be, and how many have been.
    pub planned: usize,
    pub done: usize,
    /// Steps of the findings: they come when the campaign is over.
    pub later: Vec<Entry>,
}

/// Whom a visit is to.
struct To<'a> {
    level: &'static str,
    site: &'a Site,
    family: Option<&'a Family>,
    slot: Option<Uuid>,
}

impl Inspection<'_, '_> {
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        let place = self.place;
        let (villages, county) = (self.share(TO_VILLAGES), self.share(TO_COUNTY).max(1));
        let checks = if place.checkers.is_some() { self.share(CHECKED) } else { 0 };
        let households = self.planned.saturating_sub(villages + county + checks).min(place.households);
        self.offices(county)?;
        // The sample first, and of the others as many as there is time for, each as likely.
        let families: Vec<_> = place.slots.iter().filter(|(unit, _)| Uuid::try_parse(unit).is_ok()).collect();
        let sampled = families.iter().filter(|(_, slot)| slot.visited).count();
        // In a small demo there is no time for all of it.
        let share = (households as f64 / sampled.max(1) as f64).min(1.0);
        let mut others = households.saturating_sub(sampled);
        let mut left = place.households - families.len();
        let mut checked = 0;
        let mut next_site = 0;
        for family in Families::of(place.seed, place.index, place.county, &place.sites, place.households) {
            let site = &place.sites[family.site];
            while next_site <= family.site {
                let share = |sites: usize| villages * sites / place.sites.len();
                self.villages(&place.sites[next_site], share(next_site + 1) - share(next_site))?;
                next_site += 1;
            }
            let slot = place.slots.get(&family.id.to_string()).copied();
            let wanted = match slot {
                Some(slot) => slot.visited && self.rng.random_bool(share),
                None => self.rng.random_range(0..left.max(1)) < others,
            };
            if slot.is_none() {
                left = left.saturating_sub(1);
                others = others.saturating_sub(usize::from(wanted));
            }
            if !wanted {
                continue;
            }
            self.family(site, &family, slot.map(|slot| slot.id))?;
            if checked < checks && self.rng.random_bool(0.12) {
                checked += 1;
                self.check(site, &family)?;
            }
        }
        self.later.sort_by_key(|entry| entry.at);
        let later = std::mem::take(&mut self.later);
        later.into_iter().try_for_each(|entry| self.batches.add(entry))
    }

    fn share(&self, of: f64) -> usize {
        (self.planned as f64 * of) as usize
    }

    /// When the next visit is: evenly over the working hours of the days. Milliseconds since 1970; no two counties have one
    /// in common.
    fn now(&self) -> i64 {
        let progress = self.done as f64 / self.planned.max(1) as f64 * DAYS as f64;
        let day = (progress as i64).min(DAYS - 1);
        let of_day = (progress - day as f64).clamp(0.0, 1.0);
        // From half past eight for ten hours.
        let seconds = 60 * 510 + (of_day * 36_000.0) as i64;
        FIRST_DAY + day * DAY + seconds * 1000 + self.place.index as i64
    }

    /// A version 7 id of that time.
    fn id(&mut self, at: i64) -> Uuid {
        Builder::from_unix_timestamp_millis(at as u64, &self.rng.random()).into_uuid()
    }

    fn put(
        &mut self,
        collection: Collection,
        id: Uuid,
        by: Author,
        at: i64,
        fields: &Map<String, Value>,
    ) -> anyhow::Result<()> {
        self.edit(collection, id, by, (at, 0), fields)
    }

    /// Recorded out there, sent in the evening.
    fn edit(
        &mut self,
        collection: Collection,
        id: Uuid,
        by: Author,
        (at, base): (i64, u64),
        fields: &Map<String, Value>,
    ) -> anyhow::Result<()> {
        let entry = self.place.entry(collection, id, by, (at, at + 4 * 60 * MINUTE), base, fields)?;
        self.batches.add(entry)
    }

    fn offices(&mut self, count: usize) -> anyhow::Result<()> {
        for _ in 0..count {
            let site = &self.place.sites[0];
            let method = one_of(&mut self.rng, &["hearing", "document_review", "symposium", "feedback"]);
            self.visit(&To { level: "county", site, family: None, slot: None }, &self.place.crew.clone(), method)?;
        }
        Ok(())
    }

    fn villages(&mut self, site: &Site, count: usize) -> anyhow::Result<()> {
        for _ in 0..count {
            let code = &self.place.county.villages[site.village].code;
            let slot = self.place.slots.get(code).filter(|slot| slot.visited).map(|slot| slot.id);
            let method = one_of(&mut self.rng, &["symposium", "site_visit", "document_review"]);
            self.visit(&To { level: "village", site, family: None, slot }, &self.place.crew.clone(), method)?;
        }
        Ok(())
    }

    fn family(&mut self, site: &Site, family: &Family, slot: Option<Uuid>) -> anyhow::Result<()> {
        let crew = self.place.crew.clone();
        let method = if slot.is_some() {
            "random_check"
        } else {
            one_of(&mut self.rng, &["site_visit", "site_visit", "random_check"])
        };
        let at = self.now();
        self.visit(&To { level: "household", site, family: Some(family), slot }, &crew, method)?;
        let by = crew.phone(self.done);
        for number in 0..family.people {
            let id = self.id(at);
            let fields = register::member(&mut self.rng, site, family, number);
            self.put(Collection::Members, id, by, at + 3 * MINUTE, &fields)?;
            self.totals.members += 1;
        }
        if self.rng.random_bool(0.3) {
            let fields = self.correction(family);
            self.edit(Collection::Households, family.id, by, (at + 20 * MINUTE, 1), &fields)?;
            self.totals.corrections += 1;
        }
        Ok(())
    }

    /// What the register has wrong of a family.
    fn correction(&mut self, family: &Family) -> Map<String, Value> {
        let rng = &mut self.rng;
        let income = answers::stated(rng, family);
        match rng.random_range(0..4) {
            0 => object(json!({"phone": phone(rng), "remarks": remarks::new_phone(rng)})),
            1 => object(json!({"income_per_capita": income, "remarks": remarks::income(income)})),
            2 => object(json!({"housing_dangerous": true, "housing_grade": "D"})),
            _ => object(json!({"people": family.people + 1, "income_per_capita": income})),
        }
    }

    /// A second look at the same household, by another team.
    fn check(&mut self, site: &Site, family: &Family) -> anyhow::Result<()> {
        let Some(crew) = self.place.checkers.clone() else { return Ok(()) };
        self.totals.checks += 1;
        self.visit(&To { level: "household", site, family: Some(family), slot: None }, &crew, "random_check")
    }

    fn visit(&mut self, to: &To<'_>, crew: &Crew, method: &str) -> anyhow::Result<()> {
        let at = self.now();
        let by = crew.phone(self.done);
        self.done += 1;
        let (id, place) = (self.id(at), self.place);
        let rng = &mut self.rng;
        let state = match rng.random_range(0..100) {
            0..3 => "planned",
            3..5 => "void",
            _ => "done",
        };
        let (lat, lon) = to.family.map_or((to.site.lat, to.site.lon), |family| (family.lat, family.lon));
        let mut near = |degree: f64| degrees(degree + 0.0002 * normal(rng));
        let location = json!({"lat": near(lat), "lon": near(lon), "accuracy_m": 6, "datum": "wgs84"});
        // The leader is there on some of the days, fewer of them in some counties.
        let with_leader = (at - FIRST_DAY) / DAY < place.days_of_leader;
        let mut participants = vec![json!({"name": crew.members[self.done % crew.members.len()], "rank": "staff"})];
        if with_leader {
            participants.push(json!({"name": crew.leader, "rank": crew.rank}));
        }
        let mut fields = object(json!({
            "campaign": place.campaign,
            "team": crew.team,
            "method": method,
            "level": to.level,
            "day": format_ms(at)[..10],
            "started_at": format_ms(at),
            "ended_at": format_ms(at + 30 * MINUTE),
            "location": location,
            "participants": participants,
            "state": state,
        }));
        if to.level != "county" {
            fields.insert("village".into(), place.county.villages[to.site.village].code.as_str().into());
        }
        if let Some(family) = to.family {
            fields.insert("household".into(), family.id.to_string().into());
        }
        if let Some(slot) = to.slot {
            fields.insert("sample_slot".into(), slot.to_string().into());
        }
        self.put(Collection::Visits, id, by, at, &fields)?;
        self.totals.visits += 1;
        if state != "done" {
            return Ok(());
        }
        self.interview(to, (id, by, at))?;
        if self.rng.random_bool(0.2) {
            self.photo(id, by, at, &location)?;
        }
        if self.rng.random_bool(0.22) {
            self.finding(to, (id, by, at))?;
        }
        Ok(())
    }

    fn interview(&mut self, to: &To<'_>, (visit, by, at): (Uuid, Author, i64)) -> anyhow::Result<()> {
        let id = self.id(at);
        let (rng, county) = (&mut self.rng, self.place.county);
        let region = Region::of(&county.area);
        let (answers, respondent, relation) = match to.family {
            Some(family) => {
                let relation = one_of(rng, &["户主", "户主", "配偶", "之子"]);
                let name = if relation == "户主" {
                    family.head.name.clone()
                } else {
                    people::person(rng, family.ethnicity, None).name
                };
                (answers::household(rng, &region, to.site, family), name, relation)
            }
            None if to.level == "village" => {
                (answers::village(rng, to.site), people::person(rng, people::Ethnicity::Han, None).name, "村支书")
            }
            None => (answers::county(rng), people::person(rng, people::Ethnicity::Han, None).name, "分管领导"),
        };
        let mut fields = object(json!({
            "visit": visit,
            "level": to.level,
            "form": to.level,
            "form_version": 1,
            "respondent": respondent,
            "respondent_relation": relation,
            "started_at": format_ms(at + 5 * MINUTE),
            "ended_at": format_ms(at + 25 * MINUTE),
            "answers": answers,
        }));
        if to.level != "county" {
            fields.insert("village".into(), county.villages[to.site.village].code.as_str().into());
        }
        if let Some(family) = to.family {
            fields.insert("household".into(), family.id.to_string().into());
        }
        self.totals.interviews += 1;
        self.put(Collection::Interviews, id, by, at + 25 * MINUTE, &fields)
    }

    fn photo(&mut self, visit: Uuid, by: Author, at: i64, location: &Value) -> anyhow::Result<()> {
        let id = self.id(at);
        let rng = &mut self.rng;
        let fields = object(json!({
            "subject": {"collection": "visits", "id": visit},
            "sha256": format!("{:032x}{:032x}", rng.random::<u128>(), rng.random::<u128>()),
            "bytes": rng.random_range(200_000..4_000_000),
            "mime": "image/jpeg",
            "width": 3264,
            "height": 2448,
            "taken_at": format_ms(at + 10 * MINUTE),
            "location": location,
            "source": "camera",
            "caption": one_of(rng, &["住房外观", "厨房", "水源", "入户道路", "帮扶明白卡", "座谈会"]),
        }));
        self.totals.photos += 1;
        self.put(Collection::Photos, id, by, at + 10 * MINUTE, &fields)
    }

    /// A finding, and how far it is put right by the prefecture's office, one step after the other.
    fn finding(&mut self, to: &To<'_>, (visit, by, at): (Uuid, Author, i64)) -> anyhow::Result<()> {
        let id = self.id(at);
        let fields = remarks::finding(&mut self.rng, self.place.county, to.level, visit);
        let mut fields = fields;
        if to.level != "county" {
            fields.insert("village".into(), self.place.county.villages[to.site.village].code.as_str().into());
        }
        if let Some(family) = to.family {
            fields.insert("household".into(), family.id.to_string().into());
        }
        self.totals.findings += 1;
        self.put(Collection::Findings, id, by, at + 28 * MINUTE, &fields)?;
        let steps = [0, 0, 1, 1, 2, 2, 3, 4, 4, 5][self.rng.random_range(0..10)];
        for (base, (days, fields)) in (1..).zip(remarks::steps(&mut self.rng, steps)) {
            // One after the other, and no two at the same moment.
            let at = at + days * DAY + base as i64 * 1000;
            self.later.push(self.place.entry(Collection::Findings, id, self.place.office, (at, at), base, &fields)?);
            self.totals.steps += 1;
        }
        Ok(())
    }
}
