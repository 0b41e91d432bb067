//! The properties of a device in the Tango database.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use writer::filesystem::DiskSpace;
use writer::layout::LayoutChoice;
use writer::options::SaveOptions;
use writer::source::ModelChoice;

use super::configuration::{ConfiguredRedis, DeviceConfiguration};
use crate::device_context::PropertyError;
use crate::failure::DevFailed;
use crate::python;

/// `blisswriter` 2.0.0 calls this a megabyte.
const MEBIBYTE: f64 = 1_048_576.0;

const ORIGIN: &str = "NexusWriter.init_device";

/// The properties of a device.
#[derive(Debug, Clone, PartialEq)]
pub struct WriterProperties {
    /// Name of the BLISS session.
    pub session: String,
    /// Address of the Beacon server, which knows where Redis is.
    pub beacon_host: Option<String>,
    /// Where the configuration says that Redis is.
    pub redis: Option<ConfiguredRedis>,
    /// Which data model Redis is taken to hold.
    pub model: ModelChoice,
    /// How scans are saved.
    pub save: SaveOptions,
    /// MB that must be free for a scan to start.
    pub required: f64,
    /// MB below which BLISS warns its user.
    pub recommended: f64,
}

/// Why the properties are not known.
#[derive(Debug)]
pub enum PropertiesError {
    /// The database cannot be asked.
    Database(PropertyError),
    /// The device cannot work with its properties.
    Invalid(DevFailed),
}

impl From<DevFailed> for PropertiesError {
    fn from(error: DevFailed) -> PropertiesError {
        PropertiesError::Invalid(error)
    }
}

/// The values of a property, or `None` if it is not set.
type Values = Option<Vec<String>>;

impl WriterProperties {
    /// Reads the properties, each with `ask`, and completes them by the configuration.
    ///
    /// # Errors
    /// Fails when `ask` fails, and if values are missing or wrong.
    pub fn read(
        ask: impl Fn(&str) -> Result<Values, PropertyError>,
        configuration: &dyn DeviceConfiguration,
    ) -> Result<WriterProperties, PropertiesError> {
        let property = |name: &str| -> Result<Option<String>, PropertiesError> {
            let values = ask(name).map_err(PropertiesError::Database)?;
            let first = values.and_then(|values| values.into_iter().next());
            Ok(first.filter(|text| !text.trim().is_empty()))
        };
        let session = property("session")?.ok_or_else(|| {
            // As PyTango reports a mandatory property.
            DevFailed::python("Exception", "Device property session is mandatory", ORIGIN)
        })?;
        let session = session.trim().to_owned();
        let configured = configuration.of_session(&session);
        let configured =
            configured.map_err(|wrong| DevFailed::python("RuntimeError", wrong, ORIGIN))?;
        let text = |name: &str| -> Result<Option<String>, PropertiesError> {
            let setting = configured.settings.get(name);
            let known = setting.map(|setting| setting.text.clone());
            match setting.is_some_and(|setting| setting.is_before_property) {
                true => Ok(known),
                false => Ok(property(name)?.or(known)),
            }
        };
        let switch = |name: &str| match text(name)? {
            Some(text) => Ok::<_, PropertiesError>(truth(name, &text)?),
            None => Ok(false),
        };
        let number = |name: &str, usual: f64| match text(name)? {
            Some(text) => Ok::<_, PropertiesError>(double(name, &text)?),
            None => Ok(usual),
        };
        let seconds = |name: &str, usual: Duration| match text(name)? {
            Some(text) => Ok::<_, PropertiesError>(Duration::from_secs(parsed(name, &text)?)),
            None => Ok(usual),
        };
        let model = match text("model")? {
            Some(text) => parsed("model", &text)?,
            None => ModelChoice::Auto,
        };
        let layout = match text("layout")? {
            Some(text) => parsed("layout", &text)?,
            None => LayoutChoice::Auto,
        };
        let usual = SaveOptions::default();
        let required = number("required_disk_space", 200.0)?;
        let recommended = number("recommended_disk_space", 1024.0)?;
        let save = SaveOptions {
            space: DiskSpace {
                required: bytes(required),
                recommended: bytes(recommended),
            },
            flat: !switch("keepshape")?,
            multivalue_positioners: switch("multivalue_positioners")?,
            allow_external_nonhdf5: switch("enable_external_nonhdf5")?,
            allow_external_hdf5: !switch("disable_external_hdf5")?,
            copy_non_external: switch("copy_non_external")?,
            configurable: !switch("noconfig")?,
            layout,
            retry_time: seconds("retry_time", usual.retry_time)?,
            park_after: seconds("park_after", usual.park_after)?,
        };
        Ok(WriterProperties {
            session,
            beacon_host: property("beacon_host")?,
            redis: configured.redis.clone(),
            model,
            save,
            required,
            recommended,
        })
    }

