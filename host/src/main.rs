//! The command line: what was asked for, and the exit code.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use clap_mangen::Man;
use connect_host::kafka::leave::leave;
use connect_host::listing;
use connect_host::worker::StartError;
use connect_host::worker::distributed;
use connect_host::worker::start::{self, Options};

#[cfg(quiet_wakeups)]
#[path = "kafka/wakeup.rs"]
mod wakeup;

const NAME: &str = "connect-host";
/// Exit code for wrong usage or config.
const USAGE: u8 = 64;
/// Threads for the worker's own work; plugin code and Kafka clients have theirs.
const THREADS: usize = 2;

/// A Kafka Connect worker as one native process.
#[derive(Parser)]
#[command(name = NAME, version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a standalone worker until SIGTERM or SIGINT.
    Standalone(Standalone),
    /// Run a worker of a group until SIGTERM or SIGINT.
    Distributed(Distributed),
    /// Look at plugins without running any of their code.
    Plugins {
        #[command(subcommand)]
        command: Plugins,
    },
    /// Print what makes a shell complete this program's command lines.
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page.
    Manual,
}

#[derive(Args)]
struct Standalone {
    /// The worker's settings: .properties, .json or .yaml
    worker: PathBuf,
    /// Connectors to create at the start: .properties, .json or .yaml
    connectors: Vec<PathBuf>,
    /// Start a broker inside the process and use it, for a first look
    #[arg(long)]
    dev_broker: bool,
}

#[derive(Args)]
struct Distributed {
    /// The worker's settings: .properties, .json or .yaml
    worker: PathBuf,
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
            run(start::standalone(Options { worker, connectors, dev_broker }))
        }
        Command::Distributed(Distributed { worker }) => run(distributed::distributed(&worker)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
            print_all(&script)
        }
        Command::Manual => {
            let mut page = Vec::new();
            match manual(&mut page) {
                Ok(()) => print_all(&page),
                Err(error) => {
                    eprintln!("connect-host: {error}");
                    ExitCode::FAILURE
                }
            }
        }
    }
}

/// A reader that goes away early, such as `head`, is no panic.
fn print_all(text: &[u8]) -> ExitCode {
    match std::io::stdout().write_all(text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// What the definition of the command line cannot say.
const MANUAL_END: &str = r#".SH EXIT STATUS
.IP 0
after a clean stop, \-\-help or \-\-version
.IP 64
wrong usage or config; standard error names every problem with its key
.IP 1
anything else: a port in use, an offset file that cannot be read, an end that came too late
.SH SIGNALS
SIGTERM and SIGINT drain and stop, within task.shutdown.graceful.timeout.ms and 10 seconds. A second one ends at once.
.SH ENVIRONMENT
.IP RUST_LOG
which lines are logged, above the key log.level; for example debug, or warn,source=debug
"#;

/// One page for all commands.
fn manual(page: &mut Vec<u8>) -> std::io::Result<()> {
    let mut cli = Cli::command();
    cli.build();
    let man = Man::new(cli.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    commands(&cli, "", page)?;
    page.write_all(MANUAL_END.as_bytes())
}

/// A section for each command that has none below it.
fn commands(above: &clap::Command, path: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
    for command in above.get_subcommands() {
        let path = format!("{path} {}", command.get_name());
        if command.has_subcommands() {
            commands(command, &path, page)?;
            continue;
        }
        let (mut part, man) = (Vec::new(), Man::new(command.clone()));
        man.render_description_section(&mut part)?;
        man.render_synopsis_section(&mut part)?;
        man.render_options_section(&mut part)?;
        writeln!(page, ".SH \"COMMAND: {}\"", path.trim())?;
        page.write_all(String::from_utf8_lossy(&part).replace(".SH ", ".SS ").as_bytes())?;
    }
    Ok(())
}

fn list(plugin_path: &[PathBuf], json: bool) -> ExitCode {
    if plugin_path.is_empty() {
        eprintln!("connect-host: --plugin-path is missing: say where the plugins are");
        return ExitCode::from(USAGE);
    }
    print!("{}", listing::render(plugin_path, json));
    ExitCode::SUCCESS
}

fn run(worker: impl Future<Output = Result<(), StartError>>) -> ExitCode {
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
    let outcome = runtime.block_on(worker);
    // A plugin may hang in a thread of its own for ever; nobody waits for that.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => leave(0),
        Err(error) => {
            for line in error.to_string().lines() {
                eprintln!("connect-host: {line}");
            }
            match error {
                StartError::Usage(_) => leave(USAGE),
                StartError::Failed(_) => leave(1),
            }
        }
    }
}
