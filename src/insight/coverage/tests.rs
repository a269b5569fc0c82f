use super::{County, Evidence, Facts, Households, Slot, Slots, State, Sums, Visit, Visits};
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn visit(n: u128, team: u128, day: &str) -> Visit {
    Visit {
        id: id(n),
        team: id(team),
        method: "random_check".into(),
        household: None,
        village: None,
        day: day.into(),
        place: None,
        slot: None,
        participants: Vec::new(),
        state: State::Done,
    }
}

#[test]
fn visits_and_interviews_are_counted_by_kind() {
    // Number 73 is not on the register.
    let mut facts = Facts { registered: 9, on_register: [70, 71, 72].map(id).into(), ..Facts::default() };
    facts.visits = vec![
        Visit { household: Some(id(70)), ..visit(1, 5, "2015-04-16") },
        Visit { household: Some(id(70)), ..visit(2, 5, "2015-04-17") },
        Visit { household: Some(id(71)), state: State::Planned, ..visit(3, 5, "2015-04-18") },
        Visit { household: Some(id(72)), state: State::Void, ..visit(4, 5, "2015-04-18") },
        Visit { method: "hearing".into(), household: Some(id(73)), ..visit(5, 5, "2015-04-18") },
    ];
    // Of a planned visit and of a void one; the last one's is not of this campaign, or not there.
    facts.interviews =
        [(1, "household"), (1, "household"), (5, "county"), (3, "household"), (4, "household"), (99, "household")]
            .map(|(visit, level)| (id(visit), level.to_owned()))
            .into();
    let county = County::of(&facts);
    assert_eq!(county.visits["random_check"], Visits { planned: 1, done: 2, void: 1 });
    assert_eq!(county.visits["hearing"], Visits { planned: 0, done: 1, void: 0 });
    assert_eq!((county.interviews["household"], county.interviews["county"]), (2, 1));
    assert_eq!(county.households, Households { visited: 1, registered: 9 });
    assert!(county.is_reached());
    assert!(!County::of(&Facts { visits: vec![facts.visits[2].clone()], ..Facts::default() }).is_reached());
}

#[test]
fn a_day_counts_with_evidence_alone() {
    let there = Some((27.7, 103.25));
    let facts = Facts {
        visits: vec![
            // A visit by itself proves nothing.
            visit(1, 5, "2015-04-16"),
            Visit { place: there, ..visit(2, 5, "2015-04-17") },
            Visit { place: Some((28.7, 103.25)), ..visit(3, 5, "2015-04-18") },
            visit(4, 5, "2015-04-19"),
            visit(5, 5, "2015-04-20"),
            visit(6, 6, "2015-04-17"),
            Visit { state: State::Void, place: there, ..visit(7, 5, "2015-04-21") },
        ],
        interviews: [(4, "household"), (4, "household"), (7, "household")].map(|(v, l)| (id(v), l.to_owned())).into(),
        photos: vec![id(5), id(7)],
        villages: vec![(27.71, 103.26)],
        ..Facts::default()
    };
    let county = County::of(&facts);
    assert_eq!((county.days_of(id(5)), county.days_of(id(6)), county.days_of(id(7))), (3, 0, 0));
    let day = |day: &str| county.days[&(id(5), day.to_owned())];
    assert_eq!(day("2015-04-17"), Evidence { visits: 1, located: 1, interviews: 0, photos: 0 });
    assert_eq!(day("2015-04-18"), Evidence { visits: 1, located: 0, interviews: 0, photos: 0 });
    assert_eq!(day("2015-04-19"), Evidence { visits: 1, located: 0, interviews: 2, photos: 0 });
    assert!(!county.days.contains_key(&(id(5), "2015-04-21".to_owned())));
}

