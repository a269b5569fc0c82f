//! Cursors as they travel: base64url of their bytes and of a code that only this server's key makes.

use crate::auth::keys::Keys;
use crate::http::{Code, Problem};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sync_core::cursor::Cursor;
use uuid::Uuid;

const PURPOSE: &str = "pull cursor";
const MAC_BYTES: usize = 32;

/// The text that a device keeps.
pub fn seal(keys: &Keys, cursor: &Cursor) -> String {
    // Serialising plain data into memory cannot fail.
    let mut bytes = postcard::to_stdvec(cursor).unwrap_or_default();
    let mac = keys.mac(PURPOSE, &bytes);
    bytes.extend_from_slice(&mac);
    BASE64.encode(bytes)
}

/// The cursor in a text that was issued to `holder`; 400 `bad_cursor` for any other.
pub fn open(keys: &Keys, text: &str, holder: Uuid) -> Result<Cursor, Problem> {
    let bad = || {
        Problem::new(Code::BadCursor).detail(
            "This cursor was not issued to this device. Pull without a cursor to begin again.",
            "该游标不是发给本设备的。请不带游标重新拉取。",
        )
    };
    let bytes = BASE64.decode(text).map_err(|_| bad())?;
    let (data, mac) = bytes.len().checked_sub(MAC_BYTES).map(|end| bytes.split_at(end)).ok_or_else(bad)?;
    if !keys.mac_is(PURPOSE, data, mac) {
        return Err(bad());
    }
    let cursor: Cursor = postcard::from_bytes(data).map_err(|_| bad())?;
    if cursor.holder == holder { Ok(cursor) } else { Err(bad()) }
}
