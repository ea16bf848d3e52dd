//! The benchmark: this worker, Apache Kafka Connect as shipped and tuned, and a bare librdkafka loop, in one run, in
//! alternating order, against one broker. `scripts/bench --help` says how to call it.
//!
//! Results: a table, and `target/bench/latest.json`. There `seconds` of `startup` is the time until REST answers, and
//! `rss_peak_kb` of `idle` is what was resident 30 s after the start. `bytes` are those of the input file, newlines
//! included. `target/bench/details.json` has the broker's CPU and the control runs as well. `rebalance` writes
//! `target/bench/rebalance.json`.

mod input;
mod rebalance;
mod rebalance_report;
mod report;
mod runs;
mod systems;

use connect_tests::{Kafka, RunDir, Topics, paths};
use std::path::PathBuf;
use std::process::ExitCode;
use systems::{SYSTEMS, System};

const USAGE: &str = "\
usage: scripts/bench [--quick] [--rounds N] [--records N] [--systems A,B] [--bootstrap ADDRESS] [WORKLOAD...]
       scripts/bench rebalance [--quick] [--rounds N] [--systems connect-host,kafka-connect]
  rebalance  a fourth worker joins three with 30 tasks, and is killed; 2 rounds when quick, otherwise 5
  workloads  source, sink, json, startup, idle; all without any
  --quick    1000000 records and 3 rounds, instead of 5000000 and 5
  --systems  of connect-host, kafka-connect, kafka-connect-tuned, librdkafka, librdkafka-again (the A/A control, printed
             and in details.json only); all without it
  --bootstrap  another broker than one started for this run; its CPU is not measured then";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// File to topic, strings.
    Source,
    /// Topic to file, strings.
    Sink,
    /// File to topic, JsonConverter with schemas.
    Json,
    /// Process start until REST answers.
    Startup,
    /// Memory without a connector.
    Idle,
}

const WORKLOADS: [Workload; 5] =
    [Workload::Source, Workload::Sink, Workload::Json, Workload::Startup, Workload::Idle];

impl Workload {
    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Source => "source",
            Workload::Sink => "sink",
            Workload::Json => "json",
            Workload::Startup => "startup",
            Workload::Idle => "idle",
        }
    }

    /// Whether records flow.
    pub fn flows(self) -> bool {
        !matches!(self, Workload::Startup | Workload::Idle)
    }
}

/// One measurement.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was measured.
    pub workload: Workload,
    /// Of which system.
    pub system: System,
    /// In which round, from 1.
    pub round: u32,
    /// Records moved.
    pub records: u64,
    /// Bytes of the input file.
    pub bytes: u64,
    /// Time from the order until the last record was at its destination, or REST answered.
    pub seconds: f64,
    /// CPU seconds of the system's process meanwhile.
    pub cpu_s: f64,
    /// CPU seconds of the broker meanwhile, where known.
    pub broker_cpu_s: Option<f64>,
    /// Peak resident memory of the process; for idle, resident memory at the end.
    pub rss_peak_kb: u64,
}

/// What all runs share.
pub struct Plan {
    /// The broker's address.
    pub bootstrap: String,
    /// The broker's process, when it is ours.
    pub broker: Option<u32>,
    /// The broker's topics.
    pub topics: Topics,
    /// The input file.
    pub input: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// Its lines.
    pub records: u64,
    /// The topic that holds its lines, for sinks.
    pub filled: String,
}

/// The command line.
struct Options {
    records: u64,
    rounds: u32,
    systems: Vec<System>,
    workloads: Vec<Workload>,
    bootstrap: Option<String>,
    rebalance: bool,
}

/// Whether a `java` is on the PATH.
pub fn has_java() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join("java").is_file())
}

fn options(args: impl Iterator<Item = String>) -> Result<Options, String> {
    let (mut quick, mut records, mut rounds, mut bootstrap) = (false, None, None, None);
    let (mut systems, mut workloads, mut rebalance) = (SYSTEMS.to_vec(), vec![], false);
    let mut args = args.peekable();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        let number = |text: String| match text.parse::<u32>() {
            Ok(n) if n > 0 => Ok(n),
            _ => Err(format!("{arg} takes a number from 1, not {text}")),
        };
        match arg.as_str() {
            "--quick" => quick = true,
            "--records" => records = Some(number(value()?)?),
            "--rounds" => rounds = Some(number(value()?)?),
            "--bootstrap" => bootstrap = Some(value()?),
            "--systems" => {
                let names = value()?;
                let named =
                    |n: &str| SYSTEMS.into_iter().find(|s| s.name() == n).ok_or(format!("no system {n}"));
                systems = names.split(',').map(named).collect::<Result<_, _>>()?;
            }
            "rebalance" => rebalance = true,
            name => {
                let found = WORKLOADS.into_iter().find(|w| w.name() == name);
                workloads.push(found.ok_or(format!("no workload or option {name}"))?);
            }
        }
    }
    if rebalance && (!workloads.is_empty() || records.is_some() || bootstrap.is_some()) {
        return Err("rebalance goes with --quick, --rounds and --systems only".to_owned());
    }
    if workloads.is_empty() {
        workloads = WORKLOADS.to_vec();
    }
    let (usual_records, usual_rounds) = match (quick, rebalance) {
        (true, false) => (1_000_000, 3),
        (true, true) => (0, 2),
        (false, _) => (5_000_000, 5),
    };
    let records = records.map_or(usual_records, u64::from);
    Ok(Options { records, rounds: rounds.unwrap_or(usual_rounds), systems, workloads, bootstrap, rebalance })
}

