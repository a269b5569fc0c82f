//! What was recorded, and one rule for each kind of number.

use super::sample::{Estimate, Stratum};
use super::*;

pub(super) struct Raw {
    campaign: Value,
    /// The area of each county.
    counties: BTreeMap<String, String>,
    households: Vec<Value>,
    /// Of the campaign.
    visits: Vec<Value>,
    elsewhere: BTreeSet<String>,
    villages: Vec<Value>,
    interviews: Vec<Value>,
    photos: Vec<Value>,
    findings: Vec<Value>,
    /// Whole documents, and their units.
    draws: Vec<(Value, Vec<Value>)>,
    assignments: Vec<Value>,
    teams: BTreeMap<String, Value>,
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn state(visit: &Value) -> &str {
    visit["fields"]["state"].as_str().unwrap_or("done")
}

fn is_done(visit: &Value) -> bool {
    state(visit) == "done"
}

impl Raw {
    pub(super) fn read(w: &World) -> Self {
        let all = |of: &str| w.province().all(&format!("/v1/{of}"));
        let path = format!("/v1/campaigns/{}", w.cast().campaign);
        let campaign = w.province().get(&path).send().ok();
        let counties = campaign["counties"].as_array().unwrap().iter();
        let (visits, elsewhere): (Vec<Value>, Vec<Value>) =
            all("visits").into_iter().partition(|visit| visit["fields"]["campaign"] == campaign["id"]);
        let draws = w.province().all(&format!("{path}/draws")).into_iter().map(|draw| {
            let of = format!("{path}/draws/{}", id_of(&draw));
            (w.province().get(&of).send().ok(), w.province().all(&format!("{of}/units")))
        });
        Self {
            counties: counties
                .map(|one| (text(one, "county").to_owned(), one["area"].as_str().unwrap_or("outside").to_owned()))
                .collect(),
            households: all("households"),
            visits,
            elsewhere: elsewhere.iter().map(id_of).collect(),
            villages: all("villages"),
            interviews: all("interviews"),
            photos: all("photos"),
            findings: all("findings"),
            draws: draws.collect(),
            assignments: all("assignments").into_iter().filter(|one| one["campaign"] == campaign["id"]).collect(),
            teams: all("teams").into_iter().map(|team| (id_of(&team), team)).collect(),
            campaign,
        }
    }

    /// Rules for what is told of the counties whose codes begin so.
    pub(super) fn within<'a>(&'a self, session: &'a Session, prefix: &'a str) -> Rules<'a> {
        Rules { raw: self, session, prefix, answers: BTreeMap::new(), told: Vec::new() }
    }
}

pub(super) struct Rules<'a> {
    raw: &'a Raw,
    session: &'a Session,
    prefix: &'a str,
    /// For what numbers are about.
    answers: BTreeMap<String, Value>,
    /// Pointers and what they come to.
    pub(super) told: Vec<(String, f64)>,
}