    /// Returns the address of Beacon, from the environment or the property.
    ///
    /// # Errors
    /// Fails if the two differ: the scans of this session would be searched in the wrong place.
    pub fn beacon(&self, environment: Option<&str>) -> Result<Option<String>, DevFailed> {
        match (environment, self.beacon_host.as_deref()) {
            (Some(environment), Some(property)) if environment != property => {
                let (environment, property) =
                    (python::quoted(environment), python::quoted(property));
                let text = format_args!(
                    "Beacon host mismatch: {environment} (environment) vs. {property} (tango device property)"
                );
                Err(DevFailed::python("RuntimeError", text, ORIGIN))
            }
            (environment, property) => Ok(environment.or(property).map(str::to_owned)),
        }
    }
}

fn bytes(megabytes: f64) -> u64 {
    // A negative limit, or one that is not a number, is no limit.
    (megabytes * MEBIBYTE).max(0.0) as u64
}

/// Parses the words that PyTango takes for a boolean.
fn truth(name: &str, text: &str) -> Result<bool, DevFailed> {
    match text.trim().to_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Ok(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Ok(false),
        _ => Err(wrong(name, format_args!("invalid truth value {text}"))),
    }
}

/// Parses a name or a number. Names are those of options, in any case.
fn parsed<T: FromStr<Err: fmt::Display>>(name: &str, text: &str) -> Result<T, DevFailed> {
    let parsed = text.trim().to_lowercase().parse();
    parsed.map_err(|error: T::Err| wrong(name, format_args!("{error}")))
}

fn double(name: &str, text: &str) -> Result<f64, DevFailed> {
    text.trim().parse().map_err(|_| {
        let text = python::quoted(text);
        wrong(
            name,
            format_args!("could not convert string to float: {text}"),
        )
    })
}

fn wrong(name: &str, why: fmt::Arguments) -> DevFailed {
    DevFailed::python("ValueError", format_args!("property {name}: {why}"), ORIGIN)
}

#[cfg(test)]
mod tests {
    use writer::source::DataModel;

    use super::*;
    use crate::failure::ErrorStack;
    use crate::nexus_writer::configuration::{ConfiguredDevice, ConfiguredSetting};

    fn read(values: &[(&str, &str)]) -> Result<WriterProperties, String> {
        read_with(values, &())
    }

