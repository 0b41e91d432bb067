//! `rediss://`: a TLS terminator in front of a real server, which has no TLS itself.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::sync::Arc;

use observation::with_causes;
use redis_client::{Command, Connection, RedisError, RedisUrl};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use simulation::redis::{PrivateRedis, RedisModules, RedisOptions};
use tempfile::TempDir;
use testing::redis_call;
use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;

/// Terminates TLS in front of `redis`. Its certificate is for `localhost` only.
struct TlsProxy {
    redis: PrivateRedis,
    port: u16,
    folder: TempDir,
}

impl TlsProxy {
    async fn start() -> TlsProxy {
        let options = RedisOptions::new()
            .modules(RedisModules::None)
            .password("hunter2");
        let redis = PrivateRedis::start(&options).await.unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let socket = redis.directory().join("redis.sock");
        tokio::spawn(async move {
            loop {
                let (peer, _) = listener.accept().await.unwrap();
                // A client that does not trust us goes away during the handshake.
                if let Ok(mut peer) = acceptor.accept(peer).await {
                    let mut redis = UnixStream::connect(&socket).await.unwrap();
                    tokio::spawn(async move {
                        tokio::io::copy_bidirectional(&mut peer, &mut redis)
                            .await
                            .ok();
                    });
                }
            }
        });
        TlsProxy {
            redis,
            port,
            folder,
        }
    }

    fn certificates(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn url(&self, host: &str, options: &str) -> RedisUrl {
        format!("rediss://:hunter2@{host}:{}/0?{options}", self.port)
            .parse()
            .unwrap()
    }

    fn trusting(&self, host: &str) -> RedisUrl {
        self.url(
            host,
            &format!("ssl_ca_certs={}", self.certificates().display()),
        )
    }
}

#[tokio::test]
async fn data_pass_when_the_certificate_is_trusted() {
    let proxy = TlsProxy::start().await;
    let mut connection = Connection::open(&proxy.trusting("localhost"))
        .await
        .unwrap();
    let big: Vec<u8> = (0..5_000_000u32).map(|i| (i % 253) as u8).collect();
    connection
        .call(&Command::new("SET").arg("big").arg(&big))
        .await
        .unwrap();
    let reply = connection
        .call(&Command::new("GET").arg("big"))
        .await
        .unwrap();
    assert!(reply.as_bytes().unwrap() == &big);
    let mut plain = Connection::open(&proxy.redis.url()).await.unwrap();
    assert_eq!(
        plain
            .call(&Command::new("STRLEN").arg("big"))
            .await
            .unwrap()
            .as_int(),
        Some(5_000_000)
    );
    assert!(
        redis_call(&proxy.url("127.0.0.1", "ssl_cert_reqs=none"), "PING")
            .await
            .as_str()
            .is_some()
    );
}

#[tokio::test]
async fn a_server_that_is_not_trusted_gets_no_password() {
    let proxy = TlsProxy::start().await;
    // Not the name in the certificate; a certificate that no authority vouches for.
    for url in [proxy.trusting("127.0.0.1"), proxy.url("localhost", "")] {
        let error = Connection::open(&url).await.unwrap_err();
        assert!(
            matches!(error, RedisError::Tls { .. }) && !error.is_transient() && error.is_final(),
            "{error}"
        );
        let shown = with_causes(&error);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let missing = proxy.url("localhost", "ssl_ca_certs=/nonexistent.pem");
    let error = Connection::open(&missing).await.unwrap_err();
    assert!(error.is_final(), "{error}");
    let shown = with_causes(&error);
    assert!(
        shown.contains("certificates in /nonexistent.pem"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_server_without_tls_is_recognised() {
    let options = RedisOptions::new().modules(RedisModules::None).port(0);
    let redis = PrivateRedis::start(&options).await.unwrap();
    let url = redis
        .tcp_url()
        .unwrap()
        .with_secrets()
        .replace("redis://", "rediss://");
    let url = format!("{url}?ssl_cert_reqs=none").parse().unwrap();
    let error = Connection::open(&url).await.unwrap_err();
    let shown = with_causes(&error);
    assert!(shown.contains("does it speak TLS?"), "{shown}");
}

#[tokio::test]
async fn a_file_of_certificates_that_changes_is_read_again() {
    let (old, new) = (TlsProxy::start().await, TlsProxy::start().await);
    let file = old.certificates();
    let trusting =
        |proxy: &TlsProxy| proxy.url("localhost", &format!("ssl_ca_certs={}", file.display()));
    Connection::open(&trusting(&old)).await.unwrap();
    assert!(Connection::open(&trusting(&new)).await.is_err());
    std::fs::copy(new.certificates(), &file).unwrap();
    Connection::open(&trusting(&new)).await.unwrap();
    assert!(Connection::open(&trusting(&old)).await.is_err());
}

/// The environment of a running process cannot be changed safely: this test runs itself again
/// with `SSL_CERT_FILE` set. The file changes while that process has its certificates in memory.
#[tokio::test]
async fn the_system_trusts_what_ssl_cert_file_names() {
    const URLS: [&str; 2] = ["TEST_TLS_URL", "TEST_TLS_NEXT_URL"];
    const NEXT: &str = "TEST_TLS_NEXT_CERTIFICATES";
    if let Ok(next) = std::env::var(NEXT) {
        let [first, second] = URLS.map(|name| std::env::var(name).unwrap().parse().unwrap());
        assert!(redis_call(&first, "PING").await.as_str().is_some());
        std::fs::copy(next, std::env::var("SSL_CERT_FILE").unwrap()).unwrap();
        assert!(redis_call(&second, "PING").await.as_str().is_some());
        return;
    }
    let proxies = [TlsProxy::start().await, TlsProxy::start().await];
    let urls = proxies.each_ref().map(|proxy| proxy.url("localhost", ""));
    let again = tokio::task::spawn_blocking(move || {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_system_trusts_what_ssl_cert_file_names"])
            .env("SSL_CERT_FILE", proxies[0].certificates())
            .env(NEXT, proxies[1].certificates())
            .envs(URLS.into_iter().zip(urls.map(|url| url.with_secrets())))
            .output()
            .unwrap()
    });
    let output = again.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}
