//! `ruhu healthcheck`

use crate::config::{self, DataSettings, ServerSettings};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

/// Ask the server on this machine whether it is ready: exit code 0 if so, else 1
///
/// For container health checks; asks /readyz at the address that `serve` listens on, for three seconds at most.
#[derive(Debug, clap::Args)]
pub struct Healthcheck {
    #[command(flatten)]
    server: ServerSettings,
}

impl Healthcheck {
    pub fn run(self) -> ExitCode {
        let answer = config::resolve(DataSettings::default(), self.server).and_then(|config| ask(config.listen));
        match answer {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("not ready: {error:#}");
                ExitCode::FAILURE
            }
        }
    }
}

fn ask(listen: SocketAddr) -> anyhow::Result<()> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(3))).build().into();
    agent.get(format!("http://{}/readyz", reachable(listen))).call()?;
    Ok(())
}

/// Every address of the machine is reached by its loopback one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn a_wildcard_is_asked_at_the_loopback() {
        for (listen, asked) in [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("10.0.0.1:80", "10.0.0.1:80")]
        {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
