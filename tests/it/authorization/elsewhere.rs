//! Another province on the same server, with an office of its own: to it, everything of the first is foreign, and the
//! other way round.

use crate::support::*;

pub(super) const GUIZHOU: &str = "52";
/// 南明区
pub(super) const NANMING: &str = "520102";

const DIVISIONS: &str = "code,level,name,parent\n52,province,贵州省,\n5201,prefecture,贵阳市,52\n\
    520102,county,南明区,5201\n520103,county,云岩区,5201\n";

/// The counties under it.
pub(super) fn counties() -> Vec<String> {
    let codes = DIVISIONS.lines().filter_map(|line| line.split(',').next());
    codes.filter(|code| code.len() == 6).map(Into::into).collect()
}

/// A phone of somebody new, by their refresh token and id.
pub(super) fn phone_of(w: &World, name: &str, user: &str) -> Phone {
    let tokens = cast::login(&w.session, name, cast::PASSWORD, Some("a phone"));
    let device = tokens["device"]["id"].as_str().expect("a device").to_owned();
    Phone::new(&w.session, &tokens, name, user, &device)
}

/// Founds the province, as an operator does; gives its office's phone.
pub(super) fn found(w: &World) -> Phone {
    let config = &w.store.config;
    ruhu::setup::import_divisions(config, DIVISIONS.as_bytes(), &|_| {}).expect("the divisions are imported");
    let user = ruhu::setup::add_user(config, "guizhou", cast::PASSWORD, "provincial", GUIZHOU, None);
    phone_of(w, "guizhou", &user.expect("a user is added").to_string())
}
