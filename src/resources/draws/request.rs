//! What is asked of a new draw, and the frame and the plan that follow from it.

use super::published;
use crate::fields::Fault;
use crate::http::checks::Checks;
use crate::http::time::{format_ms, today};
use crate::http::{Code, Problem};
use crate::insight::sampling::document::{
    Document, FirstStage, Level, Plan, Sizes, Source, State, Strata, commitment, digest,
};
use crate::insight::sampling::lots::SEED_BYTES;
use crate::insight::sampling::{Method, Places, SamplePlan, Unit, stages};
use crate::store::draws::{self, Draw as Row, Sight};
use crate::store::frames::{self, Sheet};
use crate::store::{Conn, Instant, buckets};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use sync_core::{Bucket, Scope};
use utoipa::ToSchema;
use uuid::Uuid;

const SOURCE_MAX: usize = 200;
const VILLAGES_MOST: usize = 1_000;

/// What is left out of the method, the places and the like is that of the campaign's sample plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDraw {
    level: Level,
    /// Not with `first_stage`, which has one.
    #[schema(example = "513430")]
    county: Option<String>,
    /// Households in the villages that this draw has drawn.
    first_stage: Option<Uuid>,
    /// With `first_stage`: only in these of its villages; all when left out.
    villages: Option<Vec<String>>,
    /// Where villages are from.
    source: Option<Source>,
    /// Households of these statuses alone: `poor`, `lifted`, `returned`.
    statuses: Option<Vec<String>>,
    /// `pps` for villages alone.
    method: Option<Method>,
    /// With `pps`, what a village's size is; to be given with it.
    sizes: Option<Sizes>,
    /// `county` or `township`; of households, `county` when left out. With `first_stage` each village is a stratum.
    strata: Option<Strata>,
    places: Option<Places>,
    /// Substitutes for each stratum.
    substitutes: Option<u32>,
    /// Nobody but the province sees the draw before; it is never hidden when left out.
    #[schema(example = "2015-04-16T06:00:00.000+08:00")]
    pub(super) visible_from: Option<String>,
    /// Names a value that nobody knows yet, to be read at the reveal; it enters the draw beside the seed.
    #[schema(example = "上证指数 2015年4月15日收盘")]
    public_source: Option<String>,
}

/// A new draw, the sample plan's part filled in.
pub(super) struct Wanted {
    level: Level,
    county: Option<String>,
    first_stage: Option<Uuid>,
    villages: Option<Vec<String>>,
    source: Option<Source>,
    statuses: Option<Vec<String>>,
    method: Method,
    sizes: Option<Sizes>,
    strata: Option<Strata>,
    places: Places,
    substitutes: u32,
    public_source: Option<String>,
}

/// What a plan rests on beside what was asked.
pub(super) struct Basis<'a> {
    pub(super) campaign: Uuid,
    pub(super) county: Bucket,
    pub(super) first_stage: Option<&'a Document>,
    pub(super) seed: &'a [u8; SEED_BYTES],
    pub(super) now: Instant,
    pub(super) user: Uuid,
}

impl NewDraw {
    pub(super) fn complete(self, SamplePlan { villages, households }: SamplePlan) -> Wanted {
        let Self { level, county, first_stage, villages: codes, public_source, .. } = self;
        let wanted = Wanted {
            level,
            county,
            first_stage,
            villages: codes,
            public_source,
            source: self.source,
            statuses: self.statuses,
            sizes: self.sizes,
            strata: self.strata,
            method: self.method.unwrap_or(Method::Srs),
            places: self.places.unwrap_or(households.places),
            substitutes: self.substitutes.unwrap_or(households.substitutes),
        };
        match level {
            Level::Household => Wanted { statuses: wanted.statuses.or(households.statuses), ..wanted },
            Level::Village => Wanted {
                source: wanted.source.or(Some(villages.source)),
                // Sizes belong to a method: those of the plan to the plan's.
                sizes: wanted.sizes.or(if self.method.is_none() { villages.sizes } else { None }),
                method: self.method.unwrap_or(villages.method),
                strata: wanted.strata.or(Some(villages.strata)),
                places: self.places.unwrap_or(villages.places),
                substitutes: self.substitutes.unwrap_or(villages.substitutes),
                ..wanted
            },
        }
    }
}

