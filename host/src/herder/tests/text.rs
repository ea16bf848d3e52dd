//! Actions and answers as lines of text, for cases and for failures of the simulation.

use crate::herder::*;
use crate::settings::Props;

pub fn props(config: &Props) -> String {
    let pairs: Vec<String> = config.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{{{}}}", pairs.join(" "))
}

pub fn record(record: &ConfigRecord) -> String {
    match record {
        ConfigRecord::Connector { name, config: Some(config) } => {
            format!("connector {name} {}", props(config))
        }
        ConfigRecord::Connector { name, config: None } => format!("connector {name} gone"),
        ConfigRecord::TaskConfig { name, task, config } => format!("task {name}-{task} {}", props(config)),
        ConfigRecord::TaskCommit { name, tasks } => format!("commit {name} {tasks}"),
        ConfigRecord::TaskCount { name, tasks } => format!("fencing {name} {tasks}"),
        ConfigRecord::SessionKey(key) => format!("session key {} {}", key.algorithm, key.created),
        ConfigRecord::LoggerLevel { namespace, level } => format!("level {namespace} {level}"),
        ConfigRecord::Target { name, state: Some(state) } => format!("target {name} {state:?}"),
        ConfigRecord::Target { name, state: None } => format!("target {name} gone"),
        ConfigRecord::Restart { name, include_tasks, only_failed } => {
            format!("restart {name} include_tasks={include_tasks} only_failed={only_failed}")
        }
    }
}

fn status(status: &Status) -> String {
    // An empty line would be the end of what a case expects.
    let trace = status.trace.as_ref().map(|trace| trace.replace("\n\n", " / "));
    let trace = trace.map_or(String::new(), |trace| format!("({trace})"));
    format!("{}{trace}", status.state.name())
}

fn connector_status(all: &ConnectorStatus) -> String {
    let tasks: Vec<String> =
        all.tasks.iter().map(|task| format!(" {}:{}", task.task, status(&task.status))).collect();
    format!("{} {}{}", all.name, status(&all.connector), tasks.concat())
}

fn info(info: &ConnectorInfo) -> String {
    let kind = info.kind.map_or("unknown", PluginKind::name);
    let tasks: Vec<String> = info.tasks.iter().map(TaskId::to_string).collect();
    format!("{} {kind} {} [{}]", info.name, props(&info.config), tasks.join(" "))
}

pub fn response(response: &Response) -> String {
    match response {
        Response::Health { ready } => format!("ready={ready}"),
        Response::Names(names) => format!("[{}]", names.join(" ")),
        Response::Expanded(connectors) => {
            let show = |(name, expansion): (&String, &Expansion)| {
                let status = expansion.status.as_ref().map_or("-".to_owned(), connector_status);
                let about = expansion.info.as_ref().map_or("-".to_owned(), info);
                format!("{name}: {status} / {about}")
            };
            connectors.iter().map(show).collect::<Vec<_>>().join("; ")
        }
        Response::Written { created: true, info: about } => format!("created {}", info(about)),
        Response::Written { created: false, info: about } => format!("updated {}", info(about)),
        Response::Info(about) => info(about),
        Response::Config(config) => props(config),
        Response::Status(all) => connector_status(all),
        Response::ConnectorHealth(all) => {
            let part = |part: &PartHealth| {
                let reason = part.reason.as_ref().map_or(String::new(), |reason| format!("({reason})"));
                let since = part.stalled_for.map_or(String::new(), |millis| format!(" for {millis}"));
                format!("{}{reason}{since}", part.health.name())
            };
            let tasks: Vec<String> =
                all.tasks.iter().map(|(task, health)| format!(" {task}:{}", part(health))).collect();
            format!("{} {} {}{}", all.name, all.health.name(), part(&all.connector), tasks.concat())
        }
        Response::Tasks(tasks) => tasks
            .iter()
            .map(|task| format!("{} {}", task.id, props(&task.config)))
            .collect::<Vec<_>>()
            .join("; "),
        Response::TaskStatus(task) => format!("{}:{}", task.task, status(&task.status)),
        Response::Restarting(all) => format!("restarting {}", connector_status(all)),
        Response::Offsets(offsets) => format!("{} offsets", offsets.len()),
        Response::Message(message) => message.clone(),
        Response::Topics(topics) => format!("topics [{}]", topics.join(" ")),
        Response::Plugins(plugins) => plugins.iter().map(|p| p.class.clone()).collect::<Vec<_>>().join(" "),
        Response::Json(body) => body.to_string(),
        Response::Done => "done".to_owned(),
    }
}

/// The version of a plugin, where it is not that of most.
fn odd_version(plugin: &PluginInfo) -> Option<&str> {
    plugin.version.as_deref().filter(|version| *version != "1.0")
}

fn named(plugin: &PluginInfo) -> String {
    odd_version(plugin).map_or(plugin.class.clone(), |version| format!("{} {version}", plugin.class))
}

