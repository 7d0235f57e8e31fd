//! What a database error means for a user.

use sqlx::Error;

use crate::StoreError;

/// An error while connecting: what is not recognised means that nobody answers.
pub(super) fn opening(error: Error) -> StoreError {
    match self::error(error) {
        StoreError::Database(error) => StoreError::Unreachable(error),
        known => known,
    }
}

/// Any other error.
pub(super) fn error(error: Error) -> StoreError {
    let Error::Database(database) = &error else {
        return match error {
            Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
                StoreError::Unreachable(error)
            }
            _ => StoreError::Database(error),
        };
    };
    match database.code().as_deref() {
        // PostgreSQL: lock_not_available, disk_full, class 08 and 57P0x, index_corrupted.
        Some("55P03") => StoreError::Locked(error),
        Some("53100") => StoreError::DiskFull(error),
        Some("57P01" | "57P02" | "57P03" | "53300") => StoreError::Unreachable(error),
        Some("XX001" | "XX002") => StoreError::Damaged(error),
        Some(code) if code.len() == 5 && code.starts_with("08") => StoreError::Unreachable(error),
        // SQLite: https://sqlite.org/rescode.html; the primary code is in the low 8 bits.
        // IOERR_SHMSIZE: the index of the write-ahead log cannot grow, which only a full disk refuses.
        Some("4874") => StoreError::DiskFull(error),
        Some(code) if code.len() < 5 => match code.parse::<u32>().unwrap_or(0) & 0xff {
            5 | 6 => StoreError::Locked(error),
            11 | 26 => StoreError::Damaged(error),
            13 => StoreError::DiskFull(error),
            14 => StoreError::Unreachable(error),
            _ => StoreError::Database(error),
        },
        _ => StoreError::Database(error),
    }
}
