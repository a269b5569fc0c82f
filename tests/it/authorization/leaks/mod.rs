//! Nothing foreign is told: every answer to a scoped caller is searched for what belongs to somebody else's county,
//! people or province.
//!
//! What is no secret: codes and names of divisions (they are public, and `/v1/divisions` gives all of them to whoever is
//! signed in), the dictionary, limits and the document. Within a province everybody may read its campaigns, and the
//! digests of all plans of draws (each has a random one in it, so that nobody can find the plan by trying). Who wrote,
//! settled or was assigned in a county is named there by id, and by id only. User names are unique over the whole
//! server, so that an office that makes a user learns whether a name is taken: that one bit is a name's nature.

mod changes;
mod deeds;
mod figures;
mod files;
mod fill;
mod hints;
mod lists;
mod marked;
mod model;
mod scanner;
mod singles;
mod sync;

use marked::Marked;
use model::Eyes;
use scanner::Scanner;

use super::forge::Forge;
use crate::support::*;

/// Who is told only what is theirs, and the phone of those who push.
fn callers(m: &Marked<'_>) -> Vec<Eyes> {
    let w = m.w;
    let user = |name: &str| w.cast().users[name].as_str();
    let own = m.post(JINYANG);
    let team = Eyes::team("the team of JINYANG", &own.phones[0], own.region, &own.team, &[JINYANG]);
    let claims = json!({ "role": "provincial", "region": "51", "team": null });
    let raised = Forge::of(w).believed(&team.session, claims);
    vec![
        Eyes::office("province", w.province(), "51", user("province")),
        Eyes::office("guizhou", &m.guizhou.session, "52", &m.guizhou.user),
        Eyes::office("liangshan", w.liangshan(), "5134", user("liangshan")),
        Eyes { name: "the same team, claiming to be the province".into(), session: raised, ..team.clone() },
        team,
        Eyes::team("a team without a county", w.er(), "5134", &w.cast().teams["four"], &[]),
    ]
}

/// Everything that can be read.
fn sweep(m: &Marked<'_>, eyes: &Eyes) {
    let scanner = Scanner::new(&m.model, eyes);
    lists::scan(m, eyes, &scanner);
    singles::scan(m, eyes, &scanner);
    sync::pull(m, eyes, &scanner);
}

/// The same without every filter and sort: what every change is followed by.
fn glance(m: &Marked<'_>, eyes: &Eyes) {
    let scanner = Scanner::new(&m.model, eyes);
    lists::glance(m, eyes, &scanner);
    singles::scan(m, eyes, &scanner);
    sync::pull(m, eyes, &scanner);
}

on_both_engines! {
    fn nothing_foreign_is_read(w) {
        let m = Marked::new(w);
        for eyes in callers(&m) {
            // Its filters are those of the team.
            if eyes.name.contains("claiming") { glance(&m, &eyes) } else { sweep(&m, &eyes) }
            sync::cursors(&m, &eyes, &Scanner::new(&m.model, &eyes));
        }
    }

    fn nothing_foreign_is_learnt_by_writing(w) {
        let mut m = Marked::new(w);
        let [province, guizhou, liangshan, raised, team, none] = callers(&m).try_into().ok().expect("six callers");
        for (eyes, own) in [(&province, WUSHENG), (&liangshan, ZHAOJUE)] {
            hints::references(&m, eyes, &Scanner::new(&m.model, eyes), own);
        }
        for eyes in [&province, &guizhou, &liangshan, &raised, &team, &none] {
            hints::repeats(&mut m, eyes);
        }
        hints::devices(&m, &none, &Scanner::new(&m.model, &none), "er");
        for (eyes, name) in [(&liangshan, "liangshan"), (&none, "er"), (&province, "province")] {
            sync::push(&mut m, eyes, w.phone(name));
        }
        let phone = m.new_phone(JINYANG);
        sync::push(&mut m, &team, &phone);
        for eyes in [&guizhou, &liangshan, &team, &none] {
            glance(&m, eyes);
        }
        sync::twins(&mut m, &team, &phone, JINYANG);
        sync::twins(&mut m, &liangshan, w.phone("liangshan"), ZHAOJUE);
        changes::in_streams(&m, &[none, guizhou, liangshan, raised, team]);
    }

    fn nothing_foreign_is_in_a_file(w) {
        let m = Marked::new(w);
        for eyes in callers(&m) {
            files::scan(&m, &eyes, &Scanner::new(&m.model, &eyes));
        }
    }

    fn nothing_foreign_moves_a_figure(w) {
        let m = Marked::new(w);
        for eyes in callers(&m) {
            figures::stand_still(&m, &eyes, &Scanner::new(&m.model, &eyes));
        }
    }

    fn nothing_is_told_any_more_after_a_change(w) {
        let mut m = Marked::new(w);
        let [.., liangshan, _, team, _] = <[Eyes; 6]>::try_from(callers(&m)).ok().expect("six callers");
        changes::of_a_team(&mut m, team);
        changes::of_an_office(&mut m, liangshan);
        changes::of_a_device(&mut m);
    }
}
