# `./dev package`: makes what users install, and tries it. Read by `dev`, whose variables and functions it uses.

# Tools, roots of Debian and compiled crates: 5 GB. `./dev package clean` removes them.
package_cache=${NEXUS_WRITER_PACKAGE_CACHE:-$venv/package}
package_requirements=$project/packaging/requirements.txt
cargo_deb_version=3.8.0
cargo_about_version=0.9.3
package_jobs=${NEXUS_WRITER_PACKAGE_JOBS:-$(nproc)}
# What is made.
packages=$target/packages

. packaging/scripts/roots.sh
. packaging/scripts/licences.sh
. packaging/scripts/wheel.sh
. packaging/scripts/deb.sh
. packaging/scripts/image.sh
. packaging/scripts/h5web.sh
. packaging/scripts/crates.sh
. packaging/scripts/check.sh

package_usage() {
    cat <<'TEXT'
usage: ./dev package COMMAND

  wheel       a wheel for pip, built in a root of Debian 11
  deb [N...]  packages for Debian N (12, 13; without an argument both), each built in a root of that release
  image       an OCI image, from the wheel
  all         these three
  h5web       H5Web for the feature of that name, which is built into nothing of the above (needs npm, no root)
  crates      the crates for crates.io, each compiled by itself (needs neither root nor a cache)
  --check [wheel|deb|image]...
              try what was made, in new roots of Debian 12 and 13 without Rust and compiler
  licences    write the texts in packaging/licenses anew, after dependencies have changed
  clean       remove the tools and the roots

All but h5web and crates need root. The results are in target/packages.

  NEXUS_WRITER_DEBIAN_MIRROR, NEXUS_WRITER_DEBIAN_SECURITY_MIRROR
                              where the packages of Debian are (http://deb.debian.org/debian, …-security)
  NEXUS_WRITER_PACKAGE_CACHE  where tools and roots are kept (.venv/package)
  NEXUS_WRITER_PACKAGE_JOBS   how many compilers run at the same time (one for each core)
TEXT
}

package_command() {
    local what=${1:-help}
    [ $# -eq 0 ] || shift
    case $what in
        wheel | deb | image | licences)
            prepare_packages
            "package_$what" "$@"
            ;;
        all)
            prepare_packages
            package_wheel
            package_deb
            package_image
            ;;
        h5web) make_h5web ;;
        crates)
            install_system_packages
            package_crates
            ;;
        check | --check)
            prepare_packages
            check_packages "$@"
            ;;
        clean) remove_root "$package_cache" ;;
        help | -h | --help) package_usage ;;
        *)
            package_usage >&2
            exit 2
            ;;
    esac
}

prepare_packages() {
    [ "$(id -u)" -eq 0 ] || fail "roots of Debian can only be made by root"
    # Others read what is installed.
    umask 022
    run_setup
    local missing=()
    have mmdebstrap || missing+=(mmdebstrap)
    have buildah || missing+=(buildah)
    have lintian || missing+=(lintian)
    # Ubuntu has mmdebstrap without the keys of Debian.
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
    [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
    mkdir -p "$package_cache/output" "$packages"
    cargo fetch --locked --quiet
    check_third_party
    # Files in packages have the time of the commit, so that the same source gives the same packages.
    source_date=$(git log -1 --format=%ct)
    commit=$(git describe --always --dirty --abbrev=12)
    export SOURCE_DATE_EPOCH=$source_date
}

package_version() {
    sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1
}

# build_program RELEASE: compiles the executable in the root of this release.
build_program() {
    say "compiling for Debian $1"
    in_build_root "$1" cargo build --manifest-path /src/Cargo.toml --release --locked \
        --jobs "$package_jobs" --package cli --features tango
}

# rust_tool NAME VERSION [OPTION OF cargo install]...: prints the path of a program of a crate.
rust_tool() {
    local name=$1 version=$2 folder
    shift 2
    folder=$package_cache/tools/$name-$version
    if [ ! -x "$folder/bin/$name" ]; then
        say "compiling $name"
        CARGO_TARGET_DIR=$package_cache/tools/target cargo install --quiet --locked --root "$folder" \
            "$name@$version" "$@" >&2
        rm -rf "$package_cache/tools/target"
    fi
    echo "$folder/bin/$name"
}
