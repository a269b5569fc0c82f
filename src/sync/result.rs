//! The answer to a push, as it goes over the wire.

use super::desk::Shown;
use crate::fields::FieldError;
use crate::http::problem::errors_body;
use crate::http::time::format_ms;
use crate::http::{Code, Problem};
use crate::lang::Lang;
use std::fmt::Write;
use sync_core::canonical::write_string;
use sync_core::window::Status;
use uuid::Uuid;

/// The answer to a whole push.
#[derive(Debug, Clone)]
pub struct Answer {
    pub acked: u64,
    /// The device was revoked: what it has to do when everything is sent.
    pub action: Option<&'static str>,
    pub results: Vec<OpResult>,
}

/// The terminal answer to one operation.
#[derive(Debug, Clone)]
pub struct OpResult {
    pub op_seq: u64,
    pub status: Status,
    /// Whether its bucket is in the device's present scope; if not, no more than the status is told.
    pub in_scope: bool,
    pub rev: u64,
    pub seq: u64,
    pub conflicts: Vec<Uuid>,
    /// Of a merged one.
    pub record: Option<Shown>,
    /// What its interview violates of its form, relative to the fields.
    pub warnings: Vec<FieldError>,
    /// Of a rejected one.
    pub errors: Vec<FieldError>,
}

impl Answer {
    /// The body, in JSON.
    pub fn body(&self, lang: Lang, now: i64) -> String {
        let mut out = String::with_capacity(96 + self.results.len() * 64);
        let _ = write!(out, "{{\"server_time\":\"{}\",\"acked\":{}", format_ms(now), self.acked);
        if let Some(action) = self.action {
            let _ = write!(out, ",\"action\":\"{action}\"");
        }
        out.push_str(",\"results\":[");
        for (i, result) in self.results.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            result.write(lang, &mut out);
        }
        out.push_str("]}");
        out
    }
}

impl OpResult {
    fn write(&self, lang: Lang, out: &mut String) {
        let (status, reason) = match self.status {
            Status::Applied => ("applied", None),
            Status::Merged => ("merged", None),
            Status::ParkedDeleted => ("parked", Some("deleted")),
            Status::ParkedIncomplete => ("parked", Some("incomplete")),
            Status::Quarantined => ("quarantined", None),
            Status::Rejected => ("rejected", None),
        };
        let _ = write!(out, "{{\"op_seq\":{},\"status\":\"{status}\"", self.op_seq);
        if self.status == Status::Rejected {
            let problem = Problem::new(Code::Invalid).errors(self.errors.clone());
            let _ = write!(out, ",\"error\":{}", problem.body(lang, None, None));
        } else if self.in_scope {
            if let Some(reason) = reason {
                let _ = write!(out, ",\"reason\":\"{reason}\"");
            }
            if matches!(self.status, Status::Applied | Status::Merged) {
                let _ = write!(out, ",\"rev\":{},\"seq\":{}", self.rev, self.seq);
            }
            if !self.conflicts.is_empty() {
                out.push_str(",\"conflicts\":[");
                for (i, id) in self.conflicts.iter().enumerate() {
                    let _ = write!(out, "{}\"{id}\"", if i > 0 { "," } else { "" });
                }
                out.push(']');
            }
            if let Some(record) = &self.record {
                out.push_str(",\"record\":");
                record.write(out);
            }
            if !self.warnings.is_empty() {
                let warnings: Vec<_> = self.warnings.iter().map(|warning| warning.clone().under("/fields")).collect();
                let _ = write!(out, ",\"warnings\":{}", errors_body(&warnings, lang));
            }
        }
        out.push('}');
    }
}

impl Shown {
    /// `{"rev", "seq", "digest", "fields"}`, or `"deleted": true` in place of the fields.
    pub fn write(&self, out: &mut String) {
        let _ = write!(out, "{{\"rev\":{},\"seq\":{},\"digest\":", self.rev, self.seq);
        write_string(&self.digest.to_string(), out);
        match &self.fields {
            Some(fields) => {
                out.push_str(",\"fields\":");
                out.push_str(fields);
            }
            None => out.push_str(",\"deleted\":true"),
        }
        out.push('}');
    }
}