impl Wanted {
    pub(super) fn check(&self, checks: &mut Checks) {
        let staged = self.first_stage.is_some();
        let households = self.level == Level::Household;
        let strata_fit = match self.strata {
            None => true,
            Some(Strata::Village) => staged,
            Some(Strata::County | Strata::Township) => !staged,
        };
        let source_fits = self.source.is_none_or(|source| (source == Source::Households) == households);
        for (pointer, misplaced) in [
            ("/county", staged && self.county.is_some()),
            ("/first_stage", staged && !households),
            ("/villages", self.villages.is_some() && !staged),
            ("/source", !source_fits),
            ("/statuses", self.statuses.is_some() && !households),
            ("/method", self.method == Method::Pps && households),
            ("/sizes", self.sizes.is_some() && self.method == Method::Srs),
            ("/strata", !strata_fit),
        ] {
            if misplaced {
                checks.fault(pointer, Fault::NotApplicable);
            }
        }
        if self.method == Method::Pps && self.sizes.is_none() {
            checks.fault("/sizes", Fault::Required);
        }
        checks.extend(stages::amounts(self.places, self.substitutes));
        checks.extend(stages::wrong_statuses(self.statuses.as_deref()));
        checks.optional_name("/public_source", self.public_source.as_deref(), SOURCE_MAX);
        if self.villages.as_ref().is_some_and(|villages| villages.len() > VILLAGES_MOST) {
            checks.fault("/villages", Fault::TooMany { max: VILLAGES_MOST });
        }
    }

    /// The draw of villages that was named.
    pub(super) fn first_stage(
        &self,
        conn: &mut Conn,
        campaign: Uuid,
        sight: &Sight,
        checks: &mut Checks,
    ) -> Result<Option<Row>, Problem> {
        let Some(id) = self.first_stage else { return Ok(None) };
        let Some(row) = draws::find(conn, campaign, id, sight)?.filter(|row| row.level == "village") else {
            checks.fault("/first_stage", Fault::NotThere);
            return Ok(None);
        };
        if published::state(&row)? != State::Drawn {
            return Err(Problem::new(Code::Conflict).detail(
                "The first stage is not drawn yet: reveal its seed first.",
                "第一阶段尚未抽取，请先公开其种子。",
            ));
        }
        Ok(Some(row))
    }

    pub(super) fn county(
        &self,
        conn: &mut Conn,
        first: Option<&Row>,
        checks: &mut Checks,
    ) -> Result<Option<Bucket>, Problem> {
        match (first, &self.county) {
            (Some(first), _) => return Ok(Some(first.county()?)),
            (None, None) if self.first_stage.is_none() => checks.fault("/county", Fault::Required),
            (None, None) => {}
            (None, Some(code)) => {
                if let Ok(county) = code.parse::<Bucket>()
                    && let Some(county) = buckets::existing(conn, &BTreeSet::from([county]))?.pop_first()
                {
                    return Ok(Some(county));
                }
                checks.fault("/county", Fault::UnknownBucket);
            }
        }
        Ok(None)
    }

    /// The frame as it stands now, by id.
    pub(super) fn frame(
        &self,
        conn: &mut Conn,
        scope: &Scope,
        county: Bucket,
        first: Option<&Document>,
    ) -> Result<Vec<Unit>, Problem> {
        let mut frame = match self.level {
            Level::Village => self.villages(conn, scope, county)?,
            Level::Household => self.households(conn, scope, county, first)?,
        };
        frame.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(frame)
    }

