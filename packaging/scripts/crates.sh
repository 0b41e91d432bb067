# The crates that other projects can use, as `cargo publish` would send them. Read by `./dev package` and `./dev check`.

published_crates=(nexus-writer-hub nexus-writer-journal shuffle-deflate)
# Options of cargo: `--package` before each of them.
published_options=("${published_crates[@]/#/--package=}")

# Makes the packages, and compiles each of them without the rest of the project.
package_crates() {
    # With the profile of the project, so that the HDF5 library is not built a second time.
    cargo package --locked --allow-dirty --config 'profile.dev.package."*".opt-level=2' \
        --config 'profile.dev.debug="line-tables-only"' "${published_options[@]}"
    mkdir -p "$packages"
    local name
    for name in "${published_crates[@]}"; do
        mv "$target/package/$name-"*.crate "$packages"
        say "made $(ls "$packages/$name-"*.crate)"
    done
}

# Looks for what would keep them from being packed, which takes no time.
check_crates() {
    local name manifest field
    cargo package --quiet --locked --allow-dirty --no-verify "${published_options[@]}"
    for name in "${published_crates[@]}"; do
        manifest=$(tar -xOf "$target/package/$name-$(package_version).crate" --wildcards '*/Cargo.toml')
        for field in description license repository readme keywords categories rust-version; do
            grep -q "^$field = " <<<"$manifest" || fail "the manifest of $name has no $field"
        done
    done
}
