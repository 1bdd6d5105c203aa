//! Text files of cases: `# <title>`, the input, a line `----`, the expected output.
//!
//! With `UPDATE_EXPECT=1` in the environment the actual output replaces the expected output.

use std::path::PathBuf;

/// One case of a file.
struct TestCase {
    title: String,
    input: String,
    expected: String,
}

/// Runs every case of every `.txt` file under `tests/data/<folder>`. `run` gets a case's title and input.
pub(crate) fn run(folder: &str, run: impl Fn(&str, &str) -> String) {
    let files = files(folder);
    let update = asked_to_update();
    let mut failures = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let cases = parse(&text);
        assert!(!cases.is_empty(), "no cases in {}", file.display());
        let mut rewritten = String::new();
        for case in cases {
            let actual = run(&case.title, &case.input);
            rewritten.push_str(&format!("# {}\n{}----\n{}\n", case.title, case.input, with_newline(&actual)));
            if actual.trim_end() != case.expected.trim_end() {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                failures.push(format!(
                    "== {name}: {}\n-- expected\n{}\n-- actual\n{actual}",
                    case.title,
                    case.expected.trim_end()
                ));
            }
        }
        if update {
            std::fs::write(&file, rewritten).unwrap();
        }
    }
    assert!(update || failures.is_empty(), "{} case(s) differ\n{}", failures.len(), failures.join("\n"));
}

/// Returns the inputs of all cases of `tests/data/<folder>`.
pub(crate) fn inputs(folder: &str) -> Vec<String> {
    let read = |file: PathBuf| parse(&std::fs::read_to_string(file).unwrap());
    files(folder).into_iter().flat_map(read).map(|case| case.input).collect()
}

/// Returns the case files of a folder, in order.
fn files(folder: &str) -> Vec<PathBuf> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no case files in {}", directory.display());
    files
}

#[expect(clippy::disallowed_methods, reason = "the one switch of the tests")]
fn asked_to_update() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

fn with_newline(text: &str) -> String {
    let text = text.trim_end();
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

fn parse(text: &str) -> Vec<TestCase> {
    let mut cases: Vec<TestCase> = Vec::new();
    let mut in_input = true;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            cases.push(TestCase { title: title.to_owned(), input: String::new(), expected: String::new() });
            in_input = true;
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        if line == "----" {
            in_input = false;
        } else if in_input {
            case.input.push_str(line);
            case.input.push('\n');
        } else {
            case.expected.push_str(line);
            case.expected.push('\n');
        }
    }
    cases
}
