//! The real data that the binary carries: the divisions of Sichuan and the counties of the 2015 campaign.

use anyhow::Context as _;

const DIVISIONS: &[u8] = include_bytes!("../../data/sichuan-divisions.csv.zst");
/// Header `county,name,area,led_by`.
pub(super) const CAMPAIGN: &str = include_str!("../../data/campaign-2015-counties.csv");

/// The division list: UTF-8 CSV with the header `code,level,name,parent`.
pub fn divisions() -> anyhow::Result<Vec<u8>> {
    zstd::decode_all(DIVISIONS).context("the embedded division list is damaged")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_embedded_division_list_is_the_one_in_the_repository() {
        assert!(super::divisions().unwrap() == std::fs::read("data/sichuan-divisions.csv").unwrap());
    }
}
