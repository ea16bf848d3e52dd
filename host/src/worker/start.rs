//! A standalone worker, from its files to its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::assemble::{self, Base, StartError, read_text, usage};
use super::context::Context;
use super::listen;
use super::run::Loop;
use crate::herder::{ApiError, Event, Request, Response, TargetState};
use crate::kafka::dev_broker::DevBroker;
use crate::kafka::leave::leave_at_once;
use crate::rest::Call;
use crate::settings::Problem;
use crate::settings::files::{self, ConnectorFile, Format, InitialState};
use crate::settings::worker::WorkerConfig;
use crate::shutdown;

/// What `connect-host standalone` is given.
#[derive(Debug, Clone)]
pub struct Options {
    /// The worker's settings, `.properties` or `.json`.
    pub worker: PathBuf,
    /// Connectors to create at the start.
    pub connectors: Vec<PathBuf>,
    /// Run a broker inside the process and use it.
    pub dev_broker: bool,
}

/// Runs a standalone worker until it is told to end.
///
/// # Errors
/// See [`StartError`]; after a failure everything that ran was wound down.
pub async fn standalone(options: Options) -> Result<(), StartError> {
    let broker = match options.dev_broker {
        true => Some(Arc::new(DevBroker::start().map_err(|error| StartError::Failed(error.to_string()))?)),
        false => None,
    };
    let (config, warnings, connectors) = read_files(&options, broker.as_deref())?;
    let loggers = assemble::begin_logging(&config, warnings)?;
    if let Some(broker) = &broker {
        tracing::warn!(
            "the embedded broker at {} is for a first look: it keeps about 5 MB or 100,000 records of a partition, in \
             memory, loses older ones without a word, and forgets everything at the end",
            broker.bootstrap_servers()
        );
    }
    let signals =
        shutdown::listen(leave_at_once).map_err(|error| StartError::Failed(format!("signals: {error}")))?;
    let base = Base::build(config, None, broker).await?;
    let herder = base.herder();
    let Base { context, bound, worker_id, calls, inlets, board } = base;
    let (stop_rest, rest_stopped) = watch::channel(false);
    let api = listen::api(&context, &board, calls.clone(), loggers);
    let servers = listen::serve(bound, api, &context, &rest_stopped);
    let main_loop = tokio::spawn(Loop::new(context.clone(), herder, board, None).run(inlets));
    tracing::info!("worker {worker_id} is up");
    let outcome = tokio::select! {
        created = create(&context, &calls, connectors) => match created {
            Ok(()) => {
                signals.first().await;
                Ok(())
            }
            Err(error) => Err(error),
        },
        () = signals.first() => Ok(()),
    };
    tracing::info!("the worker stops");
    assemble::wind_down(&context, main_loop, &stop_rest, servers).await.and(outcome)
}

type Read = (WorkerConfig, Vec<Problem>, Vec<(PathBuf, ConnectorFile)>);

/// Reads all files, and tells the problems of all of them.
fn read_files(options: &Options, broker: Option<&DevBroker>) -> Result<Read, StartError> {
    match (read_worker(&options.worker, broker), read_connectors(&options.connectors)) {
        (Ok((config, warnings)), Ok(connectors)) => Ok((config, warnings, connectors)),
        (Err(StartError::Usage(mut lines)), Err(StartError::Usage(more))) => {
            lines.extend(more);
            Err(StartError::Usage(lines))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

fn read_worker(path: &Path, broker: Option<&DevBroker>) -> Result<(WorkerConfig, Vec<Problem>), StartError> {
    let mut props = assemble::read_props(path)?;
    if let Some(broker) = broker {
        let [(address, at), others @ ..] = broker.settings();
        props.insert(address.into(), at);
        if others.iter().all(|(key, _)| !props.contains_key(*key)) {
            props.extend(others.map(|(key, value)| (key.into(), value)));
        }
    }
    let parsed = WorkerConfig::parse(&props)
        .map_err(|problems| usage(path, problems.iter().map(Problem::to_string)))?;
    assemble::check_converters(path, &parsed.0)?;
    assemble::check_clients(path, &props)?;
    Ok(parsed)
}

/// Reads all connector files, and tells the problems of all of them.
fn read_connectors(paths: &[PathBuf]) -> Result<Vec<(PathBuf, ConnectorFile)>, StartError> {
    let (mut read, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let parsed = read_text(path).and_then(|text| {
            files::parse_connector_file(Format::of(path), &text)
                .map_err(|error| usage(path, [error.to_string()]))
        });
        match parsed {
            Ok(file) => read.push((path.clone(), file)),
            Err(StartError::Usage(lines)) => problems.extend(lines),
            Err(error) => return Err(error),
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(StartError::Usage(problems)) }
}

/// Creates the connectors of the command line; all their problems are told at once.
async fn create(
    context: &Arc<Context>,
    calls: &mpsc::Sender<Call>,
    connectors: Vec<(PathBuf, ConnectorFile)>,
) -> Result<(), StartError> {
    let mut problems = Vec::new();
    for (path, file) in connectors {
        let initial_state = file.initial_state.map(|state| match state {
            InitialState::Running => TargetState::Started,
            InitialState::Paused => TargetState::Paused,
            InitialState::Stopped => TargetState::Stopped,
        });
        let request = Request::Create { name: file.name, config: file.config.into(), initial_state };
        match ask(calls, request).await {
            Ok(_) => {}
            Err(ApiError::BadRequest(text) | ApiError::Conflict(text)) => {
                problems.push(format!("{}: {text}", path.display()));
            }
            Err(error) => return Err(StartError::Failed(format!("{}: {error}", path.display()))),
        }
    }
    if !problems.is_empty() {
        return Err(StartError::Usage(problems));
    }
    context.report(Event::Ready).await;
    Ok(())
}

async fn ask(calls: &mpsc::Sender<Call>, request: Request) -> Result<Response, ApiError> {
    let (reply, answer) = oneshot::channel();
    let gone = || ApiError::Unavailable("The worker is shutting down".into());
    calls.send(Call { request, reply }).await.map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_of_all_files_come_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (worker, connector) = (folder.path().join("w.properties"), folder.path().join("c.json"));
        std::fs::write(&worker, "access.control.allow.origin=(\nresponse.http.headers.config=set A\n")
            .unwrap();
        std::fs::write(&connector, "{").unwrap();
        let options = Options { worker, connectors: vec![connector], dev_broker: false };
        let Err(StartError::Usage(lines)) = read_files(&options, None) else { panic!("usage is wrong") };
        for part in ["access.control.allow.origin", "response.http.headers.config", "key.converter", "c.json"]
        {
            assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:?}");
        }
    }

    #[test]
    fn a_converter_in_a_version_that_is_not_there_ends_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let worker = folder.path().join("w.properties");
        let read = |version: &str| {
            let converters = "key.converter=Json\nvalue.converter=String\noffset.storage.file.filename=o";
            let text = format!("{converters}\nvalue.converter.plugin.version={version}\n");
            std::fs::write(&worker, text).unwrap();
            read_worker(&worker, None).map(|_| ())
        };
        read("[4.1,4.2)").unwrap();
        let StartError::Usage(lines) = read("[5,)").unwrap_err() else { panic!("usage is wrong") };
        let told = "value.converter.plugin.version: Plugin org.apache.kafka.connect.storage.StringConverter not found \
                    that matches the version range [5,), available versions: [4.1.1]";
        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with(told), "{lines:?}");
    }
}
