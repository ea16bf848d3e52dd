//! What the plugin is yet to hear, and in which order: acknowledgements, and that offsets were stored.

use crate::plugins::source::Ack;

/// Acknowledgements that may wait for the plugin. While there are more it is not polled.
const ROOM: usize = 100_000;

/// What is next to tell.
pub(super) enum Next {
    Acks(Vec<Ack>),
    Commit,
}

/// Acknowledgements and commits on their way to the plugin.
///
/// Of a commit it hears after the acknowledgements that came before it, as with Kafka's `commitRecord` and `commit`.
/// Those that come later do not hold the commit back, else a steady flow would do so for ever.
#[derive(Default)]
pub(super) struct News {
    acks: Vec<Ack>,
    commit: Commit,
}

#[derive(Default)]
enum Commit {
    #[default]
    None,
    /// After the acknowledgements that wait now.
    AfterAcks,
    Now,
}

impl News {
    pub(super) fn ack(&mut self, ack: Ack) {
        self.acks.push(ack);
    }

    /// Offsets were stored.
    pub(super) fn stored(&mut self) {
        self.commit = if self.acks.is_empty() { Commit::Now } else { Commit::AfterAcks };
    }

    /// Whether more acknowledgements may come.
    pub(super) fn has_room(&self) -> bool {
        self.acks.len() < ROOM
    }

    /// Takes what to tell now.
    pub(super) fn next(&mut self) -> Option<Next> {
        match self.commit {
            Commit::Now => {
                self.commit = Commit::None;
                Some(Next::Commit)
            }
            _ if self.acks.is_empty() => None,
            Commit::None => Some(Next::Acks(std::mem::take(&mut self.acks))),
            Commit::AfterAcks => {
                self.commit = Commit::Now;
                Some(Next::Acks(std::mem::take(&mut self.acks)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(cookie: u64) -> Ack {
        Ack { cookie, written: None }
    }

    /// What is told next: `commit`, the cookies, or nothing.
    fn told(news: &mut News) -> String {
        match news.next() {
            None => String::new(),
            Some(Next::Commit) => "commit".into(),
            Some(Next::Acks(acks)) => format!("{:?}", acks.iter().map(|ack| ack.cookie).collect::<Vec<_>>()),
        }
    }

    #[test]
    fn a_steady_flow_of_acknowledgements_holds_no_commit_back() {
        let mut news = News::default();
        news.ack(ack(1));
        news.stored();
        news.ack(ack(2));
        assert_eq!(told(&mut news), "[1, 2]");
        news.ack(ack(3));
        assert_eq!(told(&mut news), "commit");
        news.ack(ack(4));
        assert_eq!(told(&mut news), "[3, 4]");
        assert_eq!(told(&mut news), "");
    }

    #[test]
    fn a_commit_follows_the_acknowledgements_before_it() {
        let mut news = News::default();
        news.stored();
        assert_eq!(told(&mut news), "commit");
        assert_eq!(told(&mut news), "");
    }

    #[test]
    fn acknowledgements_have_a_limit() {
        let mut news = News::default();
        (0..ROOM as u64).for_each(|cookie| news.ack(ack(cookie)));
        assert!(!news.has_room());
        assert!(matches!(news.next(), Some(Next::Acks(acks)) if acks.len() == ROOM));
        assert!(news.has_room());
    }
}
