//! `fmt`: formats schemas and queries.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use omnigraph_compiler::diagnostic::render_text;
use omnigraph_compiler::{Diagnostic, gq, pg};

use crate::context::{CommandContext, print_status};
use crate::error::{CliError, Result};
use crate::input;

const HELP: &str = "\
Examples:
  omnigraph fmt cities.pg roads.gq
  omnigraph fmt --check .
  omnigraph fmt --language gq - < roads.gq";

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct FmtCommand {
    /// Files, folders of .pg and .gq files, or `-` for stdin
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write nothing; list unformatted files, and fail if there are any
    #[arg(long)]
    check: bool,
    /// SourceLanguage of stdin
    #[arg(long, value_enum, value_name = "LANGUAGE", required_if_eq("paths", "-"))]
    language: Option<SourceLanguage>,
}

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SourceLanguage {
    /// A schema
    Pg,
    /// Queries
    Gq,
}

impl SourceLanguage {
    fn from_path(path: &Path) -> Option<Self> {
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

impl FmtCommand {
    pub(super) fn run(self, context: &mut CommandContext) -> Result<()> {
        if self.paths.iter().any(|path| is_stdin(path)) {
            return self.format_stdin(context);
        }
        let mut files = Vec::new();
        for path in &self.paths {
            collect(path, &mut files)?;
        }
        let (mut broken, mut unformatted) = (0usize, 0usize);
        for (path, language) in files {
            let text = input::read_text("file", &path)?;
            match language.format(&text.source) {
                Err(found) => {
                    broken += 1;
                    print_status(render_text(&text.name, &text.source, &found).trim_end());
                }
                Ok(formatted) if formatted == text.source => {}
                Ok(_) if self.check => {
                    unformatted += 1;
                    context.out.line(&format!("not formatted: {}", text.name))?;
                }
                Ok(formatted) => {
                    replace(&path, &formatted)?;
                    context.out.line(&format!("formatted {}", text.name))?;
                }
            }
        }
        if broken > 0 {
            let files = if broken == 1 { "1 file does".to_owned() } else { format!("{broken} files do") };
            return Err(CliError::Input(format!("{files} not parse, and no changes were made there")));
        }
        if unformatted > 0 { Err(CliError::CheckFailed) } else { Ok(()) }
    }

    fn format_stdin(&self, context: &mut CommandContext) -> Result<()> {
        let ([_], Some(language)) = (self.paths.as_slice(), self.language) else {
            return Err(CliError::Input(
                "`-` must be the only path, with --language for the language of stdin".to_owned(),
            ));
        };
        let mut source = String::new();
        let read = std::io::stdin().read_to_string(&mut source);
        read.map_err(|error| CliError::Input(format!("cannot read stdin: {error}")))?;
        let formatted = language.format(&source).map_err(|found| {
            let rendered = render_text("<stdin>", &source, &found);
            CliError::Input(rendered.trim_end().to_owned())
        })?;
        if self.check {
            return if formatted == source { Ok(()) } else { Err(CliError::CheckFailed) };
        }
        context.out.write_all(formatted.as_bytes())?;
        Ok(())
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Collects the file `path`, or the .pg and .gq files below the folder `path`, in order of their names.
fn collect(path: &Path, files: &mut Vec<(PathBuf, SourceLanguage)>) -> Result<()> {
    if !path.is_dir() {
        let language = SourceLanguage::from_path(path).ok_or_else(|| {
            CliError::Input(format!(
                "cannot determine the language of {}: its name ends in neither .pg nor .gq",
                path.display()
            ))
        })?;
        files.push((path.to_owned(), language));
        return Ok(());
    }
    let failed = |error| CliError::Input(format!("cannot read the folder {}: {error}", path.display()));
    let entries = fs::read_dir(path).map_err(failed)?.collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    let mut below: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    below.sort();
    for entry in below {
        // Links are not followed: one may lead back up. Hidden folders belong to other tools.
        let kind = fs::symlink_metadata(&entry).map_err(failed)?.file_type();
        let hidden = entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if kind.is_dir() && !hidden {
            collect(&entry, files)?;
        } else if let (true, Some(language)) = (kind.is_file(), SourceLanguage::from_path(&entry)) {
            files.push((entry, language));
        }
    }
    Ok(())
}

/// Replaces the file atomically: an interruption leaves the old or the new text.
fn replace(path: &Path, text: &str) -> Result<()> {
    let failed = |error| CliError::Input(format!("cannot write {}: {error}", path.display()));
    // The target of a link is replaced, not the link.
    let target = fs::canonicalize(path).map_err(failed)?;
    let mut temporary = target.as_os_str().to_owned();
    temporary.push(".fmt");
    let permissions = fs::metadata(&target).map_err(failed)?.permissions();
    fs::write(&temporary, text).map_err(failed)?;
    let moved = fs::set_permissions(&temporary, permissions).and_then(|()| fs::rename(&temporary, &target));
    moved.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}
