//! The laws of sampling: exact sizes, probabilities that add up and come true, independence of the frame's order, and
//! figures that another program has computed.

mod documents;
mod example;
mod frequencies;
mod laws;
mod vectors;

use super::lots::Lots;
use super::{Design, Method, Places, Unit};

/// Units of one stratum with these sizes.
fn frame(sizes: &[u32]) -> Vec<Unit> {
    let unit = |(i, size): (usize, &u32)| Unit { id: format!("5134301{i:05}"), stratum: "513430".into(), size: *size };
    sizes.iter().enumerate().map(unit).collect()
}

fn design(method: Method, places: u32, substitutes: u32) -> Design {
    Design { method, places: Places::Total(places), substitutes }
}

/// The n-th of a fixed series of seeds.
fn seed(n: u64) -> [u8; 32] {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&n.to_le_bytes());
    seed
}

fn lots(n: u64) -> Lots {
    Lots::new(&seed(n), None)
}
