//! The figures of the accounts, in one place. They are not settings: who could change them could weaken them.

/// One second in µs.
pub const SECOND: i64 = 1_000_000;
/// One minute in µs.
pub const MINUTE: i64 = 60 * SECOND;
/// One day in µs.
pub const DAY: i64 = 24 * 60 * MINUTE;

/// A session that was not used for so long has ended.
pub const IDLE: i64 = 30 * MINUTE;
/// A session ends after so long, used or not.
pub const ABSOLUTE: i64 = 12 * 60 * MINUTE;
/// The last use of a session is written no more often than this.
pub const SEEN_EVERY: i64 = MINUTE;
/// Sessions of one account at the same time; the oldest gives way.
pub const SESSIONS: usize = 5;

/// Rows of sessions are kept for so long after their end.
pub const SESSION_KEPT: i64 = 30 * DAY;

/// Fewest characters of a password.
pub const PASSWORD_LEAST: usize = 12;
/// Most characters of a password.
pub const PASSWORD_MOST: usize = 128;
/// A one-time password that was handed out is good for so long.
pub const ONE_TIME: i64 = 7 * DAY;

/// Failures of a login name before it has to wait.
pub const NAME_FAILURES: i64 = 5;
/// Failures from an address before it has to wait; an office may share one.
pub const ADDRESS_FAILURES: i64 = 30;
/// The first wait; it doubles with each further failure.
pub const FIRST_WAIT: i64 = MINUTE;
/// No wait is longer: a stranger must not be able to keep the owner out for a day.
pub const LONGEST_WAIT: i64 = 15 * MINUTE;
/// Failures are forgotten after so long without one.
pub const FORGOTTEN: i64 = DAY;

/// Recovery codes of an account, each good for one login.
pub const RECOVERY_CODES: usize = 8;

/// A login at the provider of single sign-on must be back after so long.
pub const SSO_ATTEMPT: i64 = 10 * MINUTE;
/// A login that came back from there must be finished with the second factor after so long.
pub const SSO_CODE: i64 = 5 * MINUTE;
/// How far the provider's clock may be off.
pub const SSO_SKEW: i64 = MINUTE;
/// What the provider says of itself, and its keys, are fetched anew after so long.
pub const SSO_KEPT: i64 = 60 * MINUTE;
