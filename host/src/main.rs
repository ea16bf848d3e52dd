//! The command line: what was asked for, and the exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use connect_host::listing;
use connect_host::worker::start::{self, Options, StartError};

/// Exit code for wrong usage or config.
const USAGE: u8 = 64;
/// Threads for the worker's own work; plugin code and Kafka clients have theirs.
const THREADS: usize = 2;

/// A Kafka Connect worker as one native process.
#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a standalone worker until SIGTERM or SIGINT.
    Standalone(Standalone),
    /// Look at plugins without running any of their code.
    Plugins {
        #[command(subcommand)]
        command: Plugins,
    },
}

#[derive(Args)]
struct Standalone {
    /// The worker's settings: .properties or .json
    worker: PathBuf,
    /// Connectors to create at the start: .properties or .json
    connectors: Vec<PathBuf>,
    /// Start a broker inside the process and use it, for a first look
    #[arg(long)]
    dev_broker: bool,
}

#[derive(Subcommand)]
enum Plugins {
    /// List every library found: its classes, or why it is left out.
    List {
        /// Folders or files, separated by commas; may be given more than once
        #[arg(long, value_delimiter = ',')]
        plugin_path: Vec<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not mistakes.
            let code = if error.use_stderr() { USAGE } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match cli.command {
        Command::Plugins { command: Plugins::List { plugin_path, json } } => list(&plugin_path, json),
        Command::Standalone(Standalone { worker, connectors, dev_broker }) => {
            standalone(Options { worker, connectors, dev_broker })
        }
    }
}

fn list(plugin_path: &[PathBuf], json: bool) -> ExitCode {
    if plugin_path.is_empty() {
        eprintln!("connect-host: --plugin-path is missing: say where the plugins are");
        return ExitCode::from(USAGE);
    }
    print!("{}", listing::render(plugin_path, json));
    ExitCode::SUCCESS
}

fn standalone(options: Options) -> ExitCode {
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("worker")
        .enable_all()
        .build();
    let runtime = match built {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("connect-host: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(start::standalone(options));
    // A plugin may hang in a thread of its own for ever; nobody waits for that.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for line in error.to_string().lines() {
                eprintln!("connect-host: {line}");
            }
            match error {
                StartError::Usage(_) => ExitCode::from(USAGE),
                StartError::Failed(_) => ExitCode::FAILURE,
            }
        }
    }
}
