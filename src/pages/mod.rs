//! Documents for people, in HTML: whatever stands in a record is escaped. They take what was worked out, and know nothing of
//! the store.

pub mod feedback;
pub mod report;
