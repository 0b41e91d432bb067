//! A scan that is being published.

use std::time::{SystemTime, UNIX_EPOCH};

use pickle::encode::{self, Protocol};
use pickle::numpy::Array;
use pickle::{Dict, Value};
use redis_client::Command;

use super::commands::{announce, create_node, data_event, set_info, set_number, type_text};
use super::connection::PublisherConnection;
use super::{ChannelId, NewChannel, NewScan, PublishError};
use crate::key::NodeKey;
use crate::store::NodeStore;

/// How long the keys below a scan last when it has ended, in seconds.
const DATA_TIME: u64 = 600;
/// How long the other keys last.
const SCAN_TIME: u64 = 86_400;
/// Events of one channel that are gathered before they are sent, as in BLISS.
const GATHERED: usize = 50;

/// A scan that is being published.
pub struct ScanPublisher {
    connection: PublisherConnection,
    scan: NewScan,
    progress: Vec<ChannelProgress>,
}

/// What was published of a channel.
struct ChannelProgress {
    /// The identifier of its next event.
    next: u64,
    /// Events that are gathered and not sent.
    gathered: usize,
    /// The pickle that describes its data.
    description: Vec<u8>,
}

impl ScanPublisher {
    /// Creates the nodes of a scan, its devices and its channels, and announces them.
    ///
    /// # Errors
    /// If there is a node of this key already, or the server does not take the commands.
    pub async fn create(store: &NodeStore, scan: NewScan) -> Result<ScanPublisher, PublishError> {
        let channels = scan.channels.iter();
        let progress = channels.map(|(_, channel)| ChannelProgress {
            next: 1,
            gathered: 0,
            description: encode::encode(&channel.description(), scan.protocol),
        });
        let mut publisher = ScanPublisher {
            connection: PublisherConnection::open(store, &scan.key).await?,
            progress: progress.collect(),
            scan,
        };
        if publisher.connection.exists(&publisher.scan.key).await? {
            return Err(PublishError::Exists {
                scan: publisher.scan.key,
            });
        }
        publisher.create_ancestors().await?;
        publisher.create_scan().await?;
        publisher.set_state("PREPARING").await?;
        publisher.create_channels().await?;
        Ok(publisher)
    }

    /// Returns the key of a channel.
    pub fn key(&self, channel: ChannelId) -> &NodeKey {
        &self.scan.channels[channel.0].0
    }

    /// Changes a value of the info, which is published with the next state.
    pub fn set(&mut self, name: &str, value: Value) {
        self.scan.info.insert(name.to_owned(), value);
    }

    /// Tells that the scan is prepared, and that it starts.
    ///
    /// # Errors
    /// If the server does not take the commands.
    pub async fn prepare(&mut self) -> Result<(), PublishError> {
        let event = self.scan_event(self.scan.key.prepared(), "PREPARED_SCAN");
        self.publish_info(event).await?;
        self.set_state("STARTING").await
    }

    /// Publishes points, each with its channel and the number of points that it has, in one transaction. One point has
    /// the shape of the channel, several have one more dimension in front.
    ///
    /// # Errors
    /// If the server does not take the commands.
    pub async fn publish(&mut self, data: &[(ChannelId, u64, &Array)]) -> Result<(), PublishError> {
        let events = data.iter().map(|(channel, count, array)| {
            let value = encode::array(array);
            self.data(*channel, *count, &value)
        });
        let events = events.collect::<Vec<_>>();
        self.transaction(events).await
    }

    /// Adds points, as [`publish`](Self::publish) does, to those that [`flush`](Self::flush) sends. They are sent
    /// sooner, without waiting for the reply, when one channel has 50 events among them.
    ///
    /// # Errors
    /// If the server does not take the commands, or has refused some of those before.
    pub async fn gather(
        &mut self,
        channel: ChannelId,
        count: u64,
        array: &Array,
    ) -> Result<(), PublishError> {
        let event = self.data(channel, count, &encode::array(array));
        self.connection.add_to_transaction(&event);
        let gathered = &mut self.progress[channel.0].gathered;
        *gathered += 1;
        match *gathered {
            GATHERED => self.flush().await,
            _ => Ok(()),
        }
    }

    /// Sends the points that were gathered, in one transaction, and does not wait for the reply.
    ///
    /// # Errors
    /// As for [`gather`](Self::gather).
    pub async fn flush(&mut self) -> Result<(), PublishError> {
        for channel in &mut self.progress {
            channel.gathered = 0;
        }
        self.connection.send_transaction().await
    }

    /// Sends the points that were gathered, and waits until the server has taken all that was sent.
    ///
    /// # Errors
    /// As for [`gather`](Self::gather).
    pub async fn settle(&mut self) -> Result<(), PublishError> {
        self.flush().await?;
        self.connection.settle().await
    }

