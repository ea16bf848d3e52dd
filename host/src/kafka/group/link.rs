//! What the coordinator is asked: over which connection, in which bytes, and what its answer means.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::connection::{Connection, Dialer};
use super::machine::{Answer, Ask, Failure};
use super::messages::{self, Address, JoinGroup, Joined, Kind};
use super::{GroupConf, millis};

/// A connection that is made when it is needed. Clones share it; requests on it wait for each other.
#[derive(Clone, Default)]
pub(super) struct Link(Arc<Mutex<Option<Connection>>>);

/// When the request was written, and the answer.
pub(super) type Heard = (Instant, Answer);

impl Link {
    /// Asks once more where a connection was kept too long.
    async fn call(
        &self,
        dialer: &Dialer,
        to: &Address,
        api: Kind,
        body: &[u8],
    ) -> Result<(Instant, Vec<u8>), Failure> {
        let mut slot = self.0.lock().await;
        // Taken out: a request that is given up must leave none behind whose answer is still to come.
        let kept = slot.take().filter(|kept| kept.ends.is_none_or(|ends| Instant::now() < ends));
        if let Some(mut kept) = kept
            && let Ok(answer) = kept.call(api, body).await
        {
            *slot = Some(kept);
            return Ok(answer);
        }
        let mut connection = dialer.dial(to).await?;
        let answer = connection.call(api, body).await?;
        *slot = Some(connection);
        Ok(answer)
    }

    /// Asks the coordinator.
    pub(super) async fn ask(
        &self,
        dialer: &Dialer,
        to: &Address,
        conf: &GroupConf,
        ask: &Ask,
    ) -> Result<Heard, Failure> {
        let (api, body) = request(conf, ask);
        let (sent, body) = self.call(dialer, to, api, &body).await?;
        let answer = match api {
            Kind::JoinGroup => Answer::Joined(Joined::decode(&body)?),
            Kind::SyncGroup => {
                let (code, assignment) = messages::read_synced(&body)?;
                Answer::Synced(code, assignment)
            }
            _ => Answer::Code(messages::read_error(&body)?),
        };
        Ok((sent, answer))
    }
}

fn request(conf: &GroupConf, ask: &Ask) -> (Kind, Vec<u8>) {
    let group = conf.group_id.as_str();
    match ask {
        Ask::Find => (Kind::FindCoordinator, messages::find_coordinator(group)),
        Ask::Join { member_id, offers } => {
            let whole = |time| i32::try_from(millis(time)).unwrap_or(i32::MAX);
            let join = JoinGroup {
                group,
                session_timeout_ms: whole(conf.session_timeout),
                rebalance_timeout_ms: whole(conf.rebalance_timeout),
                member_id,
                offers,
            };
            (Kind::JoinGroup, join.encode())
        }
        Ask::Sync { generation, member_id, shares } => {
            (Kind::SyncGroup, messages::sync_group(group, *generation, member_id, shares))
        }
        Ask::Beat { generation, member_id } => {
            (Kind::Heartbeat, messages::heartbeat(group, *generation, member_id))
        }
        Ask::Leave { member_id } => (Kind::LeaveGroup, messages::leave_group(group, member_id)),
    }
}

/// Asks any broker who coordinates the group, and which brokers there are (none: not heard).
pub(super) async fn find(
    dialer: &Dialer,
    of: &Address,
    conf: &GroupConf,
) -> Result<(Heard, Vec<Address>), Failure> {
    let mut connection = dialer.dial(of).await?;
    let (api, body) = request(conf, &Ask::Find);
    let (sent, body) = connection.call(api, &body).await?;
    let (code, address) = messages::read_coordinator(&body)?;
    let brokers = match connection.call(Kind::Metadata, &messages::metadata()).await {
        Ok((_, body)) => messages::read_brokers(&body)?,
        Err(_) => Vec::new(),
    };
    Ok(((sent, Answer::Found(code, address)), brokers))
}