fn prepare(options: &Options, own: Option<&Kafka>) -> std::io::Result<Plan> {
    let dir = paths::repo().join("target/bench");
    std::fs::create_dir_all(&dir)?;
    let input = input::file(&dir, options.records)?;
    let bootstrap = options.bootstrap.clone().or(own.map(|k| k.bootstrap().to_owned())).unwrap_or_default();
    Ok(Plan {
        topics: Topics::at(&bootstrap),
        broker: own.and_then(|k| k.pid(1)),
        bytes: std::fs::metadata(&input)?.len(),
        filled: format!("bench-filled-{}", std::process::id()),
        records: options.records,
        bootstrap,
        input,
    })
}

/// Runs all rounds of one workload, every other round backwards; gives the rows and whether all runs succeeded.
fn measure(plan: &Plan, options: &Options, workload: Workload, rows: &mut Vec<Row>) -> bool {
    let mut systems = options.systems.clone();
    systems.retain(|s| s.missing().is_none() && (workload.flows() || s.is_worker()));
    let mut well = true;
    for round in 1..=options.rounds {
        if workload == Workload::Idle {
            match attempt(|| runs::idle(plan, &systems, round)) {
                Some(found) => found.into_iter().for_each(|row| keep(rows, row)),
                None => well = false,
            }
            continue;
        }
        for &system in &systems {
            let row = attempt(|| match workload {
                Workload::Startup => runs::startup(plan, system, round),
                _ => runs::flow(plan, workload, system, round),
            });
            match row {
                Some(row) => keep(rows, row),
                None => {
                    eprintln!("FAILED: {} {} in round {round}, see above", workload.name(), system.name());
                    well = false;
                }
            }
        }
        systems.reverse();
    }
    well
}

/// Runs all rounds of `rebalance`, every other round backwards.
fn measure_changes(kafka: &Kafka, options: &Options) -> ExitCode {
    let mut systems = options.systems.clone();
    systems.retain(|s| matches!(s, System::ConnectHost | System::KafkaConnect) && s.missing().is_none());
    let dir = RunDir::new("bench");
    let plugins = if systems.contains(&System::KafkaConnect) {
        rebalance::java_connector(&dir)
    } else {
        PathBuf::new()
    };
    let (mut costs, mut well) = (vec![], true);
    for round in 1..=options.rounds {
        for &system in &systems {
            match attempt(|| rebalance::round(kafka, system, round, &plugins)) {
                Some(found) => costs.extend(found),
                None => {
                    eprintln!("FAILED: rebalance {} in round {round}, see above", system.name());
                    well = false;
                }
            }
            if let Err(e) = rebalance_report::write(&paths::repo().join("target/bench"), &costs) {
                eprintln!("cannot write the results: {e}");
            }
        }
        systems.reverse();
    }
    rebalance_report::print(&costs, options.rounds);
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn attempt<T>(run: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).ok()
}

/// Keeps a row and writes the files anew, so that an interrupted run leaves what it has.
fn keep(rows: &mut Vec<Row>, row: Row) {
    eprintln!("{}", report::line(&row));
    rows.push(row);
    if let Err(e) = report::write(&paths::repo().join("target/bench"), rows) {
        eprintln!("cannot write the results: {e}");
    }
}

fn main() -> ExitCode {
    if std::env::args().any(|a| a == "--help" || a == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(e) => {
            eprintln!("bench: {e}\n{USAGE}");
            return ExitCode::from(64);
        }
    };
    if !has_java() && options.bootstrap.is_none() {
        eprintln!(
            "bench: java is missing, without which there is no broker: apt-get install -y default-jre-headless maven"
        );
        eprintln!("bench: or name a broker by --bootstrap; Apache Kafka Connect is then left out");
        return ExitCode::FAILURE;
    }
    let skipped = options.systems.iter().filter_map(|s| Some(format!("{}: {}", s.name(), s.missing()?)));
    let skipped: Vec<String> = skipped.collect();
    skipped.iter().for_each(|s| eprintln!("SKIPPED {s}"));
    let own = options.bootstrap.is_none().then(|| Kafka::start_with(1, "-Xms1g -Xmx1g"));
    if let (true, Some(kafka)) = (options.rebalance, &own) {
        return measure_changes(kafka, &options);
    }
    let plan = match prepare(&options, own.as_ref()) {
        Ok(plan) => plan,
        Err(e) => {
            eprintln!("bench: cannot prepare the input: {e}");
            return ExitCode::FAILURE;
        }
    };
    if options.workloads.iter().any(|w| w.flows()) {
        eprintln!("filling {} with {} records (and warming the broker)", plan.filled, plan.records);
        runs::fill(&plan);
    }
    let mut rows = vec![];
    let mut well = true;
    for &workload in &options.workloads {
        well &= measure(&plan, &options, workload, &mut rows);
    }
    plan.topics.delete(&plan.filled);
    report::print(&rows, options.records, options.rounds);
    skipped.iter().for_each(|s| println!("SKIPPED {s}"));
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
