//! What every reckoning of a campaign stands on: the campaign, in those counties that are meant and that the caller has.

use crate::caller::{Caller, not_found};
use crate::fields::{Area, Fault, OUTSIDE};
use crate::http::Problem;
use crate::http::checks::Checks;
use crate::insight::kept::Versions;
use crate::store::draws::Sight;
use crate::store::{Conn, Instant, Role, StoreError, campaign_counties, campaigns, coverage, divisions};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use sync_core::{Bucket, Scope};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which counties are meant; all of the campaign's where nothing is said.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
pub(super) struct Counties {
    /// Only the counties of this prefecture.
    #[param(example = "5134", pattern = "^[0-9]{4}$")]
    pub(super) prefecture: Option<String>,
    /// Only this county.
    #[param(example = "513430", pattern = "^[0-9]{6}$")]
    pub(super) county: Option<String>,
}

impl Counties {
    pub(super) fn check(&self, checks: &mut Checks) {
        for (pointer, text, length) in [("/prefecture", &self.prefecture, 4), ("/county", &self.county, 6)] {
            if text.as_ref().is_some_and(|text| text.len() != length || !text.bytes().all(|b| b.is_ascii_digit())) {
                checks.fault(pointer, Fault::InvalidForm);
            }
        }
    }

    /// 400 for what is no code.
    pub(super) fn checked(self) -> Result<Self, Problem> {
        let mut checks = Checks::new();
        self.check(&mut checks);
        checks.parameters()?;
        Ok(self)
    }

    fn mean(&self, county: Bucket) -> bool {
        let code = county.to_string();
        self.county.as_ref().is_none_or(|wanted| *wanted == code)
            && self.prefecture.as_ref().is_none_or(|wanted| code.starts_with(wanted.as_str()))
    }
}

/// What counties are taken together as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PlaceLevel)]
pub(super) enum Level {
    Province,
    /// The contiguous poor areas; counties that lie in none are told together as `outside`.
    Area,
    Prefecture,
    County,
}

impl Level {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Area => "area",
            Self::Prefecture => "prefecture",
            Self::County => "county",
        }
    }
}

/// The names of divisions, and of contiguous poor areas, by code.
pub(super) fn names(conn: &mut Conn, caller: &Caller) -> Result<BTreeMap<String, String>, StoreError> {
    let mut names = divisions::names_in(conn, caller.region.province())?;
    names.extend(Area::ALL.iter().map(|area| (area.name().to_owned(), area.label().zh.to_owned())));
    names.insert(OUTSIDE.value.to_owned(), OUTSIDE.label.zh.to_owned());
    Ok(names)
}

/// A campaign in the caller's counties.
pub(super) struct Ground {
    pub(super) campaign: campaigns::Campaign,
    /// Those that take part, are in scope and are meant.
    pub(super) counties: BTreeSet<Bucket>,
    /// The contiguous poor area that each of them lies in.
    areas: BTreeMap<Bucket, String>,
    /// The draws that the caller sees.
    pub(super) sight: Sight,
}

impl Ground {
    /// 404 unless the campaign is one of the caller's province.
    pub(super) fn find(conn: &mut Conn, caller: &Caller, id: Uuid, meant: &Counties) -> Result<Self, Problem> {
        let campaign = campaigns::find(conn, id, caller.region.province())?.ok_or_else(not_found)?;
        let taking_part = campaign_counties::of(conn, [id], caller.scope())?.remove(&id).unwrap_or_default();
        let meant = taking_part.into_iter().filter(|county| meant.mean(county.bucket));
        let area = |area: Option<String>| area.unwrap_or_else(|| OUTSIDE.value.to_owned());
        let areas: BTreeMap<Bucket, String> = meant.map(|county| (county.bucket, area(county.area))).collect();
        let sight = match caller.role {
            Role::Provincial => Sight::whole(caller.scope()),
            Role::Prefecture | Role::Team => Sight::at(caller.scope(), Instant::now()),
        };
        Ok(Self { campaign, counties: areas.keys().copied().collect(), areas, sight })
    }

    pub(super) fn id(&self) -> Uuid {
        self.campaign.id.0
    }

    /// The code of what a county is told with.
    pub(super) fn place(&self, county: Bucket, level: Level) -> String {
        let code = county.to_string();
        match level {
            Level::Province => code[..2].to_owned(),
            Level::Prefecture => code[..4].to_owned(),
            Level::County => code,
            Level::Area => self.areas.get(&county).map_or(OUTSIDE.value, String::as_str).to_owned(),
        }
    }

    pub(super) fn scope(&self) -> Scope {
        Scope::Counties(self.counties.clone())
    }

    /// What moves with everything that is worked out of the counties.
    pub(super) fn versions(&self, conn: &mut Conn) -> Result<Versions, StoreError> {
        coverage::versions(conn, self.id(), &self.counties)
    }
}
