//! What PostgreSQL's client library is told, and asked: it says nothing by itself of a server that has gone.

use diesel::{PgConnection, QueryResult};

/// Set where the URL does not say otherwise. Seconds, and milliseconds for `tcp_user_timeout`. A host that vanishes without a
/// word is noticed within half a minute: while it is connected to, when what was sent is not acknowledged, and when what
/// was asked is not answered. Else a reader hangs for as long as the system tries, a quarter of an hour or two hours.
const PATIENCE: [(&str, u32); 5] = [
    ("connect_timeout", 5),
    ("keepalives_idle", 10),
    ("keepalives_interval", 5),
    ("keepalives_count", 3),
    ("tcp_user_timeout", 25_000),
];

/// The URL with what it does not say of [`PATIENCE`].
pub(super) fn with_patience(url: &str) -> String {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    let says = |name: &str| parameters.split('&').any(|one| one.split('=').next() == Some(name));
    let unsaid = PATIENCE.iter().filter(|(name, _)| !says(name)).map(|(name, value)| format!("{name}={value}"));
    let said = (!parameters.is_empty()).then(|| parameters.to_owned());
    let address = url.split('?').next().unwrap_or_default();
    format!("{address}?{}", said.into_iter().chain(unsaid).collect::<Vec<_>>().join("&"))
}

/// An error when the server has closed the connection. Sends nothing: it reads what has come, and that is twice for a server
/// that says why it goes.
pub(super) fn heard_of(conn: &mut PgConnection) -> QueryResult<()> {
    for _ in 0..2 {
        conn.notifications_iter().next().transpose()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::with_patience;

    #[test]
    fn a_url_is_told_what_it_does_not_say() {
        let all =
            "connect_timeout=5&keepalives_idle=10&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=25000";
        assert_eq!(with_patience("postgres://a:b@c/d"), format!("postgres://a:b@c/d?{all}"));
        assert_eq!(with_patience("postgres://a:b@c/d?"), format!("postgres://a:b@c/d?{all}"));
        assert_eq!(with_patience("postgres://c/d?host=/run"), format!("postgres://c/d?host=/run&{all}"));
    }

    #[test]
    fn what_a_url_says_stays() {
        let said = "postgres://c/d?tcp_user_timeout=0&connect_timeout=9";
        let rest = "keepalives_idle=10&keepalives_interval=5&keepalives_count=3";
        assert_eq!(with_patience(said), format!("{said}&{rest}"));
        assert_eq!(with_patience(&with_patience(said)), with_patience(said));
    }
}
