//! Where a request comes from.

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderName, X_FORWARDED_FOR};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The caller's address. Behind a proxy it is what that proxy appended last to `Forwarded` or `X-Forwarded-For`: all
/// before it is what the caller claims.
pub fn address(request: &HttpRequest, behind_proxy: bool) -> IpAddr {
    let told = || told(request, &FORWARDED, forwarded_for).or_else(|| told(request, &X_FORWARDED_FOR, str::to_owned));
    let peer = || request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    behind_proxy.then(told).flatten().unwrap_or_else(peer)
}

fn told(request: &HttpRequest, header: &HeaderName, read: impl Fn(&str) -> String) -> Option<IpAddr> {
    let last = request.headers().get_all(header).last()?.to_str().ok()?.rsplit(',').next()?;
    let text = read(last.trim());
    let address = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.or_else(|_| text.trim_matches(['[', ']']).parse()).ok()
}

/// The `for` of one element (RFC 7239, section 4).
fn forwarded_for(element: &str) -> String {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map_or("", |(_, value)| value);
    value.trim().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::address;
    use actix_web::test::TestRequest;

    #[test]
    fn a_proxys_word_counts_only_behind_it_and_only_its_own() {
        for (name, value, expected) in [
            ("x-forwarded-for", "10.9.9.9, 203.0.113.7", "203.0.113.7"),
            ("x-forwarded-for", "203.0.113.7:8080", "203.0.113.7"),
            ("x-forwarded-for", "unknown", "10.0.0.1"),
            ("forwarded", "for=10.9.9.9, For=\"[2001:db8::7]:80\";proto=https", "2001:db8::7"),
            ("forwarded", "for=\"[2001:db8::7]\"", "2001:db8::7"),
            ("forwarded", "proto=https", "10.0.0.1"),
        ] {
            let request = TestRequest::default().peer_addr("10.0.0.1:9".parse().unwrap()).insert_header((name, value));
            let request = request.to_http_request();
            assert_eq!(address(&request, true).to_string(), expected, "{value}");
            assert_eq!(address(&request, false).to_string(), "10.0.0.1");
        }
    }
}
