//! Requests: reads are answered on the spot from what is known, changes are checked and queued.

use serde_json::Value;

use super::group::Group;
use super::messages::{Action, RequestId, TaskId, Validation};
use super::writes::Job;
use super::{
    ApiError, Herder, Missing, OffsetsChange, Patch, PluginInfo, Request, Response, TargetState, catalog,
    texts,
};
use crate::settings::{Given, Props};

/// A request that waits for somebody else's look at its config.
pub(super) enum Checking {
    /// To be created or replaced when it is good.
    Job(Job),
    /// Only the report is wanted.
    Report,
    /// Only the definitions are wanted.
    Definitions,
    /// Its offsets are wanted.
    Offsets,
}

impl Herder {
    pub(super) fn request(&mut self, id: RequestId, request: Request) {
        let Some(request) = self.too_early(id, request) else { return };
        let outcome = match request {
            Request::Health => match &self.lost_config {
                Some(why) => Err(texts::config_lost(why)),
                None => {
                    let joined = self.group.as_ref().is_none_or(Group::joined_once);
                    Ok(Response::Health { ready: self.ready && joined })
                }
            },
            Request::List => Ok(Response::Names(self.cluster.names().map(str::to_owned).collect())),
            Request::Expand { status, info } => Ok(Response::Expanded(self.expanded(status, info))),
            Request::Info(name) => {
                self.info(&name).map(Response::Info).ok_or_else(|| texts::connector_not_found(&name))
            }
            Request::Config(name) => {
                let stored = self.cluster.connector(&name).ok_or_else(|| texts::connector_not_found(&name));
                stored.map(|stored| Response::Config(stored.config.clone()))
            }
            Request::Tasks(name) => {
                self.task_infos(&name).map(Response::Tasks).ok_or_else(|| texts::connector_not_found(&name))
            }
            Request::Status(name) => {
                self.status(&name).map(Response::Status).ok_or_else(|| texts::no_connector_status(&name))
            }
            Request::ConnectorHealth(name) => {
                let health = self.health(&name).map(Response::ConnectorHealth);
                health.ok_or_else(|| texts::connector_not_found(&name))
            }
            Request::TaskStatus { name, task } => {
                let status = u32::try_from(task).ok();
                let status =
                    status.and_then(|task| self.task_status(&TaskId { connector: name.clone(), task }));
                status.map(Response::TaskStatus).ok_or_else(|| texts::no_task_status(&name, task))
            }
            Request::Plugins { connectors_only } => Ok(Response::Plugins(self.catalog.list(connectors_only))),
            Request::Topics(name) => self.active_topics(&name),
            Request::ResetTopics(name) => self.reset_topics(&name),
            change => return self.change(id, change),
        };
        self.answer(id, outcome);
    }

    /// Requests that somebody else must have a share in.
    fn change(&mut self, id: RequestId, request: Request) {
        if let Some(refusal) = self.refusal_of(&request) {
            return self.answer(id, Err(refusal));
        }
        let refused = match request {
            Request::Create { name, config, initial_state } => self
                .named(&name, config)
                .and_then(|config| self.check_new(id, name, config, Some(initial_state))),
            Request::PutConfig { name, config } => {
                self.named(&name, config).and_then(|config| self.check_new(id, name, config, None))
            }
            Request::PatchConfig { name, patch } => {
                self.must_lead().and_then(|()| self.check_patch(id, name, patch))
            }
            Request::Validate { plugin, config } => self.check_only(id, &plugin, config),
            Request::PluginConfig { plugin, version } => self.describe(id, &plugin, version.as_deref()),
            Request::Offsets(name) => self.read_offsets(id, name),
            Request::AlterOffsets { name, offsets } => {
                self.alter_offsets(id, name, OffsetsChange::Alter(offsets))
            }
            Request::ResetOffsets(name) => self.alter_offsets(id, name, OffsetsChange::Reset),
            Request::Restart { name, include_tasks: false, only_failed: false } => {
                self.restart_connector(id, &name)
            }
            Request::RestartTask { name, task } => self.restart_task(id, &name, task),
            Request::Delete(name) => self.queue(id, Job::Delete { request: id, name }),
            Request::Pause(name) => {
                self.queue(id, Job::Target { request: id, name, state: TargetState::Paused })
            }
            Request::Resume(name) => {
                self.queue(id, Job::Target { request: id, name, state: TargetState::Started })
            }
            Request::SetClusterLevel { namespace, level } => {
                self.queue(id, Job::LogLevel { request: id, namespace, level })
            }
            Request::PutTaskConfigs { .. } if self.group.is_none() => Err(texts::no_tasks_from_outside()),
            Request::PutTaskConfigs { name, configs } => {
                self.queue(id, Job::OthersTasks { request: id, name, configs })
            }
            Request::Stop(name) => self.queue(id, Job::Stop { request: id, name }),
            Request::Restart { name, include_tasks, only_failed } => {
                self.queue(id, Job::Restart { request: id, name, include_tasks, only_failed })
            }
            Request::CatchUp => {
                self.catch_up(id);
                Ok(())
            }
            // All others were answered as reads.
            _ => Ok(()),
        };
        if let Err(error) = refused {
            self.answer(id, Err(error));
        }
    }

    fn queue(&mut self, id: RequestId, job: Job) -> Result<(), ApiError> {
        self.enqueue(id, job);
        Ok(())
    }

