//! Even loads: who gets the next item, and who has too many. Connectors and tasks are counted apart.

use super::{Item, Share, Shares};

/// One of the two kinds of items.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Connector,
    Task,
}

/// Both kinds, in the order in which they are dealt with.
pub(super) const KINDS: [Kind; 2] = [Kind::Connector, Kind::Task];

impl Kind {
    pub(super) fn has(self, item: &Item) -> bool {
        match self {
            Kind::Connector => matches!(item, Item::Connector(_)),
            Kind::Task => matches!(item, Item::Task(_)),
        }
    }

    fn count(self, share: &Share) -> usize {
        share.iter().filter(|item| self.has(item)).count()
    }
}

/// Gives the items to those members that have the fewest of their kind, in the order of member ids.
pub(super) fn give(shares: &mut Shares, items: &Share) {
    for kind in KINDS {
        let mut items = items.iter().filter(|item| kind.has(item)).peekable();
        let mut loads: Vec<(usize, &mut Share)> =
            shares.values_mut().map(|share| (kind.count(share), share)).collect();
        // Stable, so members with the same load stay in the order of their ids.
        loads.sort_by_key(|(load, _)| *load);
        while items.peek().is_some() {
            let Some(least) = loads.first().map(|(load, _)| *load) else { return };
            let poorest = loads.iter_mut().take_while(|(load, _)| *load == least);
            for ((load, share), item) in poorest.zip(&mut items) {
                share.insert(item.clone());
                *load += 1;
            }
        }
    }
}

/// What members have beyond an even load, counted over everything that is configured. Nothing while nobody runs anything.
pub(super) fn surplus(shares: &Shares, configured: &Share) -> Shares {
    let mut surplus = Shares::new();
    if shares.values().all(Share::is_empty) {
        return surplus;
    }
    for kind in KINDS {
        let total = kind.count(configured);
        let (least, extra) = (total / shares.len(), total % shares.len());
        let loads = shares.values().map(|share| kind.count(share));
        let even = loads.clone().all(|load| load == least || load == least + 1)
            && loads.filter(|load| *load == least + 1).count() == extra;
        if total == 0 || even {
            continue;
        }
        let mut with_one_more = 0;
        for (member, share) in shares {
            let load = kind.count(share);
            if load <= least {
                continue;
            }
            let keep = if with_one_more < extra { least + 1 } else { least };
            with_one_more += 1;
            let beyond = share.iter().filter(|item| kind.has(item)).take(load - keep).cloned();
            surplus.entry(member.clone()).or_default().extend(beyond);
        }
    }
    surplus.retain(|_, share| !share.is_empty());
    surplus
}
