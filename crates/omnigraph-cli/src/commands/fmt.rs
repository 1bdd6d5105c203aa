//! `fmt`: schemas and queries in their canonical form.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use omnigraph_compiler::diagnostic::render_text;
use omnigraph_compiler::{Diagnostic, gq, pg};

use crate::error::{Failure, Result};
use crate::guard::{Class, Verb};
use crate::input;
use crate::session::{Session, say};

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb { label: "fmt", class: Class::Local, takes_store: false, takes_actor: false };

const HELP: &str = "\
Examples:
  omnigraph fmt cities.pg roads.gq
  omnigraph fmt --check .
  omnigraph fmt --language gq - < roads.gq";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Fmt {
    /// Files, folders with .pg and .gq files in them, or `-` for stdin
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing; name what is not formatted, and fail if anything is
    #[arg(long)]
    check: bool,
    /// What stdin holds
    #[arg(long, value_enum, value_name = "LANGUAGE", required_if_eq("paths", "-"))]
    language: Option<Language>,
}

/// Which of the two languages a text is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// A schema
    Pg,
    /// Queries
    Gq,
}

impl Language {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "pg" => Some(Self::Pg),
            "gq" => Some(Self::Gq),
            _ => None,
        }
    }

    fn format(self, source: &str) -> std::result::Result<String, Vec<Diagnostic>> {
        match self {
            Self::Pg => pg::format(source),
            Self::Gq => gq::format(source),
        }
    }
}

impl Fmt {
    pub(super) fn run(self, session: &mut Session) -> Result<()> {
        if self.paths.iter().any(|path| is_stdin(path)) {
            return self.stdin(session);
        }
        let mut files = Vec::new();
        for path in &self.paths {
            collect(path, &mut files)?;
        }
        let (mut broken, mut unformatted) = (0usize, 0usize);
        for (path, language) in files {
            let text = input::read("file", &path)?;
            match language.format(&text.source) {
                Err(found) => {
                    broken += 1;
                    say(render_text(&text.name, &text.source, &found).trim_end());
                }
                Ok(formatted) if formatted == text.source => {}
                Ok(_) if self.check => {
                    unformatted += 1;
                    session.out.line(&format!("not formatted: {}", text.name))?;
                }
                Ok(formatted) => {
                    replace(&path, &formatted)?;
                    session.out.line(&format!("formatted {}", text.name))?;
                }
            }
        }
        if broken > 0 {
            return Err(Failure::Input(format!("{} not parse and {} left alone", did(broken), was(broken))));
        }
        if unformatted > 0 { Err(Failure::Verdict) } else { Ok(()) }
    }

    fn stdin(&self, session: &mut Session) -> Result<()> {
        let ([_], Some(language)) = (self.paths.as_slice(), self.language) else {
            return Err(Failure::Input("`-` stands alone, with --language to say what stdin holds".to_owned()));
        };
        let mut source = String::new();
        let read = std::io::stdin().read_to_string(&mut source);
        read.map_err(|error| Failure::Input(format!("cannot read stdin: {error}")))?;
        let formatted = language.format(&source).map_err(|found| {
            let rendered = render_text("<stdin>", &source, &found);
            Failure::Input(rendered.trim_end().to_owned())
        })?;
        if self.check {
            return if formatted == source { Ok(()) } else { Err(Failure::Verdict) };
        }
        session.out.write_all(formatted.as_bytes())?;
        Ok(())
    }
}

fn did(files: usize) -> String {
    if files == 1 { "1 file does".to_owned() } else { format!("{files} files do") }
}

const fn was(files: usize) -> &'static str {
    if files == 1 { "was" } else { "were" }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The files that `path` means: itself, or those below it that have one of the two endings, in order of their names.
fn collect(path: &Path, files: &mut Vec<(PathBuf, Language)>) -> Result<()> {
    if !path.is_dir() {
        let language = Language::of(path).ok_or_else(|| {
            Failure::Input(format!(
                "cannot tell the language of {}: its name ends in neither .pg nor .gq",
                path.display()
            ))
        })?;
        files.push((path.to_owned(), language));
        return Ok(());
    }
    let failed = |error| Failure::Input(format!("cannot read the folder {}: {error}", path.display()));
    let entries = fs::read_dir(path).map_err(failed)?.collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    let mut below: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    below.sort();
    for entry in below {
        // Links are not followed: one may lead back up. Hidden folders hold what other tools keep.
        let kind = fs::symlink_metadata(&entry).map_err(failed)?.file_type();
        let hidden = entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if kind.is_dir() && !hidden {
            collect(&entry, files)?;
        } else if let (true, Some(language)) = (kind.is_file(), Language::of(&entry)) {
            files.push((entry, language));
        }
    }
    Ok(())
}

/// Puts the formatted text in place of the file at once, so that an interruption leaves one or the other.
fn replace(path: &Path, text: &str) -> Result<()> {
    let failed = |error| Failure::Input(format!("cannot write {}: {error}", path.display()));
    // What a link leads to is replaced, not the link.
    let target = fs::canonicalize(path).map_err(failed)?;
    let mut beside = target.as_os_str().to_owned();
    beside.push(".fmt");
    let permissions = fs::metadata(&target).map_err(failed)?.permissions();
    fs::write(&beside, text).map_err(failed)?;
    let moved = fs::set_permissions(&beside, permissions).and_then(|()| fs::rename(&beside, &target));
    moved.map_err(|error| {
        // The half that could not be moved is of no use to anybody.
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}