impl Rules<'_> {
    pub(super) fn reckon(&mut self, figure: &Value) -> f64 {
        let query = text(figure, "query").to_owned();
        let session = self.session;
        self.answers.entry(query.clone()).or_insert_with(|| session.get(&query).send().ok());
        let number = self.number(&query, text(figure, "pointer"));
        self.told.push((text(figure, "pointer").to_owned(), number));
        match figure["divided_by"].as_str() {
            Some(divisor) => number / self.number(&query, divisor),
            None => number,
        }
    }

    fn number(&self, query: &str, pointer: &str) -> f64 {
        let about = &self.answers[query];
        let (path, params) = query.split_once('?').unwrap_or((query, ""));
        let param = |name: &str| params.split('&').find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
        let counties = |item: &str| {
            self.counties(param("level").unwrap(), text(about.pointer(&format!("/items/{item}")).unwrap(), "code"))
        };
        let parts: Vec<&str> = pointer.split('/').skip(1).collect();
        match (path.rsplit('/').next().unwrap(), parts.as_slice()) {
            ("coverage", ["min_days_on_site"]) => self.raw.campaign["min_days_on_site"].as_f64().unwrap(),
            ("coverage", ["items", item, rest @ ..]) => self.raw.coverage(&counties(item), rest),
            ("findings", ["items", item, rest @ ..]) => self.raw.found(&counties(item), rest),
            ("findings", ["frequent", i, "count"]) => {
                let one = &about["frequent"][i.parse::<usize>().unwrap()];
                let alike = |finding: &&Value| {
                    finding["fields"]["title"] == one["title"] && finding["fields"]["topic"] == one["topic"]
                };
                self.raw.problems(&self.counties("province", "51")).filter(alike).count() as f64
            }
            ("spot-checks", ["overall", what]) => self.raw.spot_checks(&self.counties("province", "51"), what),
            ("statistics", ["topics", topic, "questions", question, rest @ ..]) => {
                let question = about.pointer(&format!("/topics/{topic}/questions/{question}")).unwrap();
                self.raw.answered(&self.counties("province", "51"), param("level").unwrap(), question, rest)
            }
            _ => panic!("no rule for {pointer} of {query}"),
        }
    }

    fn counties(&self, level: &str, code: &str) -> BTreeSet<&str> {
        let is = |(county, area): &(&String, &String)| match level {
            "area" => *area == code,
            "province" | "prefecture" | "county" => county.starts_with(code),
            _ => panic!("no level {level}"),
        };
        let all = self.raw.counties.iter().filter(|(county, _)| county.starts_with(self.prefix));
        all.filter(is).map(|(county, _)| county.as_str()).collect()
    }
}

type Counties<'a> = BTreeSet<&'a str>;

/// Of an interview: not for the sample, the day, the visit, the interview.
type Order<'a> = (bool, &'a str, String, String);

