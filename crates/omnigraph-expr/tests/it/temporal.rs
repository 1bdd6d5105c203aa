//! Dates and instants, up to the limits of their columns.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, TimestampMillisecondArray};
use proptest::prelude::*;

use crate::support::{evaluate_over, value};

fn days(value: i32) -> ArrayRef {
    Arc::new(Date32Array::from(vec![value]))
}

fn instant(value: i64) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from(vec![value]).with_timezone("UTC"))
}

#[test]
fn parts_units_and_spans() {
    for (text, expected) in [
        (r#"year(datetime("1969-12-31T23:59:59.999Z"))"#, "1969"),
        (r#"hour(datetime("1969-12-31T23:59:59.999Z"))"#, "23"),
        (r#"minute(datetime("1969-12-31T23:59:59.999Z"))"#, "59"),
        (r#"day(date("0000-02-29"))"#, "29"),
        (r#"date_trunc("quarter", date("2024-06-30"))"#, "2024-04-01"),
        (r#"date_trunc("week", date("2024-05-12"))"#, "2024-05-06"),
        (r#"date_trunc("week", datetime("1969-12-31T10:00:00Z"))"#, "1969-12-29T00:00:00Z"),
        (r#"date_trunc("second", datetime("1969-12-31T23:59:59.999Z"))"#, "1969-12-31T23:59:59Z"),
        (r#"date("2024-01-31") + duration("P1M")"#, "2024-02-29"),
        (r#"date("2023-01-31") + duration("P1M1D")"#, "2023-03-01"),
        (r#"date("2024-02-29") - duration("P1Y")"#, "2023-02-28"),
        (r#"date("2024-03-31") - duration("P1M")"#, "2024-02-29"),
        (r#"date("2024-05-06") + duration("-P1W")"#, "2024-04-29"),
        (r#"datetime("2024-01-31T23:30:00Z") + duration("P1MT1H")"#, "2024-03-01T00:30:00Z"),
        (r#"datetime("1970-01-01T00:00:00Z") - duration("PT0.001S")"#, "1969-12-31T23:59:59.999Z"),
        (r#"date("2024-05-06") + duration(trim(" P1D "))"#, "2024-05-07"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

/// Expressions that must not panic for any date.
const OF_DATES: &[&str] = &[
    "year($t.day)",
    "month($t.day)",
    "day($t.day)",
    r#"date_trunc("year", $t.day)"#,
    r#"date_trunc("quarter", $t.day)"#,
    r#"date_trunc("week", $t.day)"#,
    r#"$t.day + duration("P999Y11M99D")"#,
    r#"$t.day - duration("P999Y11M99D")"#,
    "to_datetime($t.day)",
    "to_string($t.day)",
];
const OF_INSTANTS: &[&str] = &[
    "year($t.at)",
    "day($t.at)",
    "hour($t.at)",
    "minute($t.at)",
    r#"date_trunc("year", $t.at)"#,
    r#"date_trunc("week", $t.at)"#,
    r#"date_trunc("second", $t.at)"#,
    r#"$t.at + duration("P999Y11M99DT99H")"#,
    r#"$t.at - duration("P999Y11M99DT99H")"#,
    "to_date($t.at)",
    "to_string($t.at)",
];

fn evaluate_all(date: i32, at: i64) {
    for (texts, name, column) in [(OF_DATES, "day", days(date)), (OF_INSTANTS, "at", instant(at))] {
        for text in texts {
            if let Err(error) = evaluate_over(text, name, Arc::clone(&column)) {
                assert!(["overflow", "out-of-range"].contains(&error.kind.code()), "{text}: {error}");
            }
        }
    }
}

#[test]
fn the_ends_of_the_calendar() {
    // Around the last day that can be formatted, 262142-12-31, and around the first.
    for date in [i32::MIN, i32::MIN + 1, i32::MAX, 95_026_235, 95_026_236, 95_026_237, -96_465_292, -96_465_293, 0] {
        evaluate_all(date, i64::from(date) * 86_400_000);
    }
    for at in [i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1] {
        evaluate_all(0, at);
    }
    assert_eq!(evaluate_over("year($t.day)", "day", days(i32::MAX)).unwrap(), ["5881580"]);
    assert_eq!(evaluate_over(r#"$t.day + duration("P1D")"#, "day", days(95_026_235)).unwrap(), ["+262142-12-31"]);
    assert_eq!(
        evaluate_over(r#"$t.day + duration("P1D")"#, "day", days(95_026_236)).unwrap_err().kind.code(),
        "overflow"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_date_causes_a_panic(date in any::<i32>(), at in any::<i64>()) {
        evaluate_all(date, at);
    }
}
