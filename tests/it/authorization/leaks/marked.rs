//! The marked world: in each of five counties, two of them of other prefectures and one of another province, a team of
//! its own has written records of every collection, edited and deleted them, got into conflicts and had operations
//! held; all of it, and everybody's names, bear marks of the place.

use super::super::elsewhere::{self, GUIZHOU, NANMING};
use super::fill::Marker;
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
    pub(super) dictionary: Value,
    /// Of the other province.
    campaign: String,
}

pub(super) fn county(code: &str) -> Home {
    Home::County(code.into())
}

pub(super) fn person(region: &str, user: &str) -> Home {
    Home::People { region: region.into(), user: Some(user.into()), team: None }
}

pub(super) fn team(region: &str, team: &str) -> Home {
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
        marked.listed_campaign();
        marked.forms();
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

    /// The entity tag of what stands at a path, read by whoever may.
    pub(crate) fn tag(&self, path: &str) -> Option<String> {
        let replies = [self.w.province(), &self.guizhou.session].map(|office| office.get(path).send());
        replies.iter().find_map(|reply| reply.header("etag").map(Into::into))
    }

    /// Where a thing stands.
    pub(crate) fn path(&self, thing: &Thing) -> String {
        match (&thing.home, thing.kind) {
            (Home::County(place) | Home::Hidden(place), "draws") => {
                let campaign = if place.starts_with(GUIZHOU) { &self.campaign } else { &self.w.cast().campaign };
                format!("/v1/campaigns/{campaign}/draws/{}", thing.id)
            }
            _ => format!("/v1/{}/{}", thing.kind, thing.id),
        }
    }

    /// A campaign that these eyes see.
    pub(crate) fn own_campaign(&self, eyes: &Eyes) -> String {
        self.campaign_of(&eyes.region)
    }

    /// The campaign of which a place's visits are.
    pub(crate) fn campaign_of(&self, place: &str) -> String {
        if place.starts_with(GUIZHOU) { self.campaign.clone() } else { self.w.cast().campaign.clone() }
    }

    /// A campaign that names its counties, of every prefecture: each caller is told their own.
    fn listed_campaign(&mut self) {
        let name = Marker::new("51").mark();
        let counties: Vec<Value> = cast::counties("51").iter().map(|county| json!({ "county": county })).collect();
        let body = json!({ "name": name, "from": "2015-04-15", "to": "2015-05-05", "counties": counties });
        let id = id_of(&self.w.province().post("/v1/campaigns", &body).send().created());
        let province = Home::Province("51".into());
        self.model.add("campaigns", &id, province.clone(), vec![name]);
        self.model.named(&[&self.w.cast().users["province"]], &province);
    }

    /// Those that came with the server are everybody's; each province has published one of its own.
    fn forms(&mut self) {
        for form in self.w.province().all("/v1/forms") {
            self.model.add("forms", &id_of(&form), Home::Province(String::new()), Vec::new());
        }
        for region in ["51", GUIZHOU] {
            let marker = Marker::new(region);
            let (office, user) = self.office(region);
            let [form, title, name, choice] = [0; 4].map(|_| marker.mark());
            let label = json!({ "en": title });
            let question = json!({ "name": name, "type": "select_one", "label": label,
                "choices": [{ "value": choice, "label": label }] });
            let definition = json!({ "form": form, "level": "household", "title": label,
                "sections": [{ "title": label, "questions": [question] }] });
            let id = id_of(&office.post("/v1/forms", &json!({ "definition": definition })).send().created());
            let home = Home::Province(region.into());
            self.model.add("forms", &id, home.clone(), vec![form, title, name, choice]);
            self.model.named(&[&user], &home);
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
    pub(super) fn office(&self, county: &str) -> (&Session, String) {
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
        self.draw(place, &campaign);
        let [one, two] = &post.phones;
        let er = self.w.er();
        let authors =
            [&post.team, &user, &one.device, &two.device, &chief, &er.user, &er.device, &self.w.cast().teams["four"]];
        self.model.named(&authors.map(String::as_str), &county(place));
        post
    }
}