/// An answer, and the draw and the drawn unit for which it was given.
type Said<'a> = (&'a Value, Option<(usize, &'a Value)>);

impl Raw {
    fn of<'a>(records: &'a [Value], counties: &Counties<'_>) -> Vec<&'a Value> {
        records.iter().filter(|record| counties.contains(text(record, "bucket"))).collect()
    }

    fn coverage(&self, counties: &Counties<'_>, what: &[&str]) -> f64 {
        let visits = Self::of(&self.visits, counties);
        let done = || visits.iter().copied().filter(|visit| is_done(visit));
        let registered =
            || Self::of(&self.households, counties).into_iter().filter(|home| home["fields"]["status"] != "removed");
        let count = match what {
            ["counties", "all"] => counties.len(),
            ["counties", "reached"] => done().map(|visit| text(visit, "bucket")).collect::<BTreeSet<_>>().len(),
            ["households", "registered"] => registered().count(),
            ["households", "visited"] => {
                let visited: BTreeSet<_> =
                    done().map(|visit| (text(visit, "bucket"), text(&visit["fields"], "household"))).collect();
                registered().filter(|home| visited.contains(&(text(home, "bucket"), text(home, "id")))).count()
            }
            ["visits", method, of] => {
                visits.iter().filter(|visit| visit["fields"]["method"] == *method && state(visit) == *of).count()
            }
            ["interviews", level] => {
                let ids: BTreeSet<&str> = done().map(|visit| text(visit, "id")).collect();
                let interviews = Self::of(&self.interviews, counties).into_iter().map(|interview| &interview["fields"]);
                interviews.filter(|fields| fields["level"] == *level && ids.contains(text(fields, "visit"))).count()
            }
            ["slots", of] => self.slots(counties, of),
            ["team_days"] => counties.iter().map(|county| self.days(county).len()).sum(),
            ["leaders", of] => counties.iter().map(|county| self.leaders(county, *of == "enough")).sum(),
            _ => panic!("no rule for {what:?}"),
        };
        count as f64
    }

    /// Whether a visit was to a unit in whose name it was.
    fn fills(visit: &Value, unit: &Value) -> bool {
        let fields = &visit["fields"];
        is_done(visit)
            && fields["sample_slot"] == unit["id"]
            && (fields["household"] == unit["unit"] || fields["village"] == unit["unit"])
    }

    fn slots(&self, counties: &Counties<'_>, of: &str) -> usize {
        let draws = self.draws.iter().filter(|(draw, _)| counties.contains(text(&draw["plan"], "county")));
        let units = draws.flat_map(|(_, units)| units).filter(|unit| unit["state"] != "waiting");
        let state = |unit: &Value| match text(unit, "state") {
            "replaced" => "replaced",
            _ if self.visits.iter().any(|visit| Self::fills(visit, unit)) => "done",
            _ => "open",
        };
        units.filter(|unit| state(unit) == of).count()
    }

    /// By team and day, the participants of each visit that shows that somebody was there.
    fn days(&self, county: &str) -> BTreeMap<(&str, &str), Vec<&Value>> {
        let here: Counties<'_> = [county].into();
        let near = |visit: &Value| {
            let place = |of: &Value| {
                Some((of["fields"]["location"]["lat"].as_f64()?, of["fields"]["location"]["lon"].as_f64()?))
            };
            let Some((lat, lon)) = place(visit).filter(|_| visit["fields"]["mock_location"] != true) else {
                return false;
            };
            Self::of(&self.villages, &here).into_iter().filter_map(place).any(|(north, east)| {
                let (a, b) = (((north - lat).to_radians() / 2.0).sin(), ((east - lon).to_radians() / 2.0).sin());
                let h = a * a + lat.to_radians().cos() * north.to_radians().cos() * b * b;
                2.0 * 6_371.0 * h.sqrt().asin() <= 5.0
            })
        };
        let asked = |visit: &Value| {
            self.interviews.iter().filter(|one| one["fields"]["visit"] == visit["id"]).map(id_of).collect::<Vec<_>>()
        };
        let shown = |visit: &Value| {
            let subjects =
                [vec![("visits", id_of(visit))], asked(visit).into_iter().map(|id| ("interviews", id)).collect()]
                    .concat();
            self.photos.iter().any(|photo| {
                subjects.iter().any(|(of, id)| photo["fields"]["subject"] == json!({ "collection": of, "id": id }))
            })
        };
        let mut days: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
        for visit in Self::of(&self.visits, &here).into_iter().filter(|visit| state(visit) != "void") {
            if (is_done(visit) && near(visit)) || !asked(visit).is_empty() || shown(visit) {
                let fields = &visit["fields"];
                days.entry((text(fields, "team"), text(fields, "day"))).or_default().push(&fields["participants"]);
            }
        }
        days
    }

    fn leaders(&self, county: &str, enough: bool) -> usize {
        let days = self.days(county);
        let own = || self.assignments.iter().filter(|one| one["county"] == county && one["kind"] != "spot_check");
        let teams: BTreeSet<&str> = own().map(|one| text(one, "team")).collect();
        let counted = teams.into_iter().filter(|team| {
            let Some(leader) = self.teams[*team]["leader"]["name"].as_str() else { return false };
            let of_team = || days.iter().filter(|((of, _), _)| of == team);
            let is_there = |list: &&&Value| {
                list.as_array().is_none_or(|all| all.is_empty() || all.iter().any(|one| one["name"] == leader))
            };
            let led = of_team().filter(|(_, lists)| lists.iter().any(|list| is_there(&list))).count();
            let open = own().any(|one| one["team"] == *team && one["closed_at"].is_null());
            (open || of_team().count() > 0)
                && (!enough || led as f64 >= self.campaign["min_days_on_site"].as_f64().unwrap())
        });
        counted.count()
    }

    fn findings(&self, counties: &Counties<'_>) -> Vec<&Value> {
        let ours =
            |finding: &&Value| finding["fields"]["visit"].as_str().is_none_or(|visit| !self.elsewhere.contains(visit));
        Self::of(&self.findings, counties).into_iter().filter(ours).collect()
    }

    fn problems(&self, counties: &Counties<'_>) -> impl Iterator<Item = &Value> {
        let problem = |fields: &Value| ["good_practice", "suggestion"].iter().all(|kind| fields["kind"] != *kind);
        self.findings(counties)
            .into_iter()
            .filter(move |one| problem(&one["fields"]) && one["fields"]["state"] != "rejected")
    }

    fn found(&self, counties: &Counties<'_>, what: &[&str]) -> f64 {
        let kept = |kind: &str| {
            self.findings(counties)
                .iter()
                .filter(|one| one["fields"]["kind"] == kind && one["fields"]["state"] != "rejected")
                .count()
        };
        let count = match what {
            ["problems"] => self.problems(counties).count(),
            ["good_practices"] => kept("good_practice"),
            ["suggestions"] => kept("suggestion"),
            // All that is due here was due in 2015.
            ["overdue"] => self
                .problems(counties)
                .filter(|one| one["fields"]["due_on"].is_string() && one["fields"]["state"] != "closed")
                .count(),
            ["states", state] => self
                .findings(counties)
                .iter()
                .filter(|one| one["fields"]["state"].as_str().unwrap_or("open") == *state)
                .count(),
            ["topics", topic, column] => {
                let severity =
                    |fields: &Value| fields["severity"].as_str().unwrap_or("low") == *column || *column == "all";
                self.problems(counties)
                    .filter(|one| one["fields"]["topic"] == *topic && severity(&one["fields"]))
                    .count()
            }
            _ => panic!("no rule for {what:?}"),
        };
        count as f64
    }

    /// What the interviews of households of a visit say, by form and question.
    fn said(&self, visit: &Value) -> BTreeMap<(String, String), &Value> {
        let mut interviews: Vec<&Value> = self
            .interviews
            .iter()
            .filter(|one| one["fields"]["visit"] == visit["id"] && one["fields"]["level"] == "household")
            .collect();
        interviews.sort_by_key(|one| id_of(one));
        let mut said = BTreeMap::new();
        for interview in interviews {
            let fields = interview["fields"].as_object().unwrap();
            let answers = fields.iter().filter_map(|(name, value)| Some((name.strip_prefix("answers.")?, value)));
            said.extend(answers.map(|(question, value)| {
                ((text(&interview["fields"], "form").to_owned(), question.to_owned()), value)
            }));
        }
        said
    }

    fn spot_checks(&self, counties: &Counties<'_>, what: &str) -> f64 {
        let only_checks = |visit: &Value| {
            let of = |one: &&Value| one["county"] == visit["bucket"] && one["team"] == visit["fields"]["team"];
            let mut own = self.assignments.iter().filter(of).peekable();
            own.peek().is_some() && own.all(|one| one["kind"] == "spot_check")
        };
        let mut homes: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
        for visit in Self::of(&self.visits, counties)
            .into_iter()
            .filter(|visit| is_done(visit) && visit["fields"]["household"].is_string())
        {
            homes.entry((text(visit, "bucket"), text(&visit["fields"], "household"))).or_default().push(visit);
        }
        let (mut compared, mut agreed) = (0.0, 0.0);
        for visits in homes.values_mut() {
            visits.sort_by_key(|visit| (text(&visit["fields"], "day").to_owned(), id_of(visit)));
            let Some(first) = visits.iter().find(|visit| !only_checks(visit)).map(|visit| self.said(visit)) else {
                continue;
            };
            for again in visits.iter().filter(|visit| only_checks(visit)) {
                for (question, answer) in self.said(again) {
                    if let Some(other) = first.get(&question) {
                        compared += 1.0;
                        agreed += f64::from(u8::from(*other == answer));
                    }
                }
            }
        }
        match what {
            "compared" => compared,
            "agreed" => agreed,
            "share" => agreed / compared,
            _ => panic!("no rule for {what}"),
        }
    }

    /// What each unit's interview that counts says.
    fn counted<'a>(&'a self, counties: &Counties<'_>, level: &str, form: &str, question: &str) -> Vec<Said<'a>> {
        // Those for the sample come first, then the earliest.
        let mut units: BTreeMap<(&str, &str), BTreeMap<Order<'_>, Said<'a>>> = BTreeMap::new();
        for interview in Self::of(&self.interviews, counties) {
            let fields = &interview["fields"];
            let visit = self.visits.iter().find(|visit| {
                visit["id"] == fields["visit"] && visit["bucket"] == interview["bucket"] && is_done(visit)
            });
            let Some(visit) = visit.filter(|_| fields["level"] == level && fields["form"] == form) else { continue };
            let unit = [&fields[level], &visit["fields"][level]]
                .into_iter()
                .find_map(Value::as_str)
                .filter(|_| level != "county");
            let slots = || {
                self.draws
                    .iter()
                    .enumerate()
                    .flat_map(|(n, (draw, units))| units.iter().map(move |unit| (n, draw, unit)))
            };
            let slot = slots().find(|(_, draw, drawn)| {
                draw["plan"]["level"] == level
                    && draw["plan"]["county"] == interview["bucket"]
                    && drawn["state"] == "active"
                    && Self::fills(visit, drawn)
                    && drawn["unit"].as_str() == unit
            });
            let slot = slot.map(|(n, _, drawn)| (n, drawn));
            let order = (slot.is_none(), text(&visit["fields"], "day"), id_of(visit), id_of(interview));
            let key = (text(interview, "bucket"), unit.unwrap_or_else(|| text(interview, "id")));
            units.entry(key).or_default().insert(order, (&fields[format!("answers.{question}")], slot));
        }
        units.into_values().filter_map(|mut all| Some(all.pop_first()?.1)).collect()
    }

    fn answered(&self, counties: &Counties<'_>, level: &str, question: &Value, what: &[&str]) -> f64 {
        let counted = self.counted(counties, level, text(question, "form"), text(question, "question"));
        let given: Vec<&Value> = counted.iter().map(|(answer, _)| *answer).filter(|answer| !answer.is_null()).collect();
        let is =
            |answer: &Value, value: &Value| answer == value || answer.as_array().is_some_and(|all| all.contains(value));
        let value = |k: &str| &question["values"][k.parse::<usize>().unwrap()]["value"];
        let mean = |of: &dyn Fn(&Value) -> f64| given.iter().map(|answer| of(answer)).sum::<f64>() / given.len() as f64;
        let numeric = |answer: &Value| answer.as_f64().unwrap();
        match what {
            ["observed"] => given.len() as f64,
            ["values", k, "plain_share"] => mean(&|answer| f64::from(u8::from(is(answer, value(k))))),
            ["numbers", "plain_mean"] => mean(&numeric),
            ["values", k, "share", end] => {
                Estimate::new(&self.strata(&counted, |answer| f64::from(u8::from(is(answer, value(k)))))).share(end)
            }
            ["numbers", "mean", end] => Estimate::new(&self.strata(&counted, numeric)).mean(end),
            _ => panic!("no rule for {what:?} of {question}"),
        }
    }

    /// What was reached of each stratum of the draws; simple random samples of one stage.
    fn strata(&self, counted: &[Said<'_>], number: impl Fn(&Value) -> f64) -> Vec<Stratum> {
        let mut strata: BTreeMap<(usize, &str), Vec<Option<f64>>> = BTreeMap::new();
        for (answer, slot) in counted {
            if let Some((draw, unit)) = slot {
                let value = (!answer.is_null()).then(|| number(answer));
                strata.entry((*draw, text(unit, "stratum"))).or_default().push(value);
            }
        }
        let counties: BTreeSet<&str> =
            strata.keys().map(|(draw, _)| text(&self.draws[*draw].0["plan"], "county")).collect();
        assert_eq!(
            counties.len(),
            strata.keys().map(|(draw, _)| draw).collect::<BTreeSet<_>>().len(),
            "two draws of one county"
        );
        let stratum = |((draw, name), values): ((usize, &str), Vec<Option<f64>>)| {
            let (document, _) = &self.draws[draw];
            assert!(document["plan"]["method"] == "srs" && document["first_stage"].is_null());
            let size = document["frame"].as_array().unwrap().iter().filter(|unit| unit["stratum"] == name).count();
            Stratum { size, values }
        };
        strata.into_iter().map(stratum).collect()
    }
}
