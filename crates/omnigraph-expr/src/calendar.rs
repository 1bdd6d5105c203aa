//! The proleptic Gregorian calendar over plain integers, total over all storable Dates and DateTimes.
//!
//! Dates are days and instants are milliseconds since 1970-01-01. A column may hold days outside the range of calendar libraries:
//! they are read correctly here, and only results that cannot be formatted as text are rejected. The day arithmetic is that of
//! H. Hinnant, *chrono-Compatible Low-Level Date Algorithms*.

use chrono::{Datelike, NaiveDate};
use omnigraph_compiler::ir::CalendarDuration;

pub(crate) const DAY_MILLISECONDS: i64 = 86_400_000;

/// Days from 0001-01-01 (day 1 of the common era) to 1970-01-01.
const EPOCH_FROM_CE: i64 = 719_163;
/// Days in 400 years.
const ERA_DAYS: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_FROM_MARCH: i64 = 719_468;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CalendarDay {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
}

impl CalendarDay {
    /// Returns the day that is `days` after 1970-01-01, for any instant of 64-bit milliseconds.
    pub(crate) const fn from_days(days: i64) -> Self {
        // Years start in March, so that the leap day is the last one.
        let days = days + EPOCH_FROM_MARCH;
        let era = days.div_euclid(ERA_DAYS);
        let day_of_era = days.rem_euclid(ERA_DAYS);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
        Self { year, month, day }
    }

    /// Returns the days since 1970-01-01.
    pub(crate) const fn days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (self.month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * ERA_DAYS + day_of_era - EPOCH_FROM_MARCH
    }

    /// Adds months. A day that does not exist becomes the last day of its month.
    const fn plus_months(self, months: i64) -> Self {
        let from_zero = self.year * 12 + self.month - 1 + months;
        let (year, month) = (from_zero.div_euclid(12), from_zero.rem_euclid(12) + 1);
        let last = length_of_month(year, month);
        Self { year, month, day: if self.day < last { self.day } else { last } }
    }
}

const fn length_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Adds months, then days, to a day; `None` beyond the years that can be formatted.
pub(crate) fn plus_days(days: i64, duration: CalendarDuration) -> Option<i64> {
    let moved = CalendarDay::from_days(days).plus_months(i64::from(duration.months)).days() + i64::from(duration.days);
    let first = i64::from(NaiveDate::MIN.num_days_from_ce()) - EPOCH_FROM_CE;
    let last = i64::from(NaiveDate::MAX.num_days_from_ce()) - EPOCH_FROM_CE;
    (first..=last).contains(&moved).then_some(moved)
}

/// Adds months, then days, then milliseconds, to an instant; `None` beyond the years that can be formatted.
pub(crate) fn plus_duration(instant: i64, duration: CalendarDuration) -> Option<i64> {
    let (days, rest) = (instant.div_euclid(DAY_MILLISECONDS), instant.rem_euclid(DAY_MILLISECONDS));
    // Only the final result is range-checked: intermediate results may be out of range.
    let moved = CalendarDay::from_days(days).plus_months(i64::from(duration.months)).days() + i64::from(duration.days);
    let moved = moved.checked_mul(DAY_MILLISECONDS)?.checked_add(rest)?.checked_add(duration.milliseconds)?;
    plus_days(moved.div_euclid(DAY_MILLISECONDS), CalendarDuration::default()).map(|_| moved)
}

/// Negates a duration; `None` on overflow.
pub(crate) fn negated(duration: CalendarDuration) -> Option<CalendarDuration> {
    Some(CalendarDuration {
        months: duration.months.checked_neg()?,
        days: duration.days.checked_neg()?,
        milliseconds: duration.milliseconds.checked_neg()?,
    })
}

/// A unit of `date_trunc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CalendarUnit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

