//! The fields of a sample in the ESRF catalogue.

/// Groups of fields: the part of their names before the underscore, the path of the group below
/// `sample` with the class of its last part, and the part of the names after the underscore.
pub const GROUPS: [(&str, &str, &str, &[&str]); 18] = [
    (
        "Sample",
        "",
        "NXsample",
        &[
            "name",
            "description",
            "distance",
            "support",
            "situation",
            "ub_matrix",
            "temperature_env",
            "chemical_formula",
            "subject",
            "repository_institution",
            "collection_number",
            "collection_year",
            "collection_period",
            "creator",
            "creator_role",
            "categories",
            "thickness",
        ],
    ),
    ("Sample", "notes", "NXnote", &["notes"]),
    (
        "SampleProtein",
        "protein",
        "NXcollection",
        &["acronym", "name"],
    ),
    (
        "SampleChanger",
        "changer",
        "NXcollection",
        &["position", "name"],
    ),
    (
        "SamplePatient",
        "patient",
        "NXcollection",
        &[
            "institute",
            "number",
            "age",
            "sex",
            "weight",
            "size",
            "info",
            "organ_name",
            "organ_description",
        ],
    ),
    (
        "SampleEnvironment",
        "environment",
        "NXenvironment",
        &["name", "type", "description"],
    ),
    (
        "SampleEnvironmentSensors",
        "environment/sensors",
        "NXsensor",
        &["name", "value"],
    ),
    (
        "SampleTrackingShipment",
        "tracking/shipment",
        "NXsubentry",
        &["id", "name"],
    ),
    (
        "SampleTrackingParcel",
        "tracking/parcel",
        "NXsubentry",
        &["id", "name", "storage_condition"],
    ),
    (
        "SampleTrackingContainer",
        "tracking/container",
        "NXcollection",
        &["type", "capacity", "position", "id", "name"],
    ),
    (
        "SampleLocalisation",
        "localisation",
        "NXcollection",
        &["name", "country", "continental_region"],
    ),
    (
        "SamplePaleo",
        "paleo",
        "NXcollection",
        &[
            "scientific_domain",
            "repository_institution",
            "collection_number",
        ],
    ),
    (
        "SamplePaleoGeologicalTime",
        "paleo/geological_time",
        "NXcollection",
        &["formation", "era", "period", "epoch"],
    ),
    (
        "SamplePaleoClassification",
        "paleo/classification",
        "NXcollection",
        &[
            "species",
            "material_type",
            "clade1",
            "clade2",
            "clade3",
            "clade4",
            "clade5",
            "clade6",
        ],
    ),
    (
        "SampleSolvent01",
        "solvent01",
        "NXsample_component",
        &["chemical_formula", "density"],
    ),
    // Without fields of their own.
    ("", "tracking", "NXsubentry", &[]),
    ("", "environment", "NXenvironment", &[]),
    ("", "paleo", "NXcollection", &[]),
];

/// Fields with units.
pub const UNITS: [(&str, &str); 7] = [
    ("Sample_distance", "mm"),
    ("Sample_thickness", "mm"),
    ("SamplePatient_age", "a"),
    ("SamplePatient_weight", "kg"),
    ("SamplePatient_size", "cm"),
    ("SampleTrackingParcel_storage_condition", "°C"),
    ("SampleSolvent01_density", "g/cm³"),
];

/// Fields that are integers, even if they are published as texts.
pub const INTEGERS: [&str; 2] = ["SamplePatient_number", "Sample_collection_year"];
