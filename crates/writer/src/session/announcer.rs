//! Tells what happens to whoever wants to hear it.

use hub::Queue;

use super::Notice;

/// Tells notices to whoever wants to hear them.
#[derive(Clone)]
pub struct Announcer {
    pub notices: Option<Queue<Notice>>,
}

impl Announcer {
    pub async fn tell(&self, notice: Notice) {
        if let Some(notices) = &self.notices
            && notices.put(notice, 1).await.is_err()
        {
            // Whoever listened has gone: nobody misses the notice.
        }
    }
}
