# The packages of Debian. Read by `./dev package`.
#
# Each release has a package of its own, since the names of its libraries differ. What is in them says
# [package.metadata.deb] in crates/cli/Cargo.toml.

package_deb() {
    local release
    [ $# -gt 0 ] || set -- 12 13
    for release in "$@"; do
        case $release in
            12 | 13) ;;
            *) fail "there is no package for Debian $release" ;;
        esac
    done
    write_documents
    for release in "$@"; do
        build_deb "$release"
    done
}

# Pages and completions come from the options of the program, on any system.
write_documents() {
    rm -rf packaging/documents
    # Crates with C code are compiled again when this variable changes, and the tests use the same ones.
    env --unset=SOURCE_DATE_EPOCH cargo run --quiet --package cli --features tango --example documents -- packaging/documents
}

build_deb() {
    local release=$1 cargo_deb output=$package_cache/output
    # Static, because it runs in the root, whose C library may be older than that of this machine.
    cargo_deb=$(rust_tool cargo-deb "$cargo_deb_version" --target x86_64-unknown-linux-gnu \
        --config 'target.x86_64-unknown-linux-gnu.rustflags=["-C", "target-feature=+crt-static"]')
    build_program "$release"
    # Each entry is that of the release.
    sed "s/^\(nexus-writer (.*\)) stable;/\1~deb$release) $(suite_of "$release");/" packaging/deb/changelog \
        >packaging/documents/changelog
    rm -f "$output"/*.deb "$output"/*.ddeb
    in_build_root "$release" -v "$(dirname "$cargo_deb"):/tools" sh -c '
        cd /src && exec /tools/cargo-deb --package cli --no-build --locked --offline --output /output \
            --deb-revision "1~deb$0"' "$release"
    say "checking the package for Debian $release"
    lintian --fail-on error,warning --tag-display-limit 0 --allow-root "$output"/*.deb
    rm -f "$packages"/*"~deb$release"_*
    mv "$output"/*.deb "$output"/*.ddeb "$packages"
    say "made $(ls "$packages"/nexus-writer_*"~deb$release"_*.deb)"
}
