//! Text forms of dates, instants and durations.
//!
//! A Date is a number of days, a DateTime a number of milliseconds, both since 1970-01-01 in UTC. Every number can be written:
//! the calendar covers more than 262,000 years in both directions. Years beyond 9999 and before 0 carry a sign (`+12024-01-01`).
//! A number outside the calendar is written as that number. A number inside reads back as the same number. Nothing here panics.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use crate::ir::CalendarDuration;

/// Days from 0001-01-01 (day 1 of the common era) to 1970-01-01.
const EPOCH_FROM_CE: i32 = 719_163;

const MILLISECONDS_PER_DAY: i64 = 86_400_000;

/// Reads a Date: `2024-05-06` (month and day may be unpadded, the year signed and longer), `20240506`, or the day in UTC of an
/// instant that [`parse_datetime`] reads, as `to_date` does. Returns days since 1970-01-01.
#[must_use]
pub fn parse_date(text: &str) -> Option<i32> {
    if split_time(text).is_some() {
        return i32::try_from(parse_datetime(text)?.div_euclid(MILLISECONDS_PER_DAY)).ok();
    }
    Some(parse_day(text)?.num_days_from_ce() - EPOCH_FROM_CE)
}

/// Reads a DateTime: a date, then `T`, `t` or a space, a time with or without colons, optionally a fraction of a second
/// (truncated to milliseconds) and a zone (`Z`, `+02:00`, `-0530`; UTC without one). A padded date alone is its midnight in UTC.
/// Returns milliseconds since the epoch.
#[must_use]
pub fn parse_datetime(text: &str) -> Option<i64> {
    let Some((day, time)) = split_time(text) else {
        let padded = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
        let day = if padded { parse_day(text)? } else { return None };
        return Some(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis());
    };
    let (time, offset_minutes) = parse_time(time)?;
    let local = NaiveDateTime::new(parse_day(day)?, time).and_utc().timestamp_millis();
    local.checked_sub(i64::from(offset_minutes) * 60_000)
}

fn split_time(text: &str) -> Option<(&str, &str)> {
    let at = text.find(['T', 't', ' '])?;
    Some((&text[..at], &text[at + 1..]))
}

fn parse_day(text: &str) -> Option<NaiveDate> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = rest.split('-');
    let (year, month, day) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day), None) if year.len() >= 4 => (year, month, day),
        (Some(all), None, None, None) if all.len() == 8 && all.is_ascii() => (&all[..4], &all[4..6], &all[6..]),
        _ => return None,
    };
    let year: i32 = digits(year, 7)?.try_into().ok()?;
    NaiveDate::from_ymd_opt(if negative { -year } else { year }, digits(month, 2)?, digits(day, 2)?)
}

fn digits(text: &str, longest: usize) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Reads a time of day, truncated to milliseconds, and its zone's offset in minutes.
fn parse_time(text: &str) -> Option<(NaiveTime, i32)> {
    let zone = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(zone);
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, rest)| (clock, Some(rest)));
    let mut parts = clock.split(':');
    let (hour, minute, second) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(hour), Some(minute), Some(second), None) if [hour, minute, second].iter().all(|part| part.len() == 2) => {
            (hour, minute, second)
        }
        (Some(all), None, None, None) if all.len() == 6 && all.is_ascii() => (&all[..2], &all[2..4], &all[4..]),
        _ => return None,
    };
    let milliseconds = fraction.map_or(Some(0), thousandths)?;
    let time = NaiveTime::from_hms_milli_opt(digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?, milliseconds)?;
    Some((time, parse_zone(zone)?))
}

/// Reads the first three digits after the point, of at most nine.
fn thousandths(fraction: &str) -> Option<u32> {
    digits(fraction, 9)?;
    let digit = |at: usize| fraction.as_bytes().get(at).map_or(0, |digit| u32::from(digit - b'0'));
    Some(digit(0) * 100 + digit(1) * 10 + digit(2))
}

fn parse_zone(text: &str) -> Option<i32> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let rest = rest.replacen(':', "", 1);
    if rest.len() != 4 || !rest.is_ascii() {
        return None;
    }
    let (hours, minutes) = (digits(&rest[..2], 2)?, digits(&rest[2..], 2)?);
    if hours > 23 || minutes > 59 { None } else { Some(sign * i32::try_from(hours * 60 + minutes).ok()?) }
}