    /// Publishes a reference to another scan.
    ///
    /// # Errors
    /// If the server does not take the commands.
    pub async fn refer(&mut self, channel: ChannelId, scan: &NodeKey) -> Result<(), PublishError> {
        let event = self.data(channel, 1, &scan.as_str().into());
        self.transaction(vec![event]).await
    }

    /// Publishes the saving parameters of a detector of Lima, as when it is prepared. `server` is the URL of its Tango
    /// device.
    ///
    /// # Errors
    /// If the server does not take the commands.
    pub async fn prepare_images(
        &mut self,
        channel: ChannelId,
        parameters: &Dict,
        server: &str,
    ) -> Result<(), PublishError> {
        let key = self.key(channel).clone();
        let protocol = self.scan.protocol;
        let values = parameters
            .iter()
            .filter_map(|(name, value)| Some((name.as_text()?, value.clone())));
        let info = set_info(&key, values, protocol);
        let parameters = encode::encode(&Value::Dict(parameters.clone().into()), protocol);
        // BLISS means RPUSH, but sends LPUSH.
        let reference = Command::new("LPUSH").arg(key.data_ref()).arg(parameters);
        let counter = Command::new("INCRBY").arg(server).arg(1);
        for command in [info, reference, counter] {
            self.send(&command).await?;
        }
        Ok(())
    }

    /// Publishes a state of a detector of Lima.
    ///
    /// # Errors
    /// If the server does not take the commands.
    pub async fn publish_status(
        &mut self,
        channel: ChannelId,
        status: &Dict,
    ) -> Result<(), PublishError> {
        let id = self.next_id(channel, 1);
        let status = Value::Dict(status.clone().into());
        let status = encode::encode(&status, self.scan.protocol);
        let event = data_event(self.key(channel), id, "LIMAIMAGESTATUS");
        let event = event.arg("__STATUS__").arg(status);
        self.transaction(vec![event]).await
    }

    /// Ends the scan. `exception` is the class of the exception that has ended it, if it has failed.
    ///
    /// # Errors
    /// If the server does not take the commands.
    pub async fn end(mut self, exception: Option<&str>) -> Result<(), PublishError> {
        let state = match exception {
            None => "DONE",
            Some(class) if class == super::ABORT => "USER_ABORTED",
            Some(_) => "KILLED",
        };
        self.settle().await?;
        self.set_state("STOPPING").await?;
        let exception = encode::encode(&exception.unwrap_or("").into(), self.scan.protocol);
        let event = self.scan_event(self.scan.key.end(), "END_SCAN");
        let event = event.arg("__EXCEPTION__").arg(exception.as_slice());
        self.publish_info(event).await?;
        self.expire().await?;
        self.set_state(state).await
    }

    async fn create_ancestors(&mut self) -> Result<(), PublishError> {
        let mut ancestors = Vec::new();
        let mut next = self.scan.key.parent();
        while let Some(key) = next {
            next = key.parent();
            ancestors.push(key);
        }
        for key in ancestors.iter().rev() {
            if self.connection.exists(key).await? {
                continue;
            }
            let streams = [key.children()];
            for command in create_node(key, "container", key.name(), &streams) {
                self.send(&command).await?;
            }
            if let Some(command) = announce(key) {
                self.send(&command).await?;
            }
        }
        Ok(())
    }

    async fn create_scan(&mut self) -> Result<(), PublishError> {
        let key = self.scan.key.clone();
        self.set("node_name", key.as_str().into());
        if let Some(parent) = key.parent() {
            self.send(&set_number(&parent, self.scan.number)).await?;
        }
        let values = self.scan.info.iter();
        let values = values.map(|(name, value)| (name.as_str(), value.clone()));
        let info = set_info(&key, values, self.scan.protocol);
        self.send(&info).await?;
        let streams = [key.children(), key.end(), key.prepared()];
        let node_type = type_text(self.scan.node_type);
        for command in create_node(&key, node_type, key.name(), &streams) {
            self.send(&command).await?;
        }
        match announce(&key) {
            Some(command) => self.send(&command).await,
            None => Ok(()),
        }
    }

