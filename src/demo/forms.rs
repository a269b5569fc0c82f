//! What people record on a working day: visits with their interviews, corrections of the register, findings,
//! photos, village sheets, and now and then something that should not have been.
//!
//! Values that two phones may set on the same record are drawn from wide ranges, so that whether they differ
//! does not depend on who came first.

use chrono::NaiveDate;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use sync_core::{Bucket, Collection};
use uuid::Uuid;

use super::households::{CAUSES, id, in_village, location, object, one_of, phone, village_location};
use super::people::{self, Ethnicity};
use crate::device::{Change, Edit, Key};

/// The namespace of village sheets' ids.
pub(super) const VILLAGES: Uuid = Uuid::from_u128(0x6ba7_b814_9dad_11d1_80b4_00c0_4fd4_30c8);

/// Where and when a form is filled in.
pub(super) struct Place<'a> {
    pub bucket: Bucket,
    pub campaign: Uuid,
    /// The team's id, and the person who holds the phone.
    pub team: Uuid,
    pub person: &'a str,
    /// Who leads the team, with their rank, on the days on which they are there: all but every third.
    pub leader: Option<(&'a str, &'static str)>,
    pub day: NaiveDate,
    /// The household that is visited, and its village: code and name.
    pub household: Uuid,
    pub village: &'a str,
    pub village_name: &'a str,
    pub ethnicity: Ethnicity,
}

impl Place<'_> {
    fn edit(&self, collection: Collection, id: Uuid, fields: Value) -> Edit {
        Edit { key: Key::new(self.bucket, collection, id), change: Change::Upsert(object(fields)) }
    }

    fn at(&self, hour: u32, minute: u32) -> String {
        format!("{}T{hour:02}:{minute:02}:00.000+08:00", self.day)
    }

    /// A visit and its interview: one form to the person who fills it in. `slot`: the household is in the sample. The
    /// second of what it gives is the visit's id.
    pub(super) fn visit(&self, rng: &mut StdRng, slot: Option<Uuid>) -> (Vec<Edit>, Uuid) {
        let (hour, minute) = (rng.random_range(8..18), rng.random_range(0..30));
        let visit = id(rng, self.day);
        let leader = self.leader.map(|(name, rank)| json!({"name": name, "rank": rank}));
        let participants: Vec<Value> =
            leader.into_iter().chain([json!({"name": self.person, "rank": "staff"})]).collect();
        let mut fields = object(json!({
            "campaign": self.campaign,
            "method": one_of(rng, &["site_visit", "site_visit", "random_check"]),
            "level": "household",
            "village": self.village,
            "household": self.household,
            "day": self.day.to_string(),
            "started_at": self.at(hour, minute),
            "ended_at": self.at(hour, minute + 25),
            "location": self.location(rng),
            "participants": participants,
            "state": "done",
        }));
        // Half of the phones leave it to the server to say whose visit it was.
        if rng.random_bool(0.5) {
            fields.insert("team".into(), self.team.to_string().into());
        }
        if let Some(slot) = slot {
            fields.insert("sample_slot".into(), slot.to_string().into());
        }
        let respondent = people::person(rng, self.ethnicity, None).name;
        let interview = json!({
            "visit": visit,
            "level": "household",
            "household": self.household,
            "form": "household",
            "form_version": 1,
            "respondent": respondent,
            "respondent_relation": one_of(rng, &["户主", "配偶", "之子"]),
            "started_at": self.at(hour, minute + 5),
            "answers": answers(rng, self.household),
        });
        let edits = vec![
            Edit { key: Key::new(self.bucket, Collection::Visits, visit), change: Change::Upsert(fields) },
            self.edit(Collection::Interviews, id(rng, self.day), interview),
        ];
        (edits, visit)
    }

    fn location(&self, rng: &mut StdRng) -> Value {
        if self.village.is_empty() { location(rng, self.bucket) } else { in_village(rng, self.bucket, self.village) }
    }

    /// What the register has wrong about the household.
    pub(super) fn correction(&self, rng: &mut StdRng) -> Edit {
        let number = rng.random_range(800..9_000);
        let fields = match rng.random_range(0..5) {
            0 => json!({"income_per_capita": number, "income_wage": number * 3}),
            1 => json!({"phone": phone(rng), "remarks": format!("{}核实，收入约{number}元", self.person)}),
            2 => json!({"cause_main": one_of(rng, &CAUSES), "income_per_capita": number}),
            3 => json!({"housing_m2": rng.random_range(30..400), "housing_dangerous": null, "income_transfer": number}),
            _ => json!({"phone": null, "remarks": format!("电话停机，{}于{}入户{number}", self.person, self.day)}),
        };
        self.edit(Collection::Households, self.household, fields)
    }

    /// A second look at the same household: the fields that everybody corrects.
    pub(super) fn contested(&self, rng: &mut StdRng) -> Edit {
        let number: i32 = rng.random_range(800..90_000);
        let remarks = format!("{}：实际人均纯收入{number}元", self.person);
        self.edit(Collection::Households, self.household, json!({"income_per_capita": number, "remarks": remarks}))
    }

    pub(super) fn finding(&self, rng: &mut StdRng) -> Edit {
        let kind = one_of(rng, &["problem", "difficulty", "suggestion", "good_practice"]);
        let title = match kind {
            "good_practice" => one_of(rng, &["帮扶明白卡一户一卡", "村规民约促脱贫", "合作社分红到户", "夜校学技术"]),
            "suggestion" => one_of(rng, &["整合农村饮水项目资金", "提高危房改造补助", "增派驻村医生"]),
            _ => one_of(rng, &["帮扶记录不全", "饮水不安全", "危房未改造", "识别不准", "村道未硬化", "低保未应保尽保"]),
        };
        let fields = json!({
            "household": self.household,
            "village": self.village,
            "level": "household",
            "topic": one_of(rng, &["decisions", "plan_tasks", "targeted_practice", "difficulties"]),
            "kind": kind,
            "severity": one_of(rng, &["low", "medium", "high"]),
            "title": title,
            "detail": format!("{}入户发现：{title}", self.person),
            "due_on": if ["problem", "difficulty"].contains(&kind) { json!("2015-06-30") } else { Value::Null },
            "state": "open",
        });
        self.edit(Collection::Findings, id(rng, self.day), fields)
    }

    /// Of the household, or of the visit.
    pub(super) fn photo(&self, rng: &mut StdRng, visit: Uuid) -> Edit {
        let subject = if rng.random_bool(0.5) {
            json!({"collection": "households", "id": self.household})
        } else {
            json!({"collection": "visits", "id": visit})
        };
        let fields = json!({
            "subject": subject,
            "sha256": format!("{:032x}{:032x}", rng.random::<u128>(), rng.random::<u128>()),
            "bytes": rng.random_range(200_000..4_000_000),
            "mime": "image/jpeg",
            "width": 3264,
            "height": 2448,
            "taken_at": self.at(rng.random_range(8..18), rng.random_range(0..60)),
            "location": self.location(rng),
            "source": "camera",
            "caption": one_of(rng, &["住房外观", "厨房", "水源", "入户道路", "帮扶明白卡"]),
        });
        self.edit(Collection::Photos, id(rng, self.day), fields)
    }

    /// The sheet of the household's village: two phones that begin one make the same record.
    pub(super) fn village(&self, rng: &mut StdRng) -> Edit {
        let poor = rng.random_range(10..5_000);
        let fields = json!({
            "village": self.village,
            "location": village_location(self.bucket, self.village),
            "poor_village": true,
            "poor_households": poor,
            "poor_people": poor * 4,
            "first_secretary": self.person,
            "resident_team": format!("驻{}工作队", self.village_name),
            "collective_income": rng.random_range(0..90_000),
        });
        self.edit(Collection::Villages, Uuid::new_v5(&VILLAGES, self.village.as_bytes()), fields)
    }

    /// The household is in the register twice: this one goes.
    pub(super) fn duplicate(&self) -> Edit {
        Edit { key: Key::new(self.bucket, Collection::Households, self.household), change: Change::Delete }
    }

    /// What an app with a mistake in it lets through; what it says of the rest is not lost.
    pub(super) fn impossible(&self, rng: &mut StdRng) -> Edit {
        let phone = phone(rng);
        let fields = match rng.random_range(0..3) {
            0 => json!({"people": -3, "phone": phone}),
            1 => json!({"cause_main": "weather", "phone": phone}),
            _ => json!({"head_name": 7, "phone": phone}),
        };
        self.edit(Collection::Households, self.household, fields)
    }
}

