//! What is worked out from the records. Nothing here speaks SQL or HTTP.

pub mod agreement;
pub mod coverage;
pub mod export;
pub mod extent;
pub mod findings;
pub mod forms;
pub mod interviews;
pub mod kept;
pub mod report;
pub mod sampling;
pub mod statistics;
