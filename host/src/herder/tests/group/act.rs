//! What a simulated worker does of what its herder orders.

use super::coordinator::Ask;
use super::met::Fault;
use super::worker::{Client, Life, Origin, slot_of};
use super::world::{Call, Flight, World, sync_timeout};
use crate::herder::*;
use crate::settings::Props;

/// What the plugin makes of a connector's config: so many tasks, with its value and the plugin's mood in them.
pub fn task_configs(config: &Props, mood: u32) -> Vec<Props> {
    let count: u32 = config.get("count").and_then(|text| text.parse().ok()).unwrap_or(1);
    let value = config.get("v").cloned().unwrap_or_default();
    let one = |n: u32| {
        Props::from([("n".to_owned(), n.to_string()), ("made".to_owned(), format!("{value}/{mood}"))])
    };
    (0..count).map(one).collect()
}

impl World {
    pub fn carry_out(&mut self, slot: usize, action: Action) {
        let (now, at, end) = (self.now, self.later(), self.end);
        let who = self.worker(slot).who;
        let worker = self.worker(slot);
        match action {
            Action::Write { write, records } => self.flights.push(Flight { who, write, records, at }),
            Action::Answer { request, outcome } => {
                let origin = worker.open.remove(&request);
                self.answered(origin.expect("an open request, answered once"), outcome);
            }
            Action::Validate { request, .. } => {
                let outcome = Ok(Validation { errors: vec![], report: serde_json::Value::Null });
                worker.send(&format!("check {request}"), at, Event::Validated { request, outcome });
            }
            Action::ModifyOffsets { request, name, .. } => {
                self.check_rests(slot, &name);
                let event = Event::OffsetsModified { request, outcome: Ok(true) };
                self.worker(slot).send(&format!("offsets {request}"), at, event);
            }
            Action::ReadConfig { read } => worker.readings.push((read, end, sync_timeout(now))),
            Action::PutStatus { record, .. } => worker.statuses.push_back(record),
            Action::MakeSessionKey => {
                let created = 1_700_000_000_000 + i64::try_from(now).expect("a time");
                let key = SessionKey { key: vec![1, 2, 3, 4], algorithm: "HmacSHA256".to_owned(), created };
                let made =
                    if self.fails(5, Fault::KeyFailed) { Err("no chance".to_owned()) } else { Ok(key) };
                self.worker(slot).send("key", at, Event::SessionKeyMade(made));
            }
            Action::PublishTasks { name, epoch, leader_url, configs } => {
                let to = slot_of(&leader_url).expect("a worker's URL");
                if self.faulty {
                    self.met.insert(Fault::HandedOver);
                }
                let request = Request::PutTaskConfigs { name: name.clone(), configs };
                self.calls.push(Call { to, request, origin: Origin::Owner { who, name, epoch }, at });
            }
            Action::UseSessionKey { .. } | Action::SetLogLevel { .. } | Action::Tell { .. } => {}
            Action::Finished => {
                assert!(worker.lives.is_empty() && worker.stopping, "an end with work left");
                worker.finished = true;
            }
            Action::Join(_) | Action::Share { .. } | Action::Rejoin { .. } | Action::Leave { .. } => {
                self.take_part(slot, action);
            }
            run => self.run(slot, run),
        }
    }

    /// What concerns the group.
    fn take_part(&mut self, slot: usize, action: Action) {
        let (now, at) = (self.now, self.later());
        if let Action::Share { generation, shares } = &action {
            self.check_shares(*generation, shares);
        }
        let worker = self.worker(slot);
        let member_id = worker.member_id.clone();
        match action {
            Action::Join(state) => {
                assert!(!worker.stopping, "a join of a worker that stops");
                if worker.client == Client::Due {
                    worker.client = Client::Joining(now);
                    let offers = worker.protocol;
                    worker.to_group.push_back((at, Ask::Join { member_id, state, offers }));
                }
            }
            Action::Share { generation, shares } => {
                if matches!(worker.client, Client::Syncing(current, _) if current == generation) {
                    worker
                        .to_group
                        .push_back((at, Ask::Sync { member_id, generation, shares: Some(shares) }));
                }
            }
            Action::Rejoin { .. } => {
                // The herder does not know yet of what is on its way to it.
                if matches!(worker.client, Client::Member | Client::Out) {
                    self.join(slot);
                }
            }
            Action::Leave { .. } => {
                worker.client = Client::Out;
                worker.pipes.remove("group");
                worker.member_id.clear();
                worker.from_group.clear();
                if !member_id.is_empty() {
                    let who = worker.who;
                    // What it said of its work is sent first.
                    let said: Vec<StatusRecord> = worker.statuses.drain(..).collect();
                    self.statuses.extend(said);
                    self.coordinator.ask(now, who, Ask::Leave { member_id });
                    self.send_replies();
                }
            }
            _ => unreachable!("others are carried out elsewhere"),
        }
    }