    fn villages(&self, conn: &mut Conn, scope: &Scope, county: Bucket) -> Result<Vec<Unit>, Problem> {
        let registered = frames::registered(conn, scope, county)?;
        let sheets = frames::sheets(conn, scope, county)?;
        let codes: BTreeSet<String> = match self.source() {
            Source::Divisions | Source::Households => frames::divisions(conn, county, today())?.into_iter().collect(),
            Source::Registered => registered.keys().cloned().collect(),
            Source::Villages => sheets.iter().map(|sheet| sheet.village.clone()).collect(),
            Source::PoorVillages => sheets.iter().filter(|s| s.poor).map(|sheet| sheet.village.clone()).collect(),
        };
        let told = |of: fn(&Sheet) -> Option<i64>| -> BTreeMap<String, i64> {
            sheets.iter().filter_map(|sheet| Some((sheet.village.clone(), of(sheet)?))).collect()
        };
        let sizes = match self.sizes {
            None => None,
            Some(Sizes::Registered) => Some(codes.iter().map(|code| (code.clone(), 0)).chain(registered).collect()),
            Some(Sizes::Households) => Some(told(|sheet| sheet.households)),
            Some(Sizes::People) => Some(told(|sheet| sheet.people)),
            Some(Sizes::PoorHouseholds) => Some(told(|sheet| sheet.poor_households)),
            Some(Sizes::PoorPeople) => Some(told(|sheet| sheet.poor_people)),
        };
        let size = |code: &String| match &sizes {
            None => Some(1),
            Some(sizes) => sizes.get(code).and_then(|size| u32::try_from(*size).ok()),
        };
        let unknown = codes.iter().filter(|code| size(code).is_none()).count();
        if unknown > 0 {
            return Err(Problem::new(Code::Conflict).detail(
                format!("Of {unknown} villages it is not known how large they are: fill in their sheets, or choose other sizes."),
                format!("有 {unknown} 个村的规模未知，请补全村表或改用其他规模指标。"),
            ));
        }
        let unit = |id: String| Unit { stratum: self.stratum(county, &id), size: size(&id).unwrap_or_default(), id };
        Ok(codes.into_iter().map(unit).collect())
    }

    fn households(
        &self,
        conn: &mut Conn,
        scope: &Scope,
        county: Bucket,
        first: Option<&Document>,
    ) -> Result<Vec<Unit>, Problem> {
        let drawn = first.map(Document::villages);
        if let (Some(drawn), Some(villages)) = (&drawn, &self.villages) {
            let mut checks = Checks::new();
            for (i, _) in villages.iter().enumerate().filter(|(_, code)| !drawn.contains_key(code.as_str())) {
                checks.fault(&format!("/villages/{i}"), Fault::NotThere);
            }
            checks.done()?;
        }
        let here = |village: &String| {
            let asked = self.villages.as_ref().is_none_or(|villages| villages.contains(village));
            asked && drawn.as_ref().is_none_or(|drawn| drawn.contains_key(village.as_str()))
        };
        let wanted = |status: &Option<String>| match (&self.statuses, status) {
            (None, _) => true,
            (Some(statuses), Some(status)) => statuses.contains(status),
            (Some(_), None) => false,
        };
        let found = frames::households(conn, scope, county)?.into_iter();
        let found = found.filter(|household| here(&household.village) && wanted(&household.status));
        Ok(found.map(|h| Unit { id: h.id.to_string(), stratum: self.stratum(county, &h.village), size: 1 }).collect())
    }

    fn source(&self) -> Source {
        match self.level {
            Level::Village => self.source.unwrap_or(Source::Divisions),
            Level::Household => Source::Households,
        }
    }

    fn strata(&self) -> Strata {
        if self.first_stage.is_some() { Strata::Village } else { self.strata.unwrap_or(Strata::County) }
    }

    fn stratum(&self, county: Bucket, village: &str) -> String {
        match self.strata() {
            Strata::County => county.to_string(),
            Strata::Township => village.chars().take(9).collect(),
            Strata::Village => village.to_owned(),
        }
    }

    pub(super) fn plan(&self, frame: &Vec<Unit>, basis: Basis<'_>) -> Plan {
        let sorted = |list: &Vec<String>| list.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        Plan {
            draw: Uuid::now_v7(),
            campaign: basis.campaign,
            county: basis.county.to_string(),
            level: self.level,
            source: self.source(),
            statuses: self.statuses.as_ref().map(sorted),
            method: self.method,
            sizes: self.sizes,
            strata: self.strata(),
            places: self.places,
            substitutes: self.substitutes,
            units: frame.len() as u32,
            frame_digest: digest(frame),
            first_stage: basis.first_stage.map(|first| FirstStage { draw: first.id, digest: digest(first) }),
            public_source: self.public_source.clone(),
            commitment: commitment(basis.seed),
            committed_at: format_ms(basis.now.ms()),
            committed_by: basis.user,
        }
    }
}
