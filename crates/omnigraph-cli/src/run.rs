//! Parse, run, report, exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use crate::cli::Cli;
use crate::commands::{self, Command};
use crate::environment::Environment;
use crate::error::{Failure, Result};
use crate::guard;
use crate::session::{Session, say, watched};
use crate::spelling;

/// Plans nest as deep as what they describe, and builds without optimisation have large frames.
const STACK_BYTES: usize = 16 << 20;

/// Runs one command line to its exit code.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>, environment: Environment) -> ExitCode {
    let (arguments, deprecated) = spelling::current(arguments.collect());
    if let Some(said) = deprecated {
        say(&said);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version come this way too. Nobody is left to tell if the stream is closed.
            let _ = answer.print();
            return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2));
        }
    };
    let colour = watched() && !environment.plain;
    watch_events(&environment, colour);
    match perform(cli, environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A verdict has been given on stdout already.
            if !matches!(failure, Failure::Verdict) {
                say(&painted(&failure.report(), colour));
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn perform(cli: Cli, environment: Environment) -> Result<()> {
    guard::check(cli.command.verb(), &cli.global)?;
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let runtime = runtime.map_err(|error| machine(&error))?;
    let session = Session::new(cli.global, environment);
    match runtime.block_on(attend(runtime.handle().clone(), cli.command, session)) {
        Some(result) => {
            // Not waiting: a thread may still sit in a read of stdin that never ends.
            runtime.shutdown_background();
            result
        }
        None => {
            // The command still runs and the process ends under it, which every write is made for. Taking the runtime
            // down first would only make it fail noisily.
            std::mem::forget(runtime);
            Err(Failure::Interrupted)
        }
    }
}

/// Runs the command on a thread of its own, so that Ctrl-C is heard whatever it blocks on; `None` says it was.
async fn attend(handle: Handle, command: Command, session: Session) -> Option<Result<()>> {
    tokio::select! {
        // In this order: the handler of the signal stands before the command starts.
        biased;
        () = interruption() => None,
        result = on_own_thread(handle, command, session) => Some(result),
    }
}

async fn on_own_thread(handle: Handle, command: Command, session: Session) -> Result<()> {
    let (tell, told) = oneshot::channel();
    let body = move || {
        // Nobody listens after an interruption.
        let _ = tell.send(handle.block_on(finish(command, session)));
    };
    let thread = std::thread::Builder::new().name("command".to_owned()).stack_size(STACK_BYTES);
    thread.spawn(body).map_err(|error| machine(&error))?;
    told.await.unwrap_or_else(|_| {
        let problem = "the command ended without a result. This is a bug in Omnigraph";
        Err(Failure::Machine(problem.to_owned()))
    })
}

fn machine(error: &std::io::Error) -> Failure {
    Failure::Machine(format!("cannot start the threads of a command: {error}"))
}

async fn finish(command: Command, mut session: Session) -> Result<()> {
    let result = commands::run(command, &mut session).await;
    let flushed = session.out.finish();
    if session.out.reader_is_gone() {
        // `| head` has what it wanted.
        return Ok(());
    }
    result.and(flushed.map_err(Failure::from))
}

async fn interruption() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the signal ends the process by itself.
        std::future::pending::<()>().await;
    }
    if watched() {
        say("");
    }
}

fn watch_events(environment: &Environment, colour: bool) {
    if let Some(filter) = &environment.log {
        let events = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter));
        // It fails only if somebody else watches already.
        let _ = events.with_ansi(colour).with_writer(std::io::stderr).try_init();
    }
}

/// The head of a report in red, the rest as it is.
fn painted(report: &str, colour: bool) -> String {
    match report.split_once(": ") {
        Some((head, rest)) if colour && head.starts_with("error[") => format!("\x1b[1;31m{head}\x1b[0m: {rest}"),
        _ => report.to_owned(),
    }
}