pub fn action(action: &Action) -> String {
    match action {
        Action::Write { write, records } => {
            let records: Vec<String> = records.iter().map(record).collect();
            format!("write {write}: {}", records.join(", "))
        }
        Action::Answer { request, outcome: Ok(answer) } => format!("answer {request}: {}", response(answer)),
        Action::Answer { request, outcome: Err(error) } => format!("answer {request}: {error:?}"),
        Action::Validate { request, plugin, .. } => format!("validate {request} {}", named(plugin)),
        Action::Describe { request, plugin } => format!("describe {request} {}", named(plugin)),
        Action::ReadOffsets { request, name, .. } => format!("read offsets {request} of {name}"),
        Action::ModifyOffsets { request, name, change: OffsetsChange::Alter(entries), .. } => {
            format!("alter {} offsets {request} of {name}", entries.len())
        }
        Action::ModifyOffsets { request, name, .. } => format!("reset offsets {request} of {name}"),
        Action::StartConnector { name, epoch, config, plugin } => {
            let version = odd_version(plugin).map_or(String::new(), |version| format!(" version {version}"));
            format!("start connector {name} @{epoch} {}{version}", props(config))
        }
        Action::StopConnector { name, epoch } => format!("stop connector {name} @{epoch}"),
        Action::AskTaskConfigs { name, epoch, max_tasks } => format!("ask {name} @{epoch} max {max_tasks}"),
        Action::StartTask { id, epoch, task_config, target, .. } => {
            format!("start task {id} @{epoch} {target:?} {}", props(task_config))
        }
        Action::StopTask { id, epoch } => format!("stop task {id} @{epoch}"),
        Action::PauseTask { id, epoch } => format!("pause task {id} @{epoch}"),
        Action::ResumeTask { id, epoch } => format!("resume task {id} @{epoch}"),
        Action::ForgetTopics { id, epoch } => format!("forget topics of {id} @{epoch}"),
        Action::Tell { connector, task, notice } => {
            let task = task.map_or(String::new(), |task| format!("-{task}"));
            format!("tell {connector}{task}: {notice:?}")
        }
        Action::Finished => "finished".to_owned(),
        other => group_action(other),
    }
}

fn assignment(told: &GroupAssignment) -> String {
    let list = |share: &Share| share.iter().map(Item::to_string).collect::<Vec<_>>().join(" ");
    let mut out = format!("[{}] at {} of {}", list(&told.assigned), told.config_offset, told.leader);
    if told.error != 0 {
        out.push_str(" MISMATCH");
    }
    if !told.revoked.is_empty() {
        out.push_str(&format!(" revoked [{}]", list(&told.revoked)));
    }
    if told.delay_ms != 0 {
        out.push_str(&format!(" delay {}", told.delay_ms));
    }
    out
}

pub fn status_record(record: &StatusRecord) -> String {
    let part = |status: &Option<PartStatus>| match status {
        Some(status) => {
            format!("{} {} g{}", status.state.name(), status.worker_id, status.generation)
        }
        None => "gone".to_owned(),
    };
    match record {
        StatusRecord::Connector { name, status } => format!("{name} {}", part(status)),
        StatusRecord::Task { id, status } => format!("{id} {}", part(status)),
        StatusRecord::Topic { topic, connector, found } => {
            let found = found.map_or("gone".to_owned(), |found| format!("used by task {}", found.task));
            format!("topic {topic} of {connector} {found}")
        }
    }
}

/// Actions of a member of a group.
fn group_action(action: &Action) -> String {
    match action {
        Action::ReadConfig { read } => format!("read config {read}"),
        Action::PutStatus { record, safe } => {
            format!("status {}{}", status_record(record), if *safe { " (safe)" } else { "" })
        }
        Action::Join(state) => {
            let allocation = state.allocation.as_ref().map_or("nothing".to_owned(), assignment);
            format!("join {} at {} with {allocation}", state.url, state.config_offset)
        }
        Action::Share { generation, shares } => {
            let shares: Vec<String> =
                shares.iter().map(|(member, told)| format!("{member}: {}", assignment(told))).collect();
            format!("share g{generation} {}", shares.join("; "))
        }
        Action::Rejoin { reason } => format!("rejoin: {reason}"),
        Action::Leave { reason } => format!("leave: {reason}"),
        Action::MakeSessionKey => "make session key".to_owned(),
        Action::UseSessionKey { key, verify } => {
            let key = key.as_ref().map_or("none".to_owned(), |key| key.created.to_string());
            format!("session key {key} verify={verify}")
        }
        Action::PublishTasks { name, epoch, leader_url, configs } => {
            let configs: Vec<String> = configs.iter().map(props).collect();
            format!("publish {name} @{epoch} to {leader_url} [{}]", configs.join(" "))
        }
        Action::SetLogLevel { namespace, level } => format!("set level {namespace} {level}"),
        _ => panic!("not an action of a member of a group"),
    }
}
