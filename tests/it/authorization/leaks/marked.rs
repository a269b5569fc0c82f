//! The marked world: in each of five counties, two of them of other prefectures and one of another province, a team of
//! its own has written records of every collection, edited and deleted them, got into conflicts and had operations
//! held; all of it, and everybody's names, bear marks of the place.

use super::super::elsewhere::{self, GUIZHOU, NANMING};
use super::fill::{Filled, Marker, fill};
use super::model::{Eyes, Home, Model, Thing};
use crate::support::*;

/// 锦江区, in the province's first prefecture.
pub(crate) const JINJIANG: &str = "510104";

/// The team of one county.
pub(crate) struct Post {
    pub(crate) county: &'static str,
    pub(crate) region: &'static str,
    pub(crate) team: String,
    pub(crate) assignment: String,
    pub(crate) phones: [Phone; 2],
    /// The id of one record of each collection, with a past.
    pub(crate) records: Vec<Rec>,
}

pub(crate) struct Marked<'w> {
    pub(crate) w: &'w World,
    pub(crate) model: Model,
    pub(crate) guizhou: Phone,
    pub(crate) posts: Vec<Post>,
    pub(crate) document: Value,
    dictionary: Value,
    /// Of the other province.
    campaign: String,
}

fn county(code: &str) -> Home {
    Home::County(code.into())
}

fn person(region: &str, user: &str) -> Home {
    Home::People { region: region.into(), user: Some(user.into()), team: None }
}

fn team(region: &str, team: &str) -> Home {
    Home::People { region: region.into(), user: None, team: Some(team.into()) }
}

impl<'w> Marked<'w> {
    pub(crate) fn new(w: &'w World) -> Self {
        let guizhou = elsewhere::found(w);
        let marker = Marker::new(GUIZHOU);
        let name = marker.mark();
        let body = json!({ "name": name, "from": "2015-04-15", "to": "2015-05-05" });
        let campaign = id_of(&guizhou.post("/v1/campaigns", &body).send().created());
        let mut marked = Self {
            document: w.session.get("/openapi.json").send().ok(),
            dictionary: w.province().get("/v1/dictionary").send().ok(),
            w,
            model: Model::default(),
            guizhou,
            posts: Vec::new(),
            campaign,
        };
        marked.cast();
        let province = Home::Province(GUIZHOU.into());
        marked.model.add("campaigns", &marked.campaign, province.clone(), vec![name]);
        marked.model.named(&[&marked.guizhou.user], &province);
        for (region, county) in
            [("51", JINYANG), ("5134", ZHAOJUE), ("5134", XIDE), ("5116", WUSHENG), ("51", JINJIANG), ("52", NANMING)]
        {
            let post = marked.found(region, county);
            marked.posts.push(post);
        }
        marked
    }

    pub(crate) fn post(&self, county: &str) -> &Post {
        self.posts.iter().find(|post| post.county == county).expect("a team is posted there")
    }

    /// One more phone of the team of a county.
    pub(crate) fn new_phone(&mut self, county: &str) -> Phone {
        let post = self.post(county);
        let (region, name, user) = (post.region, post.phones[0].name.clone(), post.phones[0].user.clone());
        let phone = elsewhere::phone_of(self.w, &name, &user);
        self.model.add("devices", &phone.device, person(region, &user), Vec::new());
        phone
    }

    /// Every county that these eyes have, also one where nothing is.
    pub(crate) fn counties(&self, eyes: &Eyes) -> Vec<String> {
        let all = cast::counties("").into_iter().chain(elsewhere::counties());
        let mut counties: Vec<String> = all.filter(|county| eyes.has(county)).collect();
        counties.sort();
        counties
    }

    /// The entity tag of what stands at a path, read by whoever may.
    pub(crate) fn tag(&self, path: &str) -> Option<String> {
        let replies = [self.w.province(), &self.guizhou.session].map(|office| office.get(path).send());
        replies.iter().find_map(|reply| reply.header("etag").map(Into::into))
    }

    /// Takes in what an office of `province` made: its texts are marks.
    pub(crate) fn learn(&mut self, kind: &str, made: &Value, province: &str) {
        let id = id_of(made);
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        let region = text("region");
        match kind {
            "teams" => self.model.add("teams", &id, team(&region, &id), vec![text("name")]),
            "users" => self.model.add("users", &id, person(&region, &id), vec![text("username")]),
            "assignments" => {
                let home = Home::Assignment { county: text("county"), team: text("team") };
                self.model.add("assignments", &id, home.clone(), Vec::new());
                let maker = text("created_by");
                self.model.named(&[&text("team"), &maker], &home);
                return;
            }
            other => panic!("{province} made {other}: say whose it is"),
        };
    }

