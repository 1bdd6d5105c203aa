//! Functions of dates and instants, and durations added to them. Everything is in UTC.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::CalendarDuration;
use omnigraph_compiler::temporal::parse_duration;

use super::evaluator::OracleError;
use super::value::OracleValue;

/// Applies a function of dates.
pub(super) fn apply(function: FunctionId, args: &[OracleValue]) -> Result<OracleValue, OracleError> {
    Ok(match (function, args) {
        (FunctionId::Year, [at]) => OracleValue::Integer(instant(at)?.year().into()),
        (FunctionId::Month, [at]) => OracleValue::Integer(instant(at)?.month().into()),
        (FunctionId::Day, [at]) => OracleValue::Integer(instant(at)?.day().into()),
        (FunctionId::Hour, [at]) => OracleValue::Integer(instant(at)?.hour().into()),
        (FunctionId::Minute, [at]) => OracleValue::Integer(instant(at)?.minute().into()),
        (FunctionId::DateTrunc, [OracleValue::Text(unit), at]) => truncated(unit, at)?,
        (FunctionId::Duration, [OracleValue::Text(text)]) => OracleValue::Duration(
            parse_duration(text).ok_or_else(|| OracleError::run(format!("invalid duration {text:?}")))?,
        ),
        (function, args) => return Err(OracleError::internal(format!("{function:?} of {args:?}"))),
    })
}

/// Returns a date plus (`sign` 1) or minus (-1) a duration: months first, a day that does not exist becoming the last of its
/// month, then days, then milliseconds.
pub(super) fn shift(at: &OracleValue, duration: &OracleValue, sign: i64) -> Result<OracleValue, OracleError> {
    let OracleValue::Duration(CalendarDuration { months, days, milliseconds }) = duration else {
        return Err(OracleError::internal(format!("{duration:?} is not a duration")));
    };
    if matches!(at, OracleValue::Date(_)) && *milliseconds != 0 {
        return Err(OracleError::run("only whole days can be added to a Date"));
    }
    let shifted = || {
        let start = instant(at).ok()?;
        let months = sign * i64::from(*months);
        let span = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
        let moved = if months < 0 { start.checked_sub_months(span) } else { start.checked_add_months(span) }?;
        let days = sign * i64::from(*days);
        let span = Days::new(days.unsigned_abs());
        let moved = if days < 0 { moved.checked_sub_days(span) } else { moved.checked_add_days(span) }?;
        moved.checked_add_signed(TimeDelta::try_milliseconds(milliseconds.checked_mul(sign)?)?)
    };
    like(at, shifted().ok_or_else(|| OracleError::run("a date beyond the calendar"))?)
}

fn truncated(unit: &str, at: &OracleValue) -> Result<OracleValue, OracleError> {
    let instant = instant(at)?;
    let (date, time) = (instant.date(), instant.time());
    let start_of = |date: Option<NaiveDate>| date.map(|date| date.and_time(NaiveTime::MIN));
    let on = |hour, minute, second| date.and_hms_opt(hour, minute, second);
    let within_day = matches!(unit, "hour" | "minute" | "second");
    let start = match unit {
        "year" => start_of(NaiveDate::from_ymd_opt(date.year(), 1, 1)),
        "quarter" => start_of(NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1)),
        "month" => start_of(date.with_day(1)),
        "week" => start_of(date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into()))),
        "day" => start_of(Some(date)),
        "hour" => on(time.hour(), 0, 0),
        "minute" => on(time.hour(), time.minute(), 0),
        "second" => on(time.hour(), time.minute(), time.second()),
        _ => None,
    };
    let start = start.filter(|_| !(within_day && matches!(at, OracleValue::Date(_))));
    like(at, start.ok_or_else(|| OracleError::run(format!("date_trunc knows no unit {unit:?} here")))?)
}

