//! Every list as a file, of every kind.

use std::io::{Cursor, Read};

use super::marked::Marked;
use super::model::Eyes;
use super::scanner::Scanner;
use crate::support::http::Reply;
use crate::support::*;

/// The files in a spreadsheet.
fn unzipped(reply: &Reply) -> Vec<String> {
    let mut zip = zip::ZipArchive::new(Cursor::new(&reply.bytes)).expect("a spreadsheet is a ZIP file");
    let count = zip.len();
    let part = |n: usize| {
        let mut text = String::new();
        zip.by_index(n).expect("a file").read_to_string(&mut text).expect("its text");
        text
    };
    (0..count).map(part).collect()
}

/// The ids in a file of lines.
fn ids(reply: &Reply) -> Vec<String> {
    let text = reply.text();
    let mut ids: Vec<_> =
        text.lines().map(|line| id_of(&serde_json::from_str(line).expect("a line of JSON"))).collect();
    ids.sort();
    ids
}

pub(crate) fn scan(m: &Marked<'_>, eyes: &Eyes, scanner: &Scanner) {
    let foreign = m.posts.iter().map(|post| post.county).find(|county| !eyes.has(county)).expect("one is not theirs");
    for collection in COLLECTIONS {
        let own: Vec<String> = m.model.listed(collection, eyes).into_iter().collect();
        for format in ["csv", "ndjson", "xlsx", "geojson"] {
            for (query, expected) in
                [("", own.as_slice()), ("?reveal=true", own.as_slice()), (&format!("?bucket={foreign}"), &[])]
            {
                let path = format!("/v1/exports/{collection}.{format}{query}");
                let reply = eyes.session.get(&path).send();
                // What has no place is on no map.
                if format == "geojson" && reply.status == 404 {
                    assert!(!["households", "visits"].contains(&collection), "{path}");
                    continue;
                }
                let reply = reply.status(&[200]);
                if format == "xlsx" {
                    for part in unzipped(&reply) {
                        scanner.scan_text(&path, &part);
                    }
                } else {
                    scanner.scan(&path, &reply);
                }
                if format == "ndjson" {
                    assert_eq!(ids(&reply), expected, "{}: {path}", eyes.name);
                }
            }
        }
    }
}
