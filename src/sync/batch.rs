//! The transaction of a push: pushes go in, answers come out, and in between everything that the protocol promises of
//! them. A batch of pushes costs as many statements as one.

use super::desk::{Desk, Shown, Wanted, fill};
use super::operation::{Sent, Valid};
use super::result::{Answer, OpResult};
use crate::fields::{Fault, FieldError};
use crate::http::{Code, Problem};
use crate::store::dialect::Writes;
use crate::store::held::{self, HeldRow, NO_BUCKET};
use crate::store::pushers::{self, Locked, Progress, Pusher, Tenure};
use crate::store::records::Key;
use crate::store::types::{Id, Instant, JsonText};
use crate::store::{StoreError, Tx, buckets};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use sync_core::clock::{Corrected, Reading, correct};
use sync_core::merge::{Op, Reason};
use sync_core::record::Author;
use sync_core::scope::{Region, Scope};
use sync_core::window::{Entry, Refused, Status};
use sync_core::{Bucket, Stamp};
use uuid::Uuid;

/// A push that waits to be applied.
#[derive(Debug, Clone)]
pub struct Job {
    pub session: Uuid,
    /// The team for which the operations were judged.
    pub team: Option<Uuid>,
    /// When the request arrived, in milliseconds since 1970.
    pub received: i64,
    pub clock: Reading,
    pub ops: Vec<Sent>,
}

/// The answer of every job, in their order.
pub type Answers = Vec<Result<Answer, Problem>>;

/// Applies a batch of pushes in one transaction.
pub fn apply(tx: &mut Tx<'_>, jobs: &[Job]) -> Result<Answers, StoreError> {
    let now = jobs.iter().map(|job| job.received).max().unwrap_or_default();
    let Locked { pushers, mut progress } = pushers::lock(tx, &jobs.iter().map(|job| job.session).collect())?;
    let places = places(&pushers);
    let jobs: Vec<Cow<'_, Job>> = jobs.iter().map(|job| judged(job, pushers.get(&job.session))).collect();
    let rejections = rejections(tx, &jobs, &pushers, &progress)?;
    let mut room = Room::enter(tx, now, &jobs, &pushers, &places, rejections)?;
    let mut pushed = BTreeMap::new();
    let mut answers = Vec::with_capacity(jobs.len());
    for job in &jobs {
        let answer = admit(pushers.get(&job.session)).and_then(|pusher| {
            let place = places.get(&job.session).ok_or_else(|| Problem::new(Code::Unauthorized))?;
            let device = progress.get_mut(&pusher.device).ok_or_else(|| Problem::new(Code::Unauthorized))?;
            let answer = room.push(job, pusher, place, device)?;
            if !job.ops.is_empty() {
                pushed.insert(pusher.device, device.clone());
            }
            Ok(answer)
        });
        answers.push(answer);
    }
    let mut writes = Writes::default();
    pushers::store(&mut writes, pushed.iter().map(|(device, progress)| (*device, progress, Instant::from_ms(now))));
    room.desk.close_with(tx, writes)?;
    for (job, answer) in jobs.iter().zip(&mut answers) {
        if let Ok(answer) = answer {
            room.warn(job, answer);
        }
    }
    Ok(answers)
}

/// The job as it is to be judged: its token may name a team that the user has left meanwhile.
fn judged<'a>(job: &'a Job, pusher: Option<&Pusher>) -> Cow<'a, Job> {
    let Some(pusher) = pusher.filter(|pusher| pusher.team != job.team) else { return Cow::Borrowed(job) };
    let mut job = job.clone();
    job.ops.iter_mut().for_each(|op| op.judge_again(pusher.team));
    Cow::Owned(job)
}

/// Where a pusher may write.
#[derive(Debug)]
struct Place {
    scope: Scope,
    /// When counties were its team's own.
    tenures: Vec<Tenure>,
    province: String,
}

impl Place {
    /// Whether an operation of this corrected time may be applied to the bucket.
    fn allows(&self, bucket: Bucket, at: i64) -> bool {
        let held = |t: &Tenure| t.bucket == bucket && t.opened <= at && t.closed.is_none_or(|closed| at < closed);
        self.scope.contains(bucket) || self.tenures.iter().any(held)
    }
}

/// Who may push at all.
fn admit(pusher: Option<&Pusher>) -> Result<&Pusher, Problem> {
    let pusher = pusher.filter(|pusher| !pusher.ended).ok_or_else(|| Problem::new(Code::Unauthorized))?;
    if pusher.revoked.as_deref() == Some("wipe") {
        return Err(Problem::new(Code::DeviceRevoked).with("action", "wipe"));
    }
    Ok(pusher)
}