    /// Orders to runners.
    fn run(&mut self, slot: usize, action: Action) {
        let at = self.later();
        let hangs = self.faulty && self.rng.chance(5);
        let mood = |world: &World, name: &str| world.moods.get(name).copied().unwrap_or(0);
        let end_at = if hangs { self.now + 5_000 } else { at };
        match action {
            Action::StartConnector { name, epoch, config, .. } => {
                self.begin(slot, Item::Connector(name.clone()), epoch, TaskTarget::Running, config);
                self.say(slot, epoch, at, Event::ConnectorStarted { name, epoch });
            }
            Action::StopConnector { name, epoch } => {
                if self.is_stopping(slot, &Item::Connector(name.clone()), epoch) {
                    self.say(slot, epoch, end_at, Event::ConnectorEnded { name, epoch });
                }
            }
            Action::AskTaskConfigs { name, epoch, .. } => {
                let life = self.worker(slot).lives.get(&Item::Connector(name.clone()));
                let config = life.expect("a life").config.clone();
                let outcome = Ok(task_configs(&config, mood(self, &name)));
                self.say(slot, epoch, at, Event::TaskConfigs { name, epoch, outcome });
            }
            Action::StartTask { id, epoch, target, task_config, .. } => {
                self.begin(slot, Item::Task(id.clone()), epoch, target, task_config);
                self.aim(slot, id, epoch, target, at);
            }
            Action::StopTask { id, epoch } => {
                if self.is_stopping(slot, &Item::Task(id.clone()), epoch) {
                    self.say(slot, epoch, end_at, Event::TaskEnded { id, epoch });
                }
            }
            Action::PauseTask { id, epoch } => self.aim(slot, id, epoch, TaskTarget::Paused, at),
            Action::ResumeTask { id, epoch } => self.aim(slot, id, epoch, TaskTarget::Running, at),
            other => panic!("not expected here: {}", crate::herder::tests::text::action(&other)),
        }
    }

    fn say(&mut self, slot: usize, epoch: Epoch, at: Millis, event: Event) {
        self.worker(slot).send(&format!("life {epoch}"), at, event);
    }

    fn aim(&mut self, slot: usize, id: TaskId, epoch: Epoch, target: TaskTarget, at: Millis) {
        let life = self.worker(slot).lives.get_mut(&Item::Task(id.clone()));
        let Some(life) = life.filter(|life| life.epoch == epoch) else { return };
        life.target = target;
        let event = match target {
            TaskTarget::Running => Event::TaskRunning { id, epoch },
            TaskTarget::Paused => Event::TaskPaused { id, epoch },
        };
        self.say(slot, epoch, at, event);
    }

    fn is_stopping(&mut self, slot: usize, item: &Item, epoch: Epoch) -> bool {
        let life = self.worker(slot).lives.get_mut(item).filter(|life| life.epoch == epoch);
        life.is_some_and(|life| !std::mem::replace(&mut life.stopping, true))
    }

    fn begin(&mut self, slot: usize, item: Item, epoch: Epoch, target: TaskTarget, config: Props) {
        let worker = self.worker(slot);
        let (who, orphan) = (worker.who, worker.outside);
        let elsewhere = self.workers().filter(|other| other.who != who);
        for other in elsewhere {
            let alone = other.lives.get(&item).is_none_or(|life| life.orphan || orphan);
            assert!(alone, "{item} begins at w{slot} beside w{}", other.who.0);
        }
        let life = Life { epoch, orphan, stopping: false, target, config };
        let before = self.worker(slot).lives.insert(item, life);
        assert!(before.is_none(), "two lives at one worker");
    }
}
