//! A small fuzzer: mutated programs of the text files against properties of all texts.
//!
//! - `mutate`   mutations of inputs
//! - `targets`  fuzz targets and their properties
//!
//! It runs for two seconds, or for `OMNIGRAPH_FUZZ_SECONDS`. The inputs depend on the seed alone. The seed in a finding, set as
//! `OMNIGRAPH_FUZZ_SEED`, reproduces it.

mod mutate;
mod targets;

use std::time::{Duration, Instant};

use self::mutate::MutationChoices;
use self::targets::FuzzTarget;

/// Seed of a run without `OMNIGRAPH_FUZZ_SEED`.
const DEFAULT_SEED: u64 = 20_240_229;

/// Total time of all targets without `OMNIGRAPH_FUZZ_SECONDS`.
const DEFAULT_SECONDS: u64 = 2;

/// Least number of inputs per target.
const MIN_INPUTS: u64 = 20;

#[test]
fn mutated_inputs_satisfy_the_properties() {
    let seed = setting("OMNIGRAPH_FUZZ_SEED").unwrap_or(DEFAULT_SEED);
    let seconds = setting("OMNIGRAPH_FUZZ_SECONDS").unwrap_or(DEFAULT_SECONDS);
    let targets = targets::all();
    let share = Duration::from_secs(seconds) / u32::try_from(targets.len()).unwrap();
    println!("fuzz: seed {seed}, {seconds} s");
    let mut findings = Vec::new();
    for target in &targets {
        let (tried, found) = run(target, seed, share);
        println!("fuzz: {:<24} {tried:>8} inputs from {} programs", target.name, target.corpus.len());
        findings.extend(found);
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// The unmutated corpus satisfies the properties.
#[test]
fn the_corpus_satisfies_the_properties() {
    for target in targets::all() {
        assert!(!target.corpus.is_empty(), "{}", target.name);
        for input in &target.corpus {
            if let Err(why) = target.check(input) {
                panic!("{}: {why}\n{input}", target.name);
            }
        }
    }
}

/// The fuzzer finds a violation and shrinks it to little more than its cause.
#[test]
fn a_violated_property_is_found_and_shrunk() {
    let corpus = vec!["node A { x: I32 }".to_owned(), "edge E: A -> A { y: String? }".to_owned()];
    // Only a splice of both inputs holds both names.
    let broken = FuzzTarget::new("broken", corpus, |input| match input.contains("I32") && input.contains("String") {
        true => panic!("both"),
        false => Ok(()),
    });
    let (_, found) = run(&broken, DEFAULT_SEED, Duration::from_secs(20));
    let found = found.expect("a splice of two inputs is among the mutations");
    let shrunk = found.lines().last().unwrap();
    assert!(found.contains("panicked: both") && found.contains("OMNIGRAPH_FUZZ_SEED="), "{found}");
    assert!(shrunk.len() <= "I32String".len() + 2, "{found}");
}

/// Runs inputs until the time is over or one fails.
#[expect(clippy::disallowed_methods, reason = "the budget is time; what is tried depends on the seed alone")]
fn run(target: &FuzzTarget, seed: u64, budget: Duration) -> (u64, Option<String>) {
    let start = Instant::now();
    let mut tried = 0;
    while tried < MIN_INPUTS || start.elapsed() < budget {
        // Each input has its own seed, so that a failing input is the first of the next run.
        let own = seed.wrapping_add(tried);
        let input = mutate::input(&mut MutationChoices::new(own), &target.corpus);
        tried += 1;
        if let Err(why) = target.check(&input) {
            let small = shrink(&input, |input| target.check(input).is_err());
            let why = target.check(&small).err().unwrap_or(why);
            let name = target.name;
            return (tried, Some(format!("{name}: {why}\nagain with OMNIGRAPH_FUZZ_SEED={own}\n{small}")));
        }
    }
    (tried, None)
}

/// Most attempts to shrink an input.
const MAX_ATTEMPTS: usize = 3_000;

/// Shrinks a failing input: removes halves, then quarters, down to single characters, while it still fails.
fn shrink(input: &str, fails: impl Fn(&str) -> bool) -> String {
    let mut kept: Vec<char> = input.chars().collect();
    let mut attempts = 0;
    let mut length = kept.len().div_ceil(2);
    while length > 0 {
        let before = kept.len();
        let mut at = 0;
        while at < kept.len() && attempts < MAX_ATTEMPTS {
            attempts += 1;
            let end = (at + length).min(kept.len());
            let without: String = kept[..at].iter().chain(&kept[end..]).collect();
            if fails(&without) {
                kept.drain(at..end);
            } else {
                at = end;
            }
        }
        // A part that was necessary before may be superfluous now.
        if kept.len() == before || attempts >= MAX_ATTEMPTS {
            length /= 2;
        }
    }
    kept.into_iter().collect()
}

#[expect(clippy::disallowed_methods, reason = "the switches of the fuzzer")]
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not `{text}`")))
}
