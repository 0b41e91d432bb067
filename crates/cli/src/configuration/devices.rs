//! What the configuration says about the devices of a Tango service.

use std::collections::HashMap;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches};
use tango::nexus_writer::{
    ConfiguredDevice, ConfiguredRedis, ConfiguredSetting, DeviceConfiguration, RedisLocation,
};
use writer::options::SaveOptions;

use super::file::ConfigurationFile;
use super::layers::{self, Layers};
use super::source::{Rank, Source, Value};
use super::{Configuration, arguments};
use crate::args::{DeviceArgs, MEGABYTE, RedisOrigin};
use crate::exit::Failure;
use crate::url_file;

/// The environment and the file, below which devices have their properties, and above them the options of the service.
pub struct DeviceLayers {
    file: Option<Arc<ConfigurationFile>>,
    /// What was typed.
    options: Vec<Value>,
    /// Where the options say that Redis is.
    redis: Option<RedisOrigin>,
    save: SaveOptions,
}

impl DeviceLayers {
    /// Creates the configuration of the devices of a service. `redis` is where its arguments say that Redis is.
    ///
    /// # Errors
    /// If a variable has a wrong value.
    pub fn new(
        configuration: Configuration,
        redis: Option<(RedisOrigin, Source)>,
    ) -> Result<DeviceLayers, Failure> {
        let Configuration { values, file, .. } = configuration;
        let is_option = |source: &Source| source.rank() == Rank::Option;
        let mut devices = DeviceLayers {
            file,
            options: values
                .into_iter()
                .filter(|value| is_option(&value.source))
                .collect(),
            redis: redis
                .filter(|(_, source)| is_option(source))
                .map(|(origin, _)| origin),
            save: SaveOptions::default(),
        };
        let settings = arguments::settings(&DeviceArgs::command(), &[]);
        layers::check_environment(&settings, |_| false).map_err(Failure::usage)?;
        let (args, _) = devices.parse(None).map_err(Failure::usage)?;
        devices.save = args.saving.options(MEGABYTE);
        Ok(devices)
    }

    /// Returns how scans are saved by devices that have no properties about it.
    pub fn save_options(&self) -> &SaveOptions {
        &self.save
    }

    /// Returns what the environment and the file say.
    fn parse(&self, session: Option<&str>) -> Result<(DeviceArgs, Vec<Value>), clap::Error> {
        let command = arguments::prepare(DeviceArgs::command(), true);
        let settings = arguments::settings(&command, &[]);
        let layers = Layers {
            file: self.file.as_deref(),
            session,
        };
        let matches = layers.apply(command).try_get_matches_from(["device"])?;
        let values = layers.values(&settings, &matches);
        Ok((DeviceArgs::from_arg_matches(&matches)?, values))
    }
}

impl DeviceConfiguration for DeviceLayers {
    fn of_session(&self, session: &str) -> Result<ConfiguredDevice, String> {
        let (args, values) = self
            .parse(Some(session))
            .map_err(|error| error.to_string())?;
        let mut found = HashMap::new();
        let names = arguments::settings(&DeviceArgs::command(), &[]);
        for value in values.iter().chain(&self.options) {
            let Some(setting) = names.iter().find(|setting| setting.key == value.key) else {
                continue;
            };
            let text = value.text().filter(|_| value.source.rank() > Rank::Default);
            if let Some(text) = text {
                let setting_value = ConfiguredSetting {
                    text: text.to_owned(),
                    is_before_property: is_before_property(&value.source),
                };
                found.insert(setting.id().to_owned(), setting_value);
            }
        }
        let sources = Configuration {
            values,
            usual_level: String::new(),
            file: None,
            file_error: None,
        };
        let configured = args.redis.place.origin(args.redis.url, &sources);
        let redis = match &self.redis {
            Some(origin) => Some((origin.clone(), true)),
            None => configured.map(|(origin, source)| (origin, is_before_property(&source))),
        };
        let redis = redis.map(|(origin, is_before_property)| {
            Ok::<_, String>(ConfiguredRedis {
                location: location(origin)?,
                is_before_property,
            })
        });
        Ok(ConfiguredDevice {
            settings: found,
            redis: redis.transpose()?,
        })
    }
}

fn is_before_property(source: &Source) -> bool {
    source.rank() >= Rank::Environment
}

fn location(origin: RedisOrigin) -> Result<RedisLocation, String> {
    Ok(match origin {
        RedisOrigin::Url(url) => RedisLocation::Url(crate::secrets::with_password(&url)),
        RedisOrigin::UrlFile(file) => {
            let url = url_file::read(&file).map_err(|error| error.to_string())?;
            RedisLocation::Url(url.with_secrets())
        }
        RedisOrigin::Beacon(host) => RedisLocation::Beacon(host),
    })
}
