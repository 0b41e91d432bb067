//! Primitives shared by threads and greenlets: hubs, events, queues, launchers.