    fn read_with(
        values: &[(&str, &str)],
        configuration: &dyn DeviceConfiguration,
    ) -> Result<WriterProperties, String> {
        let ask = |name: &str| {
            let found = values.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| vec![(*value).to_owned()]))
        };
        WriterProperties::read(ask, configuration).map_err(|unread| match unread {
            PropertiesError::Invalid(error) => error.to_string(),
            PropertiesError::Database(error) => panic!("{error}"),
        })
    }

    #[test]
    fn absent_properties_have_defaults() {
        let usual = SaveOptions {
            space: DiskSpace {
                required: 200 << 20,
                recommended: 1024 << 20,
            },
            ..SaveOptions::default()
        };
        let found = read(&[("session", "demo"), ("stackmca", "True"), ("keepshape", "")]).unwrap();
        assert_eq!(found.session, "demo");
        assert_eq!(found.beacon_host, None);
        assert_eq!(found.model, ModelChoice::Auto);
        assert_eq!(found.save, usual);
        assert_eq!((found.required, found.recommended), (200.0, 1024.0));
    }

    #[test]
    fn each_property_has_its_effect() {
        let found = read(&[
            ("session", " demo"),
            ("keepshape", "True"),
            ("multivalue_positioners", "true"),
            ("enable_external_nonhdf5", "1"),
            ("disable_external_hdf5", "YES"),
            ("copy_non_external", "on"),
            ("noconfig", "t"),
            ("model", "Node"),
            ("required_disk_space", "-1"),
            ("recommended_disk_space", "0.5"),
            ("layout", "Classic"),
            ("retry_time", "5"),
            ("park_after", "7"),
        ])
        .unwrap();
        let expected = SaveOptions {
            space: DiskSpace {
                required: 0,
                recommended: 1 << 19,
            },
            flat: false,
            multivalue_positioners: true,
            allow_external_nonhdf5: true,
            allow_external_hdf5: false,
            copy_non_external: true,
            configurable: false,
            layout: "classic".parse().unwrap(),
            retry_time: Duration::from_secs(5),
            park_after: Duration::from_secs(7),
        };
        assert_eq!(found.save, expected);
        assert_eq!(found.model, ModelChoice::Only(DataModel::Node));
        assert_eq!(found.session, "demo");
        assert!(
            read(&[("session", "demo"), ("noconfig", "False")])
                .unwrap()
                .save
                .configurable
        );
    }

    #[test]
    fn wrong_values_are_errors() {
        assert_eq!(
            read(&[]).unwrap_err(),
            "Exception: Device property session is mandatory\n"
        );
        assert_eq!(
            read(&[("session", "demo"), ("noconfig", "maybe")]).unwrap_err(),
            "ValueError: property noconfig: invalid truth value maybe\n"
        );
        assert_eq!(
            read(&[("session", "demo"), ("required_disk_space", "1 GB")]).unwrap_err(),
            "ValueError: property required_disk_space: could not convert string to float: '1 GB'\n"
        );
        assert_eq!(
            read(&[("session", "demo"), ("model", "BLISS 1")]).unwrap_err(),
            "ValueError: property model: \"bliss 1\" is no data model \
             (expected one of: auto, blissdata, node)\n"
        );
    }

    /// Has settings of the session `demo`: some before properties, and some after them.
    struct OfDemo(Vec<(&'static str, &'static str, bool)>);

    impl DeviceConfiguration for OfDemo {
        fn of_session(&self, session: &str) -> Result<ConfiguredDevice, String> {
            assert_eq!(session, "demo");
            let setting = |(name, text, is_before_property): &(&str, &str, bool)| {
                let setting = ConfiguredSetting {
                    text: (*text).to_owned(),
                    is_before_property: *is_before_property,
                };
                ((*name).to_owned(), setting)
            };
            Ok(ConfiguredDevice {
                settings: self.0.iter().map(setting).collect(),
                redis: None,
            })
        }
    }

    #[test]
    fn a_property_goes_before_a_file_and_after_a_variable() {
        let configuration = OfDemo(vec![
            ("keepshape", "true", false),
            ("noconfig", "true", false),
            ("copy_non_external", "false", true),
            ("required_disk_space", "300", true),
            ("model", "node", false),
            ("park_after", "5", false),
        ]);
        let properties = [
            ("session", "demo"),
            ("noconfig", "False"),
            ("copy_non_external", "True"),
            ("required_disk_space", "100"),
            ("park_after", ""),
        ];
        let found = read_with(&properties, &configuration).unwrap();
        let expected = SaveOptions {
            space: DiskSpace {
                required: 300 << 20,
                recommended: 1024 << 20,
            },
            flat: false,
            park_after: Duration::from_secs(5),
            ..SaveOptions::default()
        };
        assert_eq!(found.save, expected);
        assert_eq!(found.required, 300.0);
        assert_eq!(found.model, ModelChoice::Only(DataModel::Node));
    }

    #[test]
    fn a_database_that_is_away_is_no_wrong_value() {
        let ask = |property: &str| {
            Err(PropertyError {
                device: "a/b/c".to_owned(),
                property: property.to_owned(),
                errors: ErrorStack::default(),
            })
        };
        let away = WriterProperties::read(ask, &()).unwrap_err();
        assert!(matches!(away, PropertiesError::Database(_)), "{away:?}");
    }

    #[test]
    fn environment_and_property_agree_on_beacon() {
        let mut demo = read(&[("session", "demo")]).unwrap();
        assert_eq!(demo.beacon(None), Ok(None));
        assert_eq!(demo.beacon(Some("b:1")), Ok(Some("b:1".to_owned())));
        demo.beacon_host = Some("b:2".to_owned());
        assert_eq!(demo.beacon(None), Ok(Some("b:2".to_owned())));
        assert_eq!(demo.beacon(Some("b:2")), Ok(Some("b:2".to_owned())));
        assert_eq!(
            demo.beacon(Some("b:1")).unwrap_err().to_string(),
            "RuntimeError: Beacon host mismatch: 'b:1' (environment) vs. 'b:2' (tango device property)\n"
        );
    }
}
