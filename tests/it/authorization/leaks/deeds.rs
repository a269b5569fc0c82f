//! What the teams of the marked world did, and what the model learns of what is done later.

use super::super::elsewhere::{self, GUIZHOU};
use super::fill::{Filled, Marker, fill};
use super::marked::{Marked, Post, county, person, team};
use super::model::{Home, Thing};
use crate::support::*;

impl Marked<'_> {
    /// What a team does in its county; the ids of the records that live.
    pub(super) fn work(&mut self, post: &Post, campaign: &str, marker: &Marker) -> Vec<Rec> {
        let place = post.county;
        let [one, two] = &post.phones;
        let (office, _) = self.office(place);
        let office = office.clone();
        let fill = |collection: &str| fill(&self.dictionary, collection, place, campaign, marker);
        let mut things: Vec<Thing> = Vec::new();
        let mut add = |kind, id: &str, home, listed, marks| {
            things.push(Thing { kind, id: id.into(), home, listed, marks, named_in: Vec::new() });
        };
        let (mut living, mut deleted) = (Vec::new(), Vec::new());
        for collection in COLLECTIONS {
            let (record, Filled { fields, marks }) = (Rec::new(collection, place), fill(collection));
            accepted(one.push_one(record.edit(fields)));
            add(collection, &record.id, county(place), true, marks);
            living.push(record);
            // A village's id follows from its code: there is one.
            if collection != "villages" {
                let (record, Filled { fields, marks }) = (Rec::new(collection, place), fill(collection));
                let pushed = one.push([record.edit(fields), record.delete()]);
                assert_eq!(pushed.statuses()[1], "applied", "{}", pushed.0);
                add(collection, &record.id, county(place), false, marks);
                deleted.push(record);
            }
        }
        // The second phone has not seen what the first wrote: two conflicts, one of them settled.
        let (first, second, third) = (marker.mark(), marker.mark(), marker.mark());
        for (n, mark) in [first, second].into_iter().enumerate() {
            let field = ["remarks", "relation"][n];
            let result = is(two.push_one(living[n].edit(json!({ field: mark }))), "merged");
            add("conflicts", &conflict_ids(&result)[0], county(place), true, vec![mark]);
            if n == 1 {
                let path = format!("/v1/conflicts/{}/resolve", conflict_ids(&result)[0]);
                office.post(&path, &json!({ "value": third })).send().ok();
            }
        }
        add("households", &new_id(), county(place), false, vec![third]);
        // One is parked, one quarantined, one rejected, and one names no county.
        let edits = [0; 4].map(|_| marker.mark());
        let stray = Rec::household(place);
        is(two.push_one(deleted[0].edit(json!({ "remarks": edits[0] }))), "parked");
        is(self.w.er().push_one(stray.create_with(json!({ "remarks": edits[1] }))), "quarantined");
        is(one.push_one(living[0].edit(json!({ "people": edits[2] }))), "rejected");
        is(one.push_one(Rec::household("999999").create_with(json!({ "remarks": edits[3] }))), "rejected");
        let held = |mark: &str| {
            let mut held = office.all("/v1/held-ops");
            held.retain(|held| held.to_string().contains(mark));
            assert_eq!(held.len(), 1, "one held operation with {mark}");
            id_of(&held[0])
        };
        for (n, mark) in edits.into_iter().enumerate() {
            let home = if n == 3 { Home::Nowhere(place[..2].into()) } else { county(place) };
            add("held-ops", &held(&mark), home, true, vec![mark]);
        }
        self.model.things.extend(things);
        living
    }

    /// The office draws among a county's households, and, not to be seen yet, among its villages.
    pub(super) fn draw(&mut self, place: &str, campaign: &str) {
        let (office, _) = self.office(place);
        let office = office.clone();
        let households = json!({ "level": "household", "visible_from": null });
        let villages = json!({ "level": "village", "source": "villages", "visible_from": wire(ago(-60)) });
        for (more, home) in [(households, county(place)), (villages, Home::Hidden(place.into()))] {
            let mut body = json!({ "county": place, "method": "srs", "places": { "total": 1 } });
            for (name, value) in more.as_object().expect("members") {
                body[name] = value.clone();
            }
            let path = format!("/v1/campaigns/{campaign}/draws");
            let id = id_of(&office.post(&path, &body).send().created());
            let draw = office.post(&format!("{path}/{id}/reveal"), &json!({})).send().ok();
            let marks = [&draw["drawn"]["seed"], &draw["plan_digest"], &draw["sample"][0]["id"]];
            let marks = marks.map(|mark| mark.as_str().expect("a text").to_owned());
            self.model.add("draws", &id, home, marks.into());
        }
    }

    /// One more phone of the team of a county.
    pub(crate) fn new_phone(&mut self, county: &str) -> Phone {
        let post = self.post(county);
        let (region, name, user) = (post.region, post.phones[0].name.clone(), post.phones[0].user.clone());
        let phone = elsewhere::phone_of(self.w, &name, &user);
        self.model.add("devices", &phone.device, person(region, &user), Vec::new());
        phone
    }

    /// Takes in what an office of `province` made: its texts are marks.
    pub(crate) fn learn(&mut self, kind: &str, made: &Value, province: &str) {
        let id = id_of(made);
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        let region = text("region");
        match kind {
            "teams" => {
                self.model.add("teams", &id, team(&region, &id), vec![text("name")]);
            }
            "users" => {
                self.model.add("users", &id, person(&region, &id), vec![text("username")]);
            }
            "assignments" => {
                let home = Home::Assignment { county: text("county"), team: text("team") };
                self.model.add("assignments", &id, home.clone(), Vec::new());
                let maker = text("created_by");
                self.model.named(&[&text("team"), &maker], &home);
            }
            other => panic!("{province} made {other}: say whose it is"),
        }
    }

    /// Takes in what was held since, with its authors.
    pub(crate) fn learn_held(&mut self) {
        for (office, province) in [(self.w.province(), "51"), (&self.guizhou.session, GUIZHOU)] {
            for held in office.all("/v1/held-ops?limit=1000") {
                let id = id_of(&held);
                if self.model.things.iter().any(|thing| thing.id == id) {
                    continue;
                }
                let home = held["bucket"].as_str().map_or_else(|| Home::Nowhere(province.into()), county);
                self.model.add("held-ops", &id, home.clone(), Vec::new());
                let authors = ["user", "device", "team"].map(|who| held[who].as_str().unwrap_or_default());
                let authors: Vec<&str> = authors.into_iter().filter(|id| !id.is_empty()).collect();
                self.model.named(&authors, &home);
            }
        }
    }
}