    /// The config with its name in it; another name in it is refused.
    fn named(&self, name: &str, mut given: Given) -> Result<Given, ApiError> {
        given.nulls.remove("name");
        let inside = given.config.entry("name".to_owned()).or_insert_with(|| name.to_owned());
        if inside != name {
            return Err(texts::name_differs(inside, name));
        }
        Ok(given)
    }

    /// The connector plugin that a config names. Where its class is there in other versions only, the newest of them:
    /// validation tells what is wrong.
    fn plugin_of(&self, config: &Props) -> Result<Option<&PluginInfo>, ApiError> {
        let class = config.get(texts::CONNECTOR_CLASS).ok_or_else(|| texts::no_class(config))?;
        match self.catalog.connector_of(config) {
            Ok(plugin) => Ok(Some(plugin)),
            Err(Missing::Range(why)) => Err(ApiError::BadRequest(why)),
            Err(Missing::Name | Missing::Version(_)) => Ok(self.catalog.connector(class)),
        }
    }

    /// The same; a class that nobody knows is refused.
    pub(super) fn known_plugin_of(&self, config: &Props) -> Result<PluginInfo, ApiError> {
        self.plugin_of(config)?.cloned().ok_or_else(|| {
            let class = config.get(texts::CONNECTOR_CLASS).map_or("", String::as_str);
            ApiError::BadRequest(texts::unknown_class(class, &self.catalog))
        })
    }

    /// The connector's config with changes in it. What it says of `name` is not compared with anything, as in Kafka.
    pub(super) fn patched(&self, name: &str, patch: &Patch) -> Result<Props, ApiError> {
        let stored = self.cluster.connector(name).ok_or_else(|| texts::connector_not_found(name))?;
        let mut config = stored.config.clone();
        for (key, value) in patch {
            match value {
                Some(value) => drop(config.insert(key.clone(), value.clone())),
                None => drop(config.remove(key)),
            }
        }
        Ok(config)
    }

    /// Has a config with changes in it checked.
    pub(super) fn check_patch(&mut self, id: RequestId, name: String, patch: Patch) -> Result<(), ApiError> {
        let config = self.patched(&name, &patch)?;
        let plugin = self.known_plugin_of(&config)?;
        let job = Job::Patch { request: id, name, patch, config: config.clone() };
        self.checking.insert(id, Checking::Job(job));
        self.out.push(Action::Validate { request: id, plugin, config: config.into() });
        Ok(())
    }

    /// Has a new config checked; the check comes before the look at who has the name already.
    fn check_new(
        &mut self,
        id: RequestId,
        name: String,
        given: Given,
        create: Option<Option<TargetState>>,
    ) -> Result<(), ApiError> {
        let plugin = self.known_plugin_of(&given.config)?;
        let config = given.config.clone();
        let job = match create {
            Some(target) => Job::Create { request: id, name, config, target },
            None => Job::Put { request: id, name, config },
        };
        self.checking.insert(id, Checking::Job(job));
        self.out.push(Action::Validate { request: id, plugin, config: given });
        Ok(())
    }

    fn check_only(&mut self, id: RequestId, asked: &str, given: Given) -> Result<(), ApiError> {
        let config = &given.config;
        let bare = |class: &str| match class.strip_suffix("Connector") {
            Some(bare) if !bare.is_empty() => bare.to_owned(),
            _ => class.to_owned(),
        };
        if let Some(class) = config.get(texts::CONNECTOR_CLASS)
            && !bare(class).ends_with(&bare(asked))
        {
            return Err(texts::other_class(class, asked));
        }
        let plugin = self.plugin_of(config).map_err(|error| ApiError::Internal(error.to_string()))?;
        let plugin = plugin.cloned().ok_or_else(|| {
            let class = config.get(texts::CONNECTOR_CLASS).map_or("", String::as_str);
            ApiError::Internal(texts::unknown_class(class, &self.catalog))
        })?;
        self.checking.insert(id, Checking::Report);
        self.out.push(Action::Validate { request: id, plugin, config: given });
        Ok(())
    }

    fn describe(&mut self, id: RequestId, name: &str, version: Option<&str>) -> Result<(), ApiError> {
        let refused = |missing| match missing {
            Missing::Name if catalog::is_undescribed(name) => texts::undescribed_plugin(name),
            Missing::Name => texts::unknown_plugin(name),
            Missing::Range(_) => texts::invalid_version(version.unwrap_or_default()),
            Missing::Version(why) => ApiError::BadRequest(why),
        };
        let plugin = self.catalog.find(name, version).cloned().map_err(refused)?;
        self.checking.insert(id, Checking::Definitions);
        self.out.push(Action::Describe { request: id, plugin });
        Ok(())
    }

    pub(super) fn validated(&mut self, id: RequestId, outcome: Result<Validation, ApiError>) {
        let Some(checking) = self.checking.remove(&id) else { return };
        match (checking, outcome) {
            (_, Err(error)) => self.answer(id, Err(error)),
            (Checking::Job(job), Ok(validation)) if validation.errors.is_empty() => self.enqueue(id, job),
            (Checking::Job(_), Ok(validation)) => self.answer(id, Err(texts::invalid(&validation.errors))),
            (Checking::Report | Checking::Definitions | Checking::Offsets, Ok(validation)) => {
                self.answer(id, Ok(Response::Json(validation.report)));
            }
        }
    }

    pub(super) fn described(&mut self, id: RequestId, outcome: Result<Value, ApiError>) {
        if self.checking.remove(&id).is_some() {
            self.answer(id, outcome.map(Response::Json));
        }
    }
}
