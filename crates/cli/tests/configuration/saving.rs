//! What is configured has its effect.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use simulation::redis::{PrivateRedis, RedisOptions};
use testing::Program;

use crate::fixture::{Folder, program, run};

fn url(server: &PrivateRedis) -> String {
    server.url().with_secrets()
}

/// Publishes a scan of a grid of 3 x 4 points in a session.
fn publish(server: &PrivateRedis, session: &str, file: &Path) {
    let mut simulation = program("nexus-writer simulate");
    simulation.arg(url(server));
    simulation.args([
        "--kind=mesh",
        "--points=12",
        "--rate=0",
        "--session",
        session,
    ]);
    simulation.arg("--file").arg(file);
    let (status, _, errors) = run(&mut simulation);
    assert_eq!(status, Some(0), "{errors}");
}

#[test]
fn a_file_says_everything_that_options_could_say() {
    let folder = Folder::new();
    let server = testing::redis();
    let log = folder.path().join("writer.log");
    let content = format!(
        "[redis]\nurl = {:?}\n[log]\nlevel = 'debug'\nfile = {log:?}\n\
         [saving]\nlayout = 'classic'\ndata-writer = 'any'\n\
         [session.grid.saving]\nkeepshape = true\n",
        url(&server),
    );
    let config = folder.write("a.toml", content);
    for (session, option, shape) in [
        ("flat", "--keepshape=false", "[12]"),
        ("flat", "--keepshape", "[3, 4]"),
        ("grid", "--layout=classic", "[3, 4]"),
        ("grid", "--keepshape=false", "[12]"),
    ] {
        let file = folder.path().join(format!("{session}{option}.h5"));
        let mut writer = program(&format!("nexus-writer session {session} {option}"));
        let mut running = Program::start(writer.arg("--config").arg(&config));
        running.wait_for("subscribed");
        publish(&server, session, &file);
        running.wait_for("Finished writing");
        running.signal("TERM");
        let (status, text) = running.end();
        assert!(status.success(), "{text}");
        let (_, tree, _) = run(program("nexus-writer tree").arg(&file));
        let dataset = format!("data  float64 {shape} ");
        assert!(tree.contains(&dataset), "{option}: {tree}");
    }
    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.contains("DEBUG"), "{logged}");
}

#[test]
fn a_url_may_be_in_a_file_of_its_own() {
    let folder = Folder::new();
    let server = testing::redis();
    let secret = folder.write("redis.url", format!("{}\n", url(&server)));
    let config = folder.write("a.toml", format!("redis.url-file = {secret:?}\n"));
    let start = || {
        let mut writer = program("nexus-writer run --config");
        writer.arg(&config);
        writer
    };
    fs::set_permissions(&secret, Permissions::from_mode(0o644)).unwrap();
    let (status, _, errors) = run(&mut start());
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains("its mode should be 0600"), "{errors}");
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let mut running = Program::start(&mut start());
    running.wait_for("subscribed");
    running.signal("TERM");
    let (status, text) = running.end();
    assert!(status.success(), "{text}");
}

#[test]
fn the_source_that_goes_first_says_where_redis_is() {
    let folder = Folder::new();
    let server = testing::redis();
    let missing = folder.path().join("missing");
    let config = folder.write("a.toml", "redis.url = 'redis://127.0.0.1:1'\n");
    // A file with the URL that a variable names goes before the URL in the file.
    let mut writer = program("nexus-writer run --config");
    writer.arg(&config);
    writer.env("NEXUS_WRITER_REDIS_URL_FILE", &missing);
    let (status, _, errors) = run(&mut writer);
    assert_eq!(status, Some(2), "{errors}");
    assert!(errors.contains("missing, cannot be read"), "{errors}");
    // Of the same source, the URL goes first.
    writer.env("NEXUS_WRITER_REDIS_URL", url(&server));
    let mut running = Program::start(&mut writer);
    running.wait_for("subscribed");
    running.signal("TERM");
    let (status, text) = running.end();
    assert!(status.success(), "{text}");
}

#[tokio::test]
async fn passwords_work_from_every_source_and_are_not_shown() {
    let options = RedisOptions::new().user("writer", "s3cret", "~* &* +@all");
    let server = PrivateRedis::start(&options).await.unwrap();
    let login = (Some("writer"), Some("s3cret"));
    let url = server.url().with_credentials(login.0, login.1);
    let url = url.with_secrets();
    let folder = Folder::new();
    let config = folder.write("a.toml", format!("redis.url = {url:?}\n"));
    for words in ["nexus-writer session demo", "NexusSessionWriter demo"] {
        let mut by_option = program(words);
        by_option.arg("--redis").arg(&url);
        let mut by_variable = program(words);
        by_variable.env("NEXUS_WRITER_REDIS_URL", &url);
        let mut by_file = program(words);
        by_file.arg("--config").arg(&config);
        for command in [&mut by_option, &mut by_variable, &mut by_file] {
            let mut running = Program::start(command.arg("--log=info"));
            running.wait_for("not initialised");
            let arguments = running.arguments();
            assert!(!arguments.concat().contains("s3cret"), "{arguments:?}");
            let (status, log) = running.interrupt();
            assert!(status.success() && !log.contains("s3cret"), "{log}");
        }
    }
}