impl CalendarUnit {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "year" => Self::Year,
            "quarter" => Self::Quarter,
            "month" => Self::Month,
            "week" => Self::Week,
            "day" => Self::Day,
            "hour" => Self::Hour,
            "minute" => Self::Minute,
            "second" => Self::Second,
            _ => return None,
        })
    }

    /// Returns the milliseconds of a unit shorter than a day.
    const fn milliseconds(self) -> Option<i64> {
        match self {
            Self::Hour => Some(3_600_000),
            Self::Minute => Some(60_000),
            Self::Second => Some(1_000),
            _ => None,
        }
    }

    pub(crate) const fn is_within_day(self) -> bool {
        self.milliseconds().is_some()
    }

    /// Returns the first day of the unit that contains a day.
    pub(crate) const fn start_of_days(self, days: i64) -> i64 {
        let date = CalendarDay::from_days(days);
        match self {
            Self::Year => CalendarDay { month: 1, day: 1, ..date }.days(),
            Self::Quarter => CalendarDay { month: (date.month - 1) / 3 * 3 + 1, day: 1, ..date }.days(),
            Self::Month => CalendarDay { day: 1, ..date }.days(),
            // 1970-01-01 was a Thursday, three days after a Monday.
            Self::Week => days - (days + 3).rem_euclid(7),
            Self::Day | Self::Hour | Self::Minute | Self::Second => days,
        }
    }

    /// Returns the first millisecond of the unit that contains an instant; `None` on overflow.
    pub(crate) fn start_of_instant(self, instant: i64) -> Option<i64> {
        match self.milliseconds() {
            Some(length) => instant.checked_sub(instant.rem_euclid(length)),
            None => self.start_of_days(instant.div_euclid(DAY_MILLISECONDS)).checked_mul(DAY_MILLISECONDS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn days_match_the_calendar_library(days in -96_000_000i64..96_000_000) {
            let expected = i32::try_from(days + EPOCH_FROM_CE).ok().and_then(NaiveDate::from_num_days_from_ce_opt);
            let found = CalendarDay::from_days(days);
            prop_assert_eq!(found.days(), days);
            if let Some(expected) = expected {
                let expected = (i64::from(expected.year()), i64::from(expected.month()), i64::from(expected.day()));
                prop_assert_eq!((found.year, found.month, found.day), expected);
            }
        }

        #[test]
        fn any_instant_has_a_day(instant in any::<i64>()) {
            let days = instant.div_euclid(DAY_MILLISECONDS);
            prop_assert_eq!(CalendarDay::from_days(days).days(), days);
        }

        #[test]
        fn added_months_match_the_calendar_library(days in -1_000_000i64..1_000_000, months in 0u32..10_000) {
            let day = i32::try_from(days + EPOCH_FROM_CE).ok().and_then(NaiveDate::from_num_days_from_ce_opt).unwrap();
            let expected = day.checked_add_months(chrono::Months::new(months)).unwrap();
            let duration = CalendarDuration { months: i32::try_from(months).unwrap(), ..CalendarDuration::default() };
            let expected = i64::from(expected.num_days_from_ce()) - EPOCH_FROM_CE;
            prop_assert_eq!(plus_days(days, duration), Some(expected));
        }
    }

    #[test]
    fn units_start_where_they_should() {
        // 2024-05-06 was a Monday.
        let monday = 19_849;
        assert_eq!(CalendarUnit::Week.start_of_days(monday), monday);
        assert_eq!(CalendarUnit::Week.start_of_days(monday + 6), monday);
        assert_eq!(CalendarUnit::Week.start_of_days(-1), -3);
        assert_eq!(
            CalendarDay::from_days(CalendarUnit::Quarter.start_of_days(monday)),
            CalendarDay { year: 2024, month: 4, day: 1 }
        );
        assert_eq!(
            CalendarDay::from_days(CalendarUnit::Year.start_of_days(monday)),
            CalendarDay { year: 2024, month: 1, day: 1 }
        );
        assert_eq!(CalendarUnit::Hour.start_of_instant(-1), Some(-3_600_000));
        assert_eq!(CalendarUnit::Day.start_of_instant(i64::MIN), None);
    }
}
