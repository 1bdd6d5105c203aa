//! Dates and instants.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// Days since 1970-01-01 of a date, or of the date part of an instant.
pub(super) fn days(text: &str) -> Option<i32> {
    let date = match date_of(text) {
        Some(date) => date,
        None => DateTime::from_timestamp_millis(millis(text)?)?.date_naive(),
    };
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// Milliseconds since 1970-01-01T00:00:00Z of an instant, or of midnight UTC of a date.
pub(super) fn millis(text: &str) -> Option<i64> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        return Some(instant.with_timezone(&Utc).timestamp_millis());
    }
    if let Some(date) = date_of(text) {
        return Some(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis());
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H%M%S%.f"] {
        if let Ok(instant) = NaiveDateTime::parse_from_str(text, form) {
            return Some(instant.and_utc().timestamp_millis());
        }
    }
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z"];
    zoned.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()).map(|instant| instant.timestamp_millis())
}

fn date_of(text: &str) -> Option<NaiveDate> {
    let plain = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    plain.or_else(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok().filter(|_| text.len() == 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(days("1970-01-02"), Some(1));
        assert_eq!(days("19700102"), Some(1));
        assert_eq!(days("2024-5-6"), days("2024-05-06"));
        assert_eq!(days("2024-05-06T23:59:59Z"), days("2024-05-06"));
        assert_eq!(days("1969-12-31"), Some(-1));
        assert_eq!(days("2024-13-01"), None);
        assert_eq!(days("soon"), None);
    }

    #[test]
    fn instants() {
        assert_eq!(millis("1970-01-01T00:00:01Z"), Some(1000));
        assert_eq!(millis("1970-01-01T00:00:01"), Some(1000));
        assert_eq!(millis("1970-01-01 00:00:01.5"), Some(1500));
        assert_eq!(millis("1970-01-01T02:00:00+02:00"), Some(0));
        assert_eq!(millis("1970-01-01T00:00:00-0530"), Some(19_800_000));
        assert_eq!(millis("1970-01-02"), Some(86_400_000));
        assert_eq!(millis("1970-01-01T00:00:00.123456789Z"), Some(123));
        assert_eq!(millis("yesterday"), None);
    }
}