/// Writes a Date, in days since 1970-01-01, as `YYYY-MM-DD`; outside of the calendar as its number of days.
#[must_use]
pub fn format_date(days: i32) -> String {
    let date = days.checked_add(EPOCH_FROM_CE).and_then(NaiveDate::from_num_days_from_ce_opt);
    date.map_or_else(|| days.to_string(), |date| date.format("%Y-%m-%d").to_string())
}

/// Writes a DateTime, in milliseconds since 1970-01-01T00:00:00Z, in RFC 3339: UTC, `Z`, milliseconds only when they are not zero;
/// outside of the calendar as its number of milliseconds.
#[must_use]
pub fn format_datetime(milliseconds: i64) -> String {
    let Some(instant) = DateTime::from_timestamp_millis(milliseconds) else { return milliseconds.to_string() };
    let form = if instant.nanosecond() == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.3fZ" };
    instant.format(form).to_string()
}

/// Reads an ISO 8601 duration: `P1Y2M3W4DT5H6M7.5S`, each part optional, at least one; optionally with a minus before it.
#[must_use]
pub fn parse_duration(text: &str) -> Option<CalendarDuration> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let rest = rest.strip_prefix('P')?;
    let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
    let mut total = [0i64; 3];
    let mut parts = duration_parts(date, &[('Y', 0, 12), ('M', 0, 1), ('W', 1, 7), ('D', 1, 1)], &mut total)?;
    if let Some(time) = time {
        let within = duration_parts(time, &[('H', 2, 3_600_000), ('M', 2, 60_000), ('S', 2, 1_000)], &mut total)?;
        if within == 0 {
            return None;
        }
        parts += within;
    }
    if parts == 0 {
        return None;
    }
    Some(CalendarDuration {
        months: i32::try_from(sign * total[0]).ok()?,
        days: i32::try_from(sign * total[1]).ok()?,
        milliseconds: sign * total[2],
    })
}