fn places(pushers: &HashMap<Uuid, Pusher>) -> HashMap<Uuid, Place> {
    let place = |pusher: &Pusher| {
        let region = Region::parse(&pusher.region);
        let (scope, tenures) = match (pusher.revoked.is_some(), pusher.team, region) {
            (false, Some(_), _) => {
                let open = pusher.tenures.iter().filter(|tenure| tenure.closed.is_none());
                (Scope::Counties(open.map(|tenure| tenure.bucket).collect()), pusher.tenures.clone())
            }
            (false, None, Some(region)) if pusher.role != "team" => (Scope::Region(region), Vec::new()),
            // Of a revoked device everything is held.
            _ => (Scope::Counties(BTreeSet::new()), Vec::new()),
        };
        Place { scope, tenures, province: region.map_or_else(String::new, |region| region.province().to_string()) }
    };
    pushers.iter().map(|(session, pusher)| (*session, place(pusher))).collect()
}

type Rejections = HashMap<(Uuid, u64), Vec<FieldError>>;

/// The faults of operations that were rejected before and come again.
fn rejections(
    tx: &mut Tx<'_>,
    jobs: &[Cow<'_, Job>],
    pushers: &HashMap<Uuid, Pusher>,
    progress: &BTreeMap<Uuid, Progress>,
) -> Result<Rejections, StoreError> {
    let mut repeated = Vec::new();
    for job in jobs {
        let Some(device) = pushers.get(&job.session).map(|pusher| pusher.device) else { continue };
        let Some(window) = progress.get(&device).map(|progress| &progress.window) else { continue };
        let rejected = |seq: &u64| window.entry(*seq).is_some_and(|entry| entry.status == Status::Rejected);
        repeated.extend(job.ops.iter().map(|op| op.op_seq).filter(rejected).map(|seq| (device, seq)));
    }
    let found = held::rejections(tx, &repeated)?;
    Ok(found
        .into_iter()
        .map(|(d, seq, errors)| ((d, seq), serde_json::from_str(&errors).unwrap_or_default()))
        .collect())
}

/// The batch's desk, and which buckets exist beyond it.
struct Room {
    desk: Desk,
    elsewhere: BTreeSet<Bucket>,
    /// Those of this batch too, of which a copy may be in it.
    rejections: Rejections,
    /// Bytes of records that the answers show so far.
    shown: Cell<usize>,
}

/// An answer shows no more than this of records: a phone gets those beyond it by pull.
const SHOWN_BYTES: usize = 8 << 20;

/// An answer tells no more than this of what interviews violate; lists tell the rest.
const WARNINGS_MOST: usize = 5_000;

/// An operation that has got its time and its stamp.
struct Stamped<'a> {
    sent: &'a Sent,
    author: Author,
    province: &'a str,
    corrected: Corrected,
    received: i64,
    stamp: Stamp,
    base: u64,
}

