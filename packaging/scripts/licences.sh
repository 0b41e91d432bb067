# The licences of code that others wrote and that is passed on. Read by `./dev package`.

third_party=$project/packaging/licenses/THIRD-PARTY.txt
bundled=$project/packaging/licenses/BUNDLED-LIBRARIES.txt

# Writes both texts anew, for a commit.
package_licences() {
    write_third_party
    write_bundled
}

# What is in the executable itself.
write_third_party() {
    local cargo_about source
    cargo_about=$(rust_tool cargo-about "$cargo_about_version" --features cli)
    say "reading the licences of all crates, which takes minutes"
    "$cargo_about" generate --manifest-path crates/cli/Cargo.toml --features tango --offline --locked \
        --config packaging/about.toml packaging/third-party.hbs --output-file "$third_party.new"
    "$venv/bin/python" packaging/scripts/leave_out_own.py "$third_party.new" \
        "$(sed -n 's/^repository = "\(.*\)"/\1/p' Cargo.toml)"
    # C code in crates that are not under its licence.
    for source in "libz-sys src/zlib/LICENSE" "libdeflate-sys libdeflate/COPYING"; do
        printf '\n%s\nC code in the crate %s:\n\n' "$(printf -- '-%.0s' {1..80})" "${source% *}"
        cat "$(crate_folder "${source% *}")/${source#* }"
    done >>"$third_party.new"
    mv "$third_party.new" "$third_party"
}

# crate_folder NAME: prints where Cargo has the source of a crate.
crate_folder() {
    cargo metadata --format-version 1 --locked --offline | "$venv/bin/python" -c '
import json, pathlib, sys
paths = [p["manifest_path"] for p in json.load(sys.stdin)["packages"] if p["name"] == sys.argv[1]]
print(pathlib.Path(paths[0]).parent)' "$1"
}

# Fails if the executable has a crate that the committed text does not name.
check_third_party() {
    local crates named missing
    crates=$(cargo tree --package cli --features tango --edges normal --prefix none --locked \
        --target x86_64-unknown-linux-gnu --format '{p}' |
        grep -vE '\(/|\(\*\)|\(proc-macro\)' | sed -E 's/^(\S+) v(\S+).*/\1 \2/' | sort -u)
    named=$(sed -nE 's/^  (\S+ [0-9]\S*)(  .*)?$/\1/p' "$third_party" | sort -u)
    missing=$(comm -23 <(echo "$crates") <(echo "$named") | paste -sd ,)
    [ -z "$missing" ] || fail "$third_party lacks $missing: call ./dev package licences"
}

# What is bundled with the executable in the wheel and in the image: cppTango and all that it needs, with the words of
# Debian, which built it.
write_bundled() {
    local root libraries name source
    root=$(build_root 11)
    libraries=$(in_root "$root" bash -euc '
        library=$(realpath "$(ldconfig -p | sed -n "s/.*libtango.so .* => //p")")
        { ldd "$library" | sed -n "s/.* => \(\/[^ ]*\) .*/\1/p"; echo "$library"; } |
            xargs -n 1 realpath | sed "p; s,^/usr,," | { xargs dpkg-query --search 2>/dev/null || true; } |
            sed "s/:.*//" | sort -u | grep -vxE "libc6|libgcc-s1|libstdc\+\+6"')
    {
        cat packaging/bundled-head.txt
        for name in $libraries; do
            in_root "$root" dpkg-query --show --showformat \
                '  ${Package} ${Version} (source: ${source:Package} ${source:Version})\n' "$name"
        done
        # Packages of one source say the same.
        # shellcheck disable=SC2086  # several names
        in_root "$root" dpkg-query --show --showformat '${source:Package} ${Package}\n' $libraries |
            sort -u -k 1,1 | while read -r source name; do
            printf '\n%s\n%s\n\n' "$(printf -- '-%.0s' {1..80})" "$source"
            cat "$root/usr/share/doc/$name/copyright"
        done
    } >"$bundled.new"
    mv "$bundled.new" "$bundled"
}
