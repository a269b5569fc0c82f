//! How much memory the bodies of all requests may take together, whoever sends them. A body takes room before it arrives
//! (a small one needs none), a turn to be unpacked, and room to be read, by what reading it may cost. Who finds none waits a
//! while, and is then asked to come again.
//!
//! Nobody waits for something that comes earlier in this order than what they hold, so that no two wait for each other.

use super::{Code, Problem};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

const MIB: usize = 1024 * 1024;
/// What a permit stands for.
const UNIT: usize = 16 * 1024;

static ARRIVING: Semaphore = Semaphore::const_new(16 * MIB / UNIT);
/// A body that costs more than all of this is worked on alone.
const WORK: usize = 48 * MIB / UNIT;
static WORKING: Semaphore = Semaphore::const_new(WORK);
/// Each may need a window of 8 MiB, and a processor.
static UNPACKING: Semaphore = Semaphore::const_new(4);

const PATIENCE: Duration = Duration::from_secs(10);

/// Held as long as the memory is needed.
pub(super) type Room = SemaphorePermit<'static>;

/// What makes a body dear: its length, and how many values it may hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) bytes: usize,
    commas: usize,
}

impl Extent {
    #[expect(clippy::naive_bytecount, reason = "a crate of its own for this would do little")]
    pub(super) fn of(body: &[u8]) -> Self {
        Self { bytes: body.len(), commas: body.iter().filter(|byte| **byte == b',').count() }
    }

    #[must_use]
    pub(super) fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, commas: self.commas + other.commas }
    }

    /// As measured with pushes of one long text, and of as many answers as there is room for: each byte is copied some
    /// times on its way to the database, each value becomes a field with its name, its past and its writer.
    fn cost(self) -> usize {
        self.bytes * 6 + self.commas * 110
    }
}

/// Room for a body of so many bytes to arrive.
pub(super) async fn to_arrive(bytes: usize) -> Result<Room, Problem> {
    room(&ARRIVING, bytes.div_ceil(UNIT)).await
}

/// Room to read a body, and to do what it asks for.
pub(super) async fn to_work(extent: Extent) -> Result<Room, Problem> {
    room(&WORKING, extent.cost().div_ceil(UNIT).min(WORK)).await
}

/// A turn to unpack a body.
pub(super) async fn to_unpack() -> Result<Room, Problem> {
    room(&UNPACKING, 1).await
}

async fn room(of: &'static Semaphore, units: usize) -> Result<Room, Problem> {
    let units = u32::try_from(units).unwrap_or(u32::MAX);
    match timeout(PATIENCE, of.acquire_many(units)).await {
        Ok(Ok(room)) => Ok(room),
        _ => Err(Problem::new(Code::Unavailable).retry_after(5).detail(
            "Too many large requests at once. Send it again in a moment; nothing was changed.",
            "同时处理的大请求过多，请稍后重试；数据未作任何更改。",
        )),
    }
}