    /// A campaign that these eyes see.
    pub(crate) fn own_campaign(&self, eyes: &Eyes) -> String {
        if eyes.region.starts_with(GUIZHOU) { self.campaign.clone() } else { self.w.cast().campaign.clone() }
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

    /// Whom the template and this world brought, without marks.
    fn cast(&mut self) {
        let (w, model) = (self.w, &mut self.model);
        let of = [
            ("province", "51"),
            ("liangshan", "5134"),
            ("guangan", "5116"),
            ("ali", "51"),
            ("bo", "51"),
            ("chen", "5134"),
            ("deng", "5116"),
            ("er", "5134"),
        ];
        let devices = |name: &str| w.cast().phones.get(name).map(|(_, device)| device.clone());
        for (name, region) in of {
            let user = &w.cast().users[name];
            model.add("users", user, person(region, user), Vec::new());
            if let Some(device) = devices(name) {
                model.add("devices", &device, person(region, user), Vec::new());
            }
        }
        let (user, device) = (&self.guizhou.user, &self.guizhou.device);
        model.add("users", user, person(GUIZHOU, user), Vec::new());
        model.add("devices", device, person(GUIZHOU, user), Vec::new());
        for (name, region) in [("one", "51"), ("two", "5134"), ("three", "5116"), ("four", "5134")] {
            let id = &w.cast().teams[name];
            model.add("teams", id, team(region, id), Vec::new());
        }
        let province = Home::Province("51".into());
        model.add("campaigns", &w.cast().campaign, province.clone(), Vec::new());
        model.named(&[&w.cast().users["province"]], &province);
        for (name, id) in &w.cast().assignments {
            let (name, county) = name.split_once(' ').expect("team and county");
            let team = w.cast().teams[name].clone();
            let home = Home::Assignment { county: county.into(), team: team.clone() };
            model.add("assignments", id, home.clone(), Vec::new());
            model.named(&[&team, &w.cast().users["province"]], &home);
        }
    }

    /// The office that rules there, and its user.
    fn office(&self, county: &str) -> (&Session, String) {
        if county.starts_with(GUIZHOU) {
            (&self.guizhou.session, self.guizhou.user.clone())
        } else {
            (self.w.province(), self.w.cast().users["province"].clone())
        }
    }

    fn found(&mut self, region: &'static str, place: &'static str) -> Post {
        let marker = Marker::new(place);
        let (office, chief) = self.office(place);
        let office = office.clone();
        let make = |path: &str, body: Value| id_of(&office.post(path, &body).send().created());
        // An office's clerk, who does nothing but be there.
        let (name, display) = (marker.mark(), marker.mark());
        let role = if region.len() == 2 { "provincial" } else { "prefecture" };
        let body = json!({ "username": name, "display_name": display, "password": cast::PASSWORD, "role": role,
            "region": region });
        let clerk = make("/v1/users", body);
        self.model.add("users", &clerk, person(region, &clerk), vec![name, display]);

        let [name, leader, member] = [0; 3].map(|_| marker.mark());
        let body =
            json!({ "name": name, "region": region, "leader": { "name": leader }, "members": [{ "name": member }] });
        let own = make("/v1/teams", body);
        self.model.add("teams", &own, team(region, &own), vec![name, leader, member]);

        let (name, display) = (marker.mark(), marker.mark());
        let body = json!({ "username": name, "display_name": display, "password": cast::PASSWORD, "role": "team",
            "team": own });
        let user = make("/v1/users", body);
        self.model.add("users", &user, person(region, &user), vec![name.clone(), display]);
        let phones = [0; 2].map(|_| {
            let marks = [0; 3].map(|_| marker.mark());
            let device = json!({ "name": marks[0], "platform": marks[1], "app_version": marks[2] });
            let body = json!({ "username": name, "password": cast::PASSWORD, "device": device });
            let tokens = self.w.session.post("/v1/auth/login", &body).send().ok();
            let device = tokens["device"]["id"].as_str().expect("a device").to_owned();
            self.model.add("devices", &device, person(region, &user), marks.into());
            Phone::new(&self.w.session, &tokens, &name, &user, &device)
        });

        let campaign = if region.starts_with(GUIZHOU) { &self.campaign } else { &self.w.cast().campaign }.clone();
        let body = json!({ "campaign": campaign, "team": own, "county": place, "kind": "prefecture",
            "from": "2015-04-15", "to": "2015-05-05" });
        let assignment = make("/v1/assignments", body);
        let home = Home::Assignment { county: place.into(), team: own.clone() };
        self.model.add("assignments", &assignment, home.clone(), Vec::new());
        self.model.named(&[&own, &chief], &home);

        let mut post = Post { county: place, region, team: own, assignment, phones, records: Vec::new() };
        post.records = self.work(&post, &campaign, &marker);
        let [one, two] = &post.phones;
        let er = self.w.er();
        let authors =
            [&post.team, &user, &one.device, &two.device, &chief, &er.user, &er.device, &self.w.cast().teams["four"]];
        self.model.named(&authors.map(String::as_str), &county(place));
        post
    }

    /// What a team does in its county; the ids of the records that live.
    fn work(&mut self, post: &Post, campaign: &str, marker: &Marker) -> Vec<Rec> {
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
}
