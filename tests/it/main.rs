//! The black-box tests: what `PROTOCOL.md` and `API.md` promise, asked of a running server over HTTP, on both
//! engines. They are written from those texts alone and use nothing of the server's insides: a test that fails
//! means that the server or the text must change.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

mod attacks;
mod audit;
mod auth;
mod authorization;
mod bench;
mod bi;
mod campaigns;
mod command;
mod concurrency;
mod conflicts;
mod conventions;
mod coverage;
mod crash;
mod cursors;
mod deletes;
mod demo;
mod draws;
mod envelope;
mod events;
mod fields;
mod findings;
mod forms;
mod held;
mod history;
mod hostile;
mod imports;
mod merge;
mod migrations;
mod openapi;
mod passages;
mod pull;
mod push_results;
mod races;
mod records;
mod repeats;
mod report;
mod resources;
mod revoke;
mod scope;
mod sentences;
mod simulation;
mod statements;
mod statistics;
mod time;
mod warnings;
mod words;
