//! Room for exports: each keeps a connection and a snapshot of the database until it is read to its end.

use crate::http::{Code, Problem};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Exports of one process at a time.
const AT_ONCE: usize = 4;

/// Who reads an export.
#[derive(Clone)]
pub struct Room {
    places: Arc<Semaphore>,
    readers: Arc<Mutex<HashSet<Uuid>>>,
}

impl Default for Room {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), readers: Arc::default() }
    }
}

/// A place that is taken until this is dropped.
pub struct Taken {
    room: Room,
    reader: Uuid,
    _place: OwnedSemaphorePermit,
}

impl Room {
    /// 429 while this user reads another, 503 while too many others do.
    pub fn take(&self, reader: Uuid) -> Result<Taken, Problem> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.contains(&reader) {
            return Err(Problem::new(Code::RateLimited)
                .detail(
                    "You are reading another export. Read it to its end first.",
                    "您正在进行另一项导出，请等其完成。",
                )
                .retry_after(10));
        }
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            Problem::new(Code::Unavailable)
                .detail("Too many exports are being read. Try again in a moment.", "正在进行的导出过多，请稍后再试。")
                .retry_after(10)
        })?;
        readers.insert(reader);
        Ok(Taken { room: self.clone(), reader, _place: place })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.readers.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.reader);
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, Code, Room};
    use uuid::Uuid;

    #[test]
    fn each_reads_one_and_few_read_at_once() {
        let room = Room::default();
        let user = |n: usize| Uuid::from_u128(n as u128);
        let taken: Vec<_> = (0..AT_ONCE).map(|n| room.take(user(n)).ok().unwrap()).collect();
        assert_eq!(room.take(user(0)).err().unwrap().code, Code::RateLimited);
        assert_eq!(room.take(user(AT_ONCE)).err().unwrap().code, Code::Unavailable);
        drop(taken);
        assert!(room.take(user(AT_ONCE)).is_ok() && room.take(user(0)).is_ok());
    }
}