/// Adds `number unit` pairs, in the order of `units`, to the totals of their units. Returns the number of pairs.
fn duration_parts(mut text: &str, units: &[(char, usize, i64)], total: &mut [i64; 3]) -> Option<usize> {
    let (mut count, mut next) = (0, 0);
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let unit = text[end..].chars().next()?;
        let at = units[next..].iter().position(|(letter, _, _)| *letter == unit)? + next;
        let (_, slot, factor) = units[at];
        let (whole, fraction) = text[..end].split_once('.').map_or((&text[..end], ""), |(whole, rest)| (whole, rest));
        if !fraction.is_empty() && unit != 'S' {
            return None;
        }
        let mut amount = i64::from(digits(whole, 9)?).checked_mul(factor)?;
        if !fraction.is_empty() {
            amount += i64::from(thousandths(fraction)?);
        }
        total[slot] = total[slot].checked_add(amount)?;
        (count, next) = (count + 1, at + 1);
        text = &text[end + 1..];
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the first and the last day of the calendar.
    fn days() -> (i32, i32) {
        (NaiveDate::MIN.num_days_from_ce() - EPOCH_FROM_CE, NaiveDate::MAX.num_days_from_ce() - EPOCH_FROM_CE)
    }

    fn check_date(days_since: i32) {
        let (first, last) = days();
        let text = format_date(days_since);
        if (first..=last).contains(&days_since) {
            assert_eq!(parse_date(&text), Some(days_since), "{text}");
        } else {
            assert_eq!(text, days_since.to_string());
        }
    }

    fn check_datetime(milliseconds: i64) {
        let (first, last) = days();
        let text = format_datetime(milliseconds);
        if (i64::from(first) * MILLISECONDS_PER_DAY..(i64::from(last) + 1) * MILLISECONDS_PER_DAY)
            .contains(&milliseconds)
        {
            assert_eq!(parse_datetime(&text), Some(milliseconds), "{text}");
            assert_eq!(text.contains('.'), milliseconds % 1000 != 0, "{text}");
        } else {
            assert_eq!(text, milliseconds.to_string());
        }
    }

    #[test]
    fn the_borders_of_numbers_and_of_the_calendar() {
        let (first, last) = days();
        for day in [first, last] {
            (-1..=1).for_each(|by| check_date(day + by));
            (-1..=1).for_each(|by| check_datetime(i64::from(day) * 86_400_000 + by));
            check_datetime((i64::from(day) + 1) * 86_400_000 - 1);
            check_datetime((i64::from(day) + 1) * 86_400_000);
        }
        [i32::MIN, -1, 0, 1, i32::MAX].into_iter().for_each(check_date);
        [i64::MIN, -1_001, -1_000, -1, 0, 1, 1_000, i64::MAX].into_iter().for_each(check_datetime);
    }

    proptest! {
        #[test]
        fn every_date_can_be_written(days_since in any::<i32>()) {
            check_date(days_since);
        }

        #[test]
        fn every_instant_can_be_written(milliseconds in any::<i64>(), near in -10_000_000_000_000_000i64..10_000_000_000_000_000) {
            check_datetime(milliseconds);
            check_datetime(near);
        }

        #[test]
        fn any_text_can_be_read(text in "[0-9TtZz:+. é-]{0,30}") {
            let _ = (parse_date(&text), parse_datetime(&text), parse_duration(&text));
        }
    }

    #[test]
    fn dates_in_every_accepted_form() {
        for text in
            ["2024-05-06", "2024-5-6", "20240506", "+2024-05-06", "2024-05-06T07:08:09", "2024-05-06 070809-0530"]
        {
            assert_eq!(parse_date(text), Some(19_849), "{text}");
        }
        assert_eq!(parse_date("1970-01-01"), Some(0));
        assert_eq!(parse_date("1969-12-31"), Some(-1));
        // The same instant is of the same day however it is written.
        assert_eq!(parse_date("2024-05-05T23:00:00-05:00"), parse_date("2024-05-06T04:00:00Z"));
        assert_eq!(parse_date("1969-12-31T23:59:59Z"), Some(-1));
        assert_eq!(parse_date("+12024-01-01").map(format_date).as_deref(), Some("+12024-01-01"));
        for text in [
            "",
            "2024",
            "2024-13-01",
            "2024-02-30",
            "24-05-06",
            "2024-05-06T",
            "2024-01-01' OR 1=1",
            "2024-05-06T25:00:00",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn instants_in_every_accepted_form() {
        let expected = Some(1_714_979_289_000);
        for text in [
            "2024-05-06T07:08:09",
            "2024-05-06t07:08:09Z",
            "2024-05-06 09:08:09+02:00",
            "2024-05-06T01:38:09-0530",
            "2024-05-06T070809",
        ] {
            assert_eq!(parse_datetime(text), expected, "{text}");
        }
        assert_eq!(parse_datetime("2024-05-06T07:08:09.123456789Z"), Some(1_714_979_289_123));
        assert_eq!(parse_datetime("2024-05-06T07:08:09.1Z"), Some(1_714_979_289_100));
        assert_eq!(parse_datetime("1970-01-02"), Some(86_400_000));
        for text in ["1970-1-2", "20240506", "2024-05-06T7:08:09", "2024-05-06T07:08:09+2", "2024-05-06T07:08:09.", "é"]
        {
            assert_eq!(parse_datetime(text), None, "{text}");
        }
    }

    #[test]
    fn texts_of_dates_and_instants() {
        assert_eq!(format_date(19_849), "2024-05-06");
        assert_eq!(format_datetime(1_714_979_289_000), "2024-05-06T07:08:09Z");
        assert_eq!(format_datetime(1_714_979_289_005), "2024-05-06T07:08:09.005Z");
        assert_eq!(format_datetime(i64::MAX), i64::MAX.to_string());
        assert_eq!(format_date(i32::MAX), i32::MAX.to_string());
    }

    #[test]
    fn durations() {
        let full = CalendarDuration { months: 14, days: 25, milliseconds: 18_367_500 };
        assert_eq!(parse_duration("P1Y2M3W4DT5H6M7.5S"), Some(full));
        assert_eq!(parse_duration("-P7D"), Some(CalendarDuration { days: -7, ..CalendarDuration::default() }));
        assert_eq!(
            parse_duration("PT1M"),
            Some(CalendarDuration { milliseconds: 60_000, ..CalendarDuration::default() })
        );
        for text in ["", "P", "PT", "P1", "7D", "P1D2Y", "P1.5D", "P1DT", "P99999999999D", "P1H"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