    /// Creates all devices and channels in one transaction, and announces them from the top.
    async fn create_channels(&mut self) -> Result<(), PublishError> {
        let mut commands = Vec::new();
        for device in &self.scan.devices {
            let streams = [device.children()];
            commands.extend(create_node(device, "None", device.name(), &streams));
            let channels = self.scan.channels.iter();
            for (key, channel) in channels.filter(|(key, _)| key.parent().as_ref() == Some(device))
            {
                commands.extend(create_channel(key, channel, self.scan.protocol));
            }
        }
        self.transaction(commands).await?;
        let depth = |key: &NodeKey| key.as_str().matches(':').count();
        let first = depth(&self.scan.key) + 1;
        let last = self.scan.devices.iter().map(depth).max().unwrap_or(first);
        for level in first..=last {
            let devices = self.scan.devices.iter().filter(|key| depth(key) == level);
            let devices: Vec<Command> = devices.filter_map(announce).collect();
            let channels = self.scan.channels.iter().map(|(key, _)| key);
            let channels = channels.filter(|key| depth(key) == level + 1);
            let channels: Vec<Command> = channels.filter_map(announce).collect();
            self.transaction(devices).await?;
            self.transaction(channels).await?;
        }
        Ok(())
    }

    /// Publishes the whole info, one value at a time, and an event of the scan behind it.
    async fn publish_info(&mut self, event: Command) -> Result<(), PublishError> {
        let protocol = self.scan.protocol;
        let values = self.scan.info.iter();
        let mut commands: Vec<Command> = values
            .map(|(name, value)| match value {
                Value::None => Command::new("HDEL").arg(self.scan.key.info()).arg(name),
                value => set_info(&self.scan.key, [(name.as_str(), value.clone())], protocol),
            })
            .collect();
        commands.push(event);
        self.transaction(commands).await
    }

    async fn set_state(&mut self, state: &str) -> Result<(), PublishError> {
        self.set("state", state.into());
        let state = [("state", state.into())];
        let command = set_info(&self.scan.key, state, self.scan.protocol);
        self.send(&command).await
    }

    async fn expire(&mut self) -> Result<(), PublishError> {
        let expire = |key: String, seconds: u64| Command::new("EXPIRE").arg(key).arg(seconds);
        let mut data = Vec::new();
        for device in &self.scan.devices {
            for key in [device.to_string(), device.children(), device.info()] {
                data.push(expire(key, DATA_TIME));
            }
        }
        for (channel, _) in &self.scan.channels {
            let keys = [channel.to_string(), channel.info(), channel.data()];
            for key in keys.into_iter().chain([channel.data_ref()]) {
                data.push(expire(key, DATA_TIME));
            }
        }
        self.transaction(data).await?;
        let key = &self.scan.key;
        let mut rest = vec![
            expire(key.end(), SCAN_TIME),
            expire(key.prepared(), SCAN_TIME),
        ];
        let mut next = Some(key.clone());
        while let Some(key) = next {
            for name in [key.to_string(), key.children(), key.info()] {
                rest.push(expire(name, SCAN_TIME));
            }
            next = key.parent();
        }
        self.transaction(rest).await
    }

    /// Returns the command that publishes data of a channel.
    fn data(&mut self, channel: ChannelId, count: u64, data: &Value) -> Command {
        let id = self.next_id(channel, count);
        let event = data_event(self.key(channel), id, "CHANNELDATA");
        let description = self.progress[channel.0].description.as_slice();
        let event = event.arg("__DESC__").arg(description);
        let event = event.arg("__NPOINTS__").arg(count);
        let data = encode::encode(data, self.scan.protocol);
        event.arg("__DATA__").arg(data)
    }

    fn next_id(&mut self, channel: ChannelId, count: u64) -> u64 {
        let next = &mut self.progress[channel.0].next;
        let id = *next;
        *next += count;
        id
    }

    fn scan_event(&self, stream: String, event: &str) -> Command {
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = time.map_or(0.0, |time| time.as_secs_f64());
        let timestamp = encode::encode(&Value::Float(seconds), self.scan.protocol);
        let command = Command::new("XADD").arg(stream);
        let command = command.args(["*", "__EVENT__", event]).arg("__TIMESTAMP__");
        let command = command.arg(timestamp);
        command.args(["__STRTIME__", "Thu Jan  1 00:00:00 1970"])
    }

    async fn transaction(&mut self, commands: Vec<Command>) -> Result<(), PublishError> {
        for command in &commands {
            self.connection.add_to_transaction(command);
        }
        self.connection.send_transaction().await?;
        self.connection.settle().await
    }

    async fn send(&mut self, command: &Command) -> Result<(), PublishError> {
        self.connection.call(command).await.map(drop)
    }
}

fn create_channel(key: &NodeKey, channel: &NewChannel, protocol: Protocol) -> Vec<Command> {
    let values = [
        ("shape", channel.shape()),
        ("dtype", channel.dtype.clone()),
        ("fullname", channel.name.as_str().into()),
        ("unit", channel.unit()),
        ("node_name", key.as_str().into()),
    ];
    let mut commands = vec![set_info(key, values, protocol)];
    let node_type = type_text(channel.node_type);
    commands.extend(create_node(key, node_type, &channel.name, &[key.data()]));
    commands
}
