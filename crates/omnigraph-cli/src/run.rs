//! Parses the command line, runs the command, reports its error, returns the exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use crate::cli::Cli;
use crate::commands::{self, Command};
use crate::context::{CommandContext, ProcessEnv, print_status, stderr_is_tty};
use crate::deprecated;
use crate::error::{CliError, Result};
use crate::flag_rules;

/// Plans nest as deep as the queries they implement, and unoptimized builds have large frames.
const STACK_BYTES: usize = 16 << 20;

/// Runs one command line to its exit code.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>, env: ProcessEnv) -> ExitCode {
    let (arguments, warning) = deprecated::rewrite(arguments.collect());
    if let Some(warning) = warning {
        print_status(&warning);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(response) => {
            // Help and version are reported here too. A closed stream leaves nothing to report to.
            let _ = response.print();
            return ExitCode::from(u8::try_from(response.exit_code()).unwrap_or(2));
        }
    };
    let color = stderr_is_tty() && !env.no_color;
    init_logging(&env, color);
    match run_command(cli, env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A failed check has printed its findings on stdout.
            if !matches!(error, CliError::CheckFailed) {
                print_status(&colorize(&error.report(), color));
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn run_command(cli: Cli, env: ProcessEnv) -> Result<()> {
    flag_rules::check(cli.command.flag_rules(), &cli.global)?;
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let runtime = runtime.map_err(|error| thread_error(&error))?;
    let context = CommandContext::new(cli.global, env);
    match runtime.block_on(run_until_interrupted(runtime.handle().clone(), cli.command, context)) {
        Some(result) => {
            // In the background: a thread may be blocked in a read of stdin that never ends.
            runtime.shutdown_background();
            result
        }
        None => {
            // The process ends under the command, which every write tolerates. Dropping the runtime first would only make
            // the command fail noisily.
            std::mem::forget(runtime);
            Err(CliError::Interrupted)
        }
    }
}

/// Runs the command on a thread of its own, so that Ctrl-C is handled even if the command blocks. Returns `None` if
/// interrupted.
async fn run_until_interrupted(handle: Handle, command: Command, context: CommandContext) -> Option<Result<()>> {
    tokio::select! {
        // In this order: the signal handler is installed before the command starts.
        biased;
        () = wait_for_interrupt() => None,
        result = run_on_thread(handle, command, context) => Some(result),
    }
}

async fn run_on_thread(handle: Handle, command: Command, context: CommandContext) -> Result<()> {
    let (sender, receiver) = oneshot::channel();
    let body = move || {
        // After an interruption the receiver is dropped.
        let _ = sender.send(handle.block_on(run_and_flush(command, context)));
    };
    let thread = std::thread::Builder::new().name("command".to_owned()).stack_size(STACK_BYTES);
    thread.spawn(body).map_err(|error| thread_error(&error))?;
    receiver.await.unwrap_or_else(|_| {
        let message = "the command ended without a result. This is a bug in Omnigraph";
        Err(CliError::System(message.to_owned()))
    })
}

fn thread_error(error: &std::io::Error) -> CliError {
    CliError::System(format!("cannot start the threads of a command: {error}"))
}

async fn run_and_flush(command: Command, mut context: CommandContext) -> Result<()> {
    let result = commands::run(command, &mut context).await;
    let flushed = context.out.finish();
    if context.out.pipe_is_closed() {
        // `| head` has read its lines.
        return Ok(());
    }
    result.and(flushed.map_err(CliError::from))
}

async fn wait_for_interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the signal ends the process by itself.
        std::future::pending::<()>().await;
    }
    if stderr_is_tty() {
        print_status("");
    }
}

fn init_logging(env: &ProcessEnv, color: bool) {
    if let Some(filter) = &env.log {
        let events = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter));
        // It fails only if a subscriber is installed already.
        let _ = events.with_ansi(color).with_writer(std::io::stderr).try_init();
    }
}

/// Returns the report with its head in red.
fn colorize(report: &str, color: bool) -> String {
    match report.split_once(": ") {
        Some((head, rest)) if color && head.starts_with("error[") => format!("\x1b[1;31m{head}\x1b[0m: {rest}"),
        _ => report.to_owned(),
    }
}