impl Room {
    fn enter(
        tx: &mut Tx<'_>,
        now: i64,
        jobs: &[Cow<'_, Job>],
        pushers: &HashMap<Uuid, Pusher>,
        places: &HashMap<Uuid, Place>,
        rejections: Rejections,
    ) -> Result<Self, StoreError> {
        let (mut inside, mut outside, mut wanted) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for job in jobs {
            let (Some(pusher), Some(place)) = (pushers.get(&job.session), places.get(&job.session)) else { continue };
            for sent in &job.ops {
                let Ok(valid) = &sent.verdict else {
                    // Kept under the county that it names, if there is one.
                    outside.extend(sent.bucket);
                    continue;
                };
                let bucket = valid.key.bucket;
                let at = correct(job.received, &job.clock, &sent.at).at;
                if place.allows(bucket, at) {
                    inside.insert(bucket);
                    wanted.push(Wanted { key: valid.key, base: valid.base, device: pusher.device });
                } else {
                    // A record out of scope is not looked at: no answer, and no effort, tells anything of it.
                    outside.insert(bucket);
                }
            }
        }
        let desk = Desk::open(tx, now, &inside, &wanted)?;
        let elsewhere = buckets::existing(tx, &outside)?;
        Ok(Self { desk, elsewhere, rejections, shown: Cell::new(0) })
    }

    fn push(&mut self, job: &Job, pusher: &Pusher, place: &Place, device: &mut Progress) -> Result<Answer, Problem> {
        let action = pusher.revoked.is_some().then_some("flush_then_wipe");
        let sent: Vec<_> = job.ops.iter().map(|op| (op.op_seq, op.digest)).collect();
        let repeats =
            device.window.compare(device.acked, &sent).map_err(|refused| refusal(refused, device.acked, action))?;
        let (old, new) = job.ops.split_at(repeats);
        let author = Author { device: pusher.device, user: pusher.user, team: pusher.team };
        let mut entries = Vec::with_capacity(new.len());
        let mut fresh = Vec::with_capacity(new.len());
        for sent in new {
            let corrected = correct(job.received, &job.clock, &sent.at);
            let (stamp, base) = match &sent.verdict {
                Ok(valid) if place.allows(valid.key.bucket, corrected.at) => {
                    self.desk.stamp(&valid.key, valid.base, corrected.at, device.last_stamp)
                }
                // What its author had seen counts when it is released.
                verdict => {
                    let base = verdict.as_ref().ok().and_then(|valid| valid.base).unwrap_or(0);
                    (Stamp::issue(corrected.at, device.last_stamp, None), base)
                }
            };
            device.last_stamp = Some(stamp);
            let province = &place.province;
            let op = Stamped { sent, author, province, corrected, received: job.received, stamp, base };
            let result = self.decide(&op, place);
            entries.push(Entry {
                digest: sent.digest.0,
                status: result.status,
                rev: result.rev,
                seq: result.seq,
                conflicts: result.conflicts.clone(),
            });
            fresh.push(result);
        }
        // A repeated operation shows its record as it is after everything else.
        let mut results: Vec<OpResult> = old.iter().map(|op| self.repeat(op, pusher, place, device)).collect();
        results.append(&mut fresh);
        if let Some(first) = job.ops.first() {
            device.acked += entries.len() as u64;
            device.window.advance(first.op_seq, entries);
        }
        Ok(Answer { acked: device.acked, action, results })
    }

    /// The answer to an operation that was answered before.
    fn repeat(&self, sent: &Sent, pusher: &Pusher, place: &Place, device: &Progress) -> OpResult {
        let entry = device.window.entry(sent.op_seq);
        let status = entry.map_or(Status::Rejected, |entry| entry.status);
        let in_scope = sent.bucket.is_some_and(|bucket| place.scope.contains(bucket));
        let record = match &sent.verdict {
            Ok(valid) if status == Status::Merged && in_scope => self.show(&valid.key),
            _ => None,
        };
        OpResult {
            op_seq: sent.op_seq,
            status,
            in_scope,
            rev: entry.map_or(0, |entry| entry.rev),
            seq: entry.map_or(0, |entry| entry.seq),
            conflicts: entry.map(|entry| entry.conflicts.clone()).unwrap_or_default(),
            record,
            warnings: Vec::new(),
            errors: self.rejections.get(&(pusher.device, sent.op_seq)).cloned().unwrap_or_default(),
        }
    }

    /// Tells what the interviews of a push violate as they are now.
    fn warn(&self, job: &Job, answer: &mut Answer) {
        let mut room = WARNINGS_MOST;
        for (sent, result) in job.ops.iter().zip(&mut answer.results) {
            let Ok(valid) = &sent.verdict else { continue };
            if result.in_scope && matches!(result.status, Status::Applied | Status::Merged) {
                let warnings = self.desk.warnings(&valid.key);
                result.warnings = warnings.iter().take(room).cloned().collect();
                room -= result.warnings.len();
            }
        }
    }

    /// A record as it is now, as long as there is room for it in the answers.
    fn show(&self, key: &Key) -> Option<Shown> {
        let shown = self.desk.show(key).filter(|_| self.shown.get() < SHOWN_BYTES)?;
        self.shown.set(self.shown.get() + shown.fields.as_ref().map_or(0, String::len));
        Some(shown)
    }

    /// Validity, then scope, then the record.
    fn decide(&mut self, op: &Stamped<'_>, place: &Place) -> OpResult {
        let sent = op.sent;
        let mut result = OpResult {
            op_seq: sent.op_seq,
            status: Status::Rejected,
            in_scope: sent.bucket.is_some_and(|bucket| place.scope.contains(bucket)),
            rev: 0,
            seq: 0,
            conflicts: Vec::new(),
            record: None,
            warnings: Vec::new(),
            errors: Vec::new(),
        };
        match &sent.verdict {
            Err(errors) => {
                result.errors.clone_from(errors);
                self.hold(op, "rejected", None, errors);
            }
            Ok(valid) if !self.desk.has(valid.key.bucket) && !self.elsewhere.contains(&valid.key.bucket) => {
                result.errors = vec![FieldError::new("/bucket", Fault::UnknownBucket)];
                result.in_scope = false;
                self.hold(op, "rejected", None, &result.errors);
            }
            Ok(valid) if !place.allows(valid.key.bucket, op.corrected.at) => {
                result.status = Status::Quarantined;
                self.hold(op, "quarantined", None, &[]);
            }
            Ok(valid) => self.merge(op, valid, &mut result),
        }
        if result.status == Status::Rejected {
            self.rejections.insert((op.author.device, sent.op_seq), result.errors.clone());
        }
        result
    }

    fn merge(&mut self, op: &Stamped<'_>, valid: &Valid, result: &mut OpResult) {
        let merged = Op {
            change: valid.change.clone(),
            base: op.base,
            stamp: op.stamp,
            author: op.author,
            at: op.corrected.at,
            claimed: op.corrected.claimed,
            received: op.received,
            released: false,
            fill: fill(&valid.key, &valid.change, op.author.team),
        };
        match self.desk.accept(&valid.key, &merged) {
            Ok(done) => {
                let differs = done.merged || valid.normalised;
                result.status = if differs { Status::Merged } else { Status::Applied };
                (result.rev, result.seq, result.conflicts) = (done.rev, done.seq, done.conflicts);
                result.record = if differs { self.show(&valid.key) } else { None };
            }
            Err(reason) => {
                let (status, name) = match reason {
                    Reason::Deleted => (Status::ParkedDeleted, "deleted"),
                    Reason::Incomplete => (Status::ParkedIncomplete, "incomplete"),
                };
                result.status = status;
                self.hold(op, "parked", Some((name, merged)), &[]);
            }
        }
    }

    /// Keeps an operation for a person; a parked one with what it waits as.
    fn hold(&mut self, op: &Stamped<'_>, status: &str, parked: Option<(&str, Op)>, errors: &[FieldError]) {
        let sent = op.sent;
        let known = |bucket: &Bucket| self.desk.has(*bucket) || self.elsewhere.contains(bucket);
        // A rejected operation belongs to the county that it names, if that is a real one.
        let bucket = sent.bucket.filter(|bucket| status != "rejected" || known(bucket));
        let row = HeldRow {
            bucket: bucket.map_or(NO_BUCKET, |bucket| bucket.code() as i32),
            id: Id(Uuid::now_v7()),
            province: op.province.to_owned(),
            status: status.to_owned(),
            reason: parked.as_ref().map(|(name, _)| (*name).to_owned()),
            errors: (!errors.is_empty()).then(|| JsonText::of(errors)),
            collection: sent.collection.map(|collection| collection.name().to_owned()),
            record_id: sent.id.map(Id),
            op: sent.raw.clone(),
            op_seq: Some(sent.op_seq as i64),
            hidden_rev: None,
            base: op.base as i64,
            stamp: op.stamp.0 as i64,
            at_ms: op.corrected.at,
            claimed_ms: op.corrected.claimed,
            received_ms: op.received,
            device_id: Id(op.author.device),
            user_id: Id(op.author.user),
            team_id: op.author.team.map(Id),
            state: "open".into(),
            settled_by: None,
            settled_at: None,
        };
        self.desk.hold(row, parked.map(|(_, op)| op));
    }
}

fn refusal(refused: Refused, acked: u64, action: Option<&'static str>) -> Problem {
    let problem = match refused {
        Refused::Cloned => Problem::new(Code::DeviceCloned).detail(
            "This device has said something else under this number, or has gone back behind what it had settled: it was \
             copied or restored. Register as a new device and send what has no result yet, with its base and time.",
            "该设备在此编号下发送过不同内容，或退回到已处理的操作之前：设备数据被复制或还原过。请登记为新设备，并以原有的 base 和时间重新发送尚无结果的操作。",
        ),
        Refused::Gap { expected } => Problem::new(Code::OpGap)
            .detail(
                format!("Operation {expected} is missing: send from there on, without gaps."),
                format!("缺少第 {expected} 号操作：请从该号起连续发送。"),
            )
            .with("expected", expected),
    };
    let problem = problem.with("acked", acked);
    match action {
        Some(action) => problem.with("action", action),
        None => problem,
    }
}