#[test]
fn a_leaders_day_is_one_whose_evidence_does_not_leave_them_out() {
    let with = |n, day: &str, names: &[&str]| {
        let participants = names.iter().map(|name| (*name).to_owned()).collect();
        Visit { participants, ..visit(n, 5, day) }
    };
    let facts = Facts {
        visits: vec![
            with(1, "2015-04-16", &["马", "李"]),
            with(2, "2015-04-17", &["李"]),
            with(3, "2015-04-18", &[]),
            // The leader's own visit of that day shows nothing.
            with(4, "2015-04-19", &["马"]),
            with(5, "2015-04-19", &["李"]),
            with(6, "2015-04-20", &[""]),
            Visit { team: id(6), ..with(7, "2015-04-16", &["王"]) },
        ],
        interviews: [1, 2, 3, 5, 6, 7].map(|visit| (id(visit), "household".to_owned())).into(),
        ..Facts::default()
    };
    let county = County::of(&facts);
    assert_eq!((county.days_of(id(5)), county.leader_days_of(id(5), " 马")), (5, 2));
    assert_eq!((county.days_of(id(6)), county.leader_days_of(id(6), "马")), (1, 0));
}

#[test]
fn near_is_within_five_kilometres() {
    let near = |villages: &[(f64, f64)], place| super::place::Villages::new(villages).are_near(place);
    let here = (28.0, 103.0);
    // A degree of latitude is 111.195 km; of longitude, at 28° north, 98.18 km.
    for (place, expected) in [
        ((28.0449, 103.0), true),
        ((28.0451, 103.0), false),
        ((27.9551, 103.0), true),
        ((28.0, 103.0509), true),
        ((28.0, 103.0511), false),
        ((28.0, 102.9491), true),
        ((28.04, 103.04), false),
    ] {
        assert_eq!(near(&[here], place), expected, "{place:?}");
        assert_eq!(near(&[(10.0, 10.0), here, (50.0, 120.0)], place), expected, "{place:?}");
    }
    assert!(!near(&[], here));
}

#[test]
fn places_of_samples_are_done_open_or_given_up() {
    let slot = |draw, n, unit: String, replaced| Slot { draw: id(draw), id: id(n), unit, replaced };
    let home = |n| id(n).to_string();
    let to = |n, slot, household| Visit { slot: Some(id(slot)), household, ..visit(n, 5, "2015-04-16") };
    let village = "513430100201".to_owned();
    let facts = Facts {
        visits: vec![
            to(1, 31, Some(id(71))),
            Visit { state: State::Planned, ..to(2, 32, Some(id(72))) },
            to(3, 33, Some(id(73))),
            // Another household than the drawn one, and none at all.
            to(4, 35, Some(id(71))),
            to(5, 35, None),
            Visit { village: Some(village.clone()), ..to(6, 36, Some(id(79))) },
            Visit { village: Some("513430100202".into()), ..to(7, 37, None) },
        ],
        slots: vec![
            slot(1, 31, home(71), false),
            slot(1, 32, home(72), false),
            slot(1, 33, home(73), true),
            slot(1, 35, home(75), false),
            slot(2, 34, home(74), false),
            slot(3, 36, village.clone(), false),
            slot(3, 37, village, false),
        ],
        ..Facts::default()
    };
    let county = County::of(&facts);
    assert_eq!(county.slots[&id(1)], Slots { done: 1, open: 2, replaced: 1 });
    assert_eq!(county.slots[&id(3)], Slots { done: 1, open: 1, replaced: 0 });
    let mut sums = Sums::default();
    sums.add(&county, |draw| *draw == id(2));
    assert_eq!(sums.slots, Slots { done: 0, open: 1, replaced: 0 });
}

#[test]
fn areas_are_the_sums_of_their_counties() {
    let one = Facts {
        visits: vec![Visit { household: Some(id(70)), ..visit(1, 5, "2015-04-16") }],
        interviews: vec![(id(1), "household".into())],
        registered: 3,
        on_register: [id(70)].into(),
        ..Facts::default()
    };
    let county = County::of(&one);
    let mut sums = Sums::default();
    sums.add(&county, |_| true);
    sums.add(&county, |_| true);
    assert_eq!(sums.visits["random_check"].done, 2);
    assert_eq!(sums.interviews["household"], 2);
    assert_eq!((sums.households, sums.team_days), (Households { visited: 2, registered: 6 }, 2));
}
