//! What the configuration says about the devices of a Tango service, which have no options of their own.

use clap::Parser;

use super::{Model, RedisOption, ScanSaving};

/// The settings of a device. Properties of the device go before those of a file.
#[derive(Parser)]
#[command(name = "device")]
pub struct DeviceArgs {
    #[command(flatten)]
    pub redis: RedisOption,
    #[command(flatten)]
    pub model: Model,
    #[command(flatten)]
    pub saving: ScanSaving,
}
