//! The assignor of the protocol `default`: everything anew in every round.

use super::balance::KINDS;
use super::{Share, Shares};

/// Gives what is configured to the members, by turns: connectors by name, then tasks from the member whose turn it is.
pub fn assign<'a>(members: impl IntoIterator<Item = &'a str>, configured: &Share) -> Shares {
    let mut shares: Shares = members.into_iter().map(|id| (id.to_owned(), Share::new())).collect();
    let ring: Vec<String> = shares.keys().cloned().collect();
    let items = KINDS.into_iter().flat_map(|kind| configured.iter().filter(move |item| kind.has(item)));
    for (item, member) in items.zip(ring.iter().cycle()) {
        if let Some(share) = shares.get_mut(member) {
            share.insert(item.clone());
        }
    }
    shares
}