/// What a household says, as its form allows. It says the same to everybody, but for one answer in fifteen; one interview in
/// fifty has a slip, which is kept and flagged.
fn answers(rng: &mut StdRng, household: Uuid) -> Value {
    let of = household.as_u64_pair();
    let mut own = StdRng::seed_from_u64(of.0 ^ of.1);
    let mut said = |rng: &mut StdRng, question: &dyn Fn(&mut StdRng) -> Value| {
        let (usual, other) = (question(&mut own), question(rng));
        if rng.random_bool(1.0 / 15.0) { other } else { usual }
    };
    let yes = |likely: f64| move |rng: &mut StdRng| Value::from(rng.random_bool(likely));
    let source = |rng: &mut StdRng| one_of(rng, &["migrant_work", "crops", "livestock", "subsidy"]).into();
    let wishes = |rng: &mut StdRng| {
        json!([one_of(rng, &["road", "water", "training"]), one_of(rng, &["housing", "medical", "loan"])])
    };
    let satisfied =
        |rng: &mut StdRng| one_of(rng, &["very_satisfied", "satisfied", "satisfied", "neutral", "dissatisfied"]).into();
    let mut answers = json!({
        "knows_registered": said(rng, &yes(0.9)),
        "knows_helper": said(rng, &yes(0.8)),
        "drinking_water_safe": said(rng, &yes(0.7)),
        "enough_food": said(rng, &yes(0.97)),
        "plan_known": said(rng, &yes(0.6)),
        "cooperative_joined": said(rng, &yes(0.2)),
        "income_source": said(rng, &source),
        "wishes": said(rng, &wishes),
        "satisfied": said(rng, &satisfied),
    });
    let visits = said(rng, &|rng| rng.random_range(0..20).into());
    if answers["knows_helper"] == true {
        answers["helper_visits"] = visits;
    }
    if rng.random_bool(0.02) {
        answers["helper_visits"] = 999.into();
    }
    answers
}

/// One more answer to an interview that was recorded earlier.
pub(super) fn answer(rng: &mut StdRng, bucket: Bucket, interview: Uuid) -> Edit {
    let question = one_of(rng, &["income_total", "debt", "medical_cost", "subsidy_received"]);
    let fields = object(json!({ "answers": { question: rng.random_range(0..100_000) } }));
    Edit { key: Key::new(bucket, Collection::Interviews, interview), change: Change::Upsert(fields) }
}