/// Returns the instant, or the midnight of the date.
fn instant(value: &OracleValue) -> Result<NaiveDateTime, OracleError> {
    let found = match value {
        OracleValue::Date(days) => epoch().checked_add_signed(TimeDelta::days((*days).into())),
        OracleValue::DateTime(millis) => DateTime::from_timestamp_millis(*millis).map(|instant| instant.naive_utc()),
        other => return Err(OracleError::internal(format!("{other:?} is not a date"))),
    };
    found.ok_or_else(|| OracleError::run("a date beyond the calendar"))
}

/// Returns a value of the same type as `at`.
fn like(at: &OracleValue, instant: NaiveDateTime) -> Result<OracleValue, OracleError> {
    match at {
        OracleValue::Date(_) => {
            let days = instant.date().signed_duration_since(epoch().date()).num_days();
            i32::try_from(days).map(OracleValue::Date).map_err(|_| OracleError::run("a date beyond the calendar"))
        }
        _ => Ok(OracleValue::DateTime(instant.and_utc().timestamp_millis())),
    }
}

fn epoch() -> NaiveDateTime {
    DateTime::UNIX_EPOCH.naive_utc()
}

#[cfg(test)]
mod tests {
    use omnigraph_compiler::temporal::{format_date, format_datetime, parse_date, parse_datetime};

    use super::*;

    fn date(text: &str) -> OracleValue {
        OracleValue::Date(parse_date(text).unwrap())
    }

    fn shifted(at: OracleValue, duration: &str, sign: i64) -> String {
        match shift(&at, &OracleValue::Duration(parse_duration(duration).unwrap()), sign).unwrap() {
            OracleValue::Date(days) => format_date(days),
            OracleValue::DateTime(millis) => format_datetime(millis),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn months_come_before_days() {
        assert_eq!(shifted(date("2024-01-31"), "P1M", 1), "2024-02-29");
        assert_eq!(shifted(date("2024-01-31"), "P1M1D", 1), "2024-03-01");
        assert_eq!(shifted(date("2024-03-31"), "P1M1D", -1), "2024-02-28");
        let at = OracleValue::DateTime(parse_datetime("2024-02-28T23:30:00Z").unwrap());
        assert_eq!(shifted(at, "PT1H", 1), "2024-02-29T00:30:00Z");
    }

    #[test]
    fn a_date_takes_whole_days_only() {
        let hour = OracleValue::Duration(parse_duration("PT24H").unwrap());
        assert!(matches!(shift(&date("2024-01-01"), &hour, 1), Err(OracleError::Run(_))));
    }

    #[test]
    fn truncation() {
        let trunc = |unit: &str, at: &str| match truncated(unit, &date(at)) {
            Ok(OracleValue::Date(days)) => format_date(days),
            other => format!("{other:?}"),
        };
        assert_eq!(trunc("year", "2024-05-06"), "2024-01-01");
        assert_eq!(trunc("quarter", "2024-05-06"), "2024-04-01");
        assert_eq!(trunc("month", "2024-05-06"), "2024-05-01");
        assert_eq!(trunc("week", "2024-05-05"), "2024-04-29");
        assert_eq!(trunc("week", "2024-05-06"), "2024-05-06");
        assert!(trunc("hour", "2024-05-06").contains("Err"));
        let at = OracleValue::DateTime(parse_datetime("1969-12-31T23:59:59.5Z").unwrap());
        assert_eq!(truncated("minute", &at), Ok(OracleValue::DateTime(-60_000)));
    }

    #[test]
    fn fields() {
        let at = OracleValue::DateTime(parse_datetime("2024-05-06T07:08:09Z").unwrap());
        let field = |function| apply(function, std::slice::from_ref(&at)).unwrap();
        assert_eq!(field(FunctionId::Year), OracleValue::Integer(2024));
        assert_eq!(field(FunctionId::Month), OracleValue::Integer(5));
        assert_eq!(field(FunctionId::Day), OracleValue::Integer(6));
        assert_eq!(field(FunctionId::Hour), OracleValue::Integer(7));
        assert_eq!(field(FunctionId::Minute), OracleValue::Integer(8));
    }
}
