# Roots: the file trees of Debian releases in which packages are built and tried. Read by `./dev package`.
#
# A root is made by mmdebstrap from the mirrors below. Commands in it see the project at /src, the toolchain of this
# machine at /rust, and the crates that Cargo has fetched at /cargo/registry. So no path of this machine is in what they
# build, and two machines build the same.

mirror=${NEXUS_WRITER_DEBIAN_MIRROR:-http://deb.debian.org/debian}
security_mirror=${NEXUS_WRITER_DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}

# What the programs are built with. Debian has all of it.
build_packages=ca-certificates,dpkg-dev,gcc,g++,make,cmake,pkg-config,libtango-dev

suite_of() {
    case $1 in
        11) echo bullseye ;;
        12) echo bookworm ;;
        13) echo trixie ;;
        *) fail "there is no root of Debian $1" ;;
    esac
}

# bootstrap RELEASE VARIANT PACKAGES TARGET: makes a folder or a *.tar.
bootstrap() {
    local suite
    suite=$(suite_of "$1")
    # Files in it are not newer than the source: mmdebstrap keeps to SOURCE_DATE_EPOCH.
    mmdebstrap --quiet --variant="$2" --include="$3" "$suite" "$4" \
        "deb $mirror $suite main" "deb $mirror $suite-updates main" \
        "deb $security_mirror $suite-security main"
}

# build_root RELEASE: prints the root in which programs are built for this release. It is kept.
build_root() {
    local root=$package_cache/roots/build-$1
    if [ ! -e "$root/ready" ]; then
        say "making a root of Debian $1 with compilers in $root"
        remove_root "$root"
        mkdir -p "$root"
        bootstrap "$1" minbase "$build_packages" - | tar -x -C "$root"
        rm -f "$root"/var/cache/apt/archives/*.deb
        touch "$root/ready"
    fi
    echo "$root"
}

# Nothing is mounted in a root but by its commands, which have mounts of their own.
remove_root() {
    rm -rf --one-file-system "$1"
}

# in_root ROOT [-v SOURCE:TARGET]... [-e NAME=VALUE]... COMMAND...: runs a command, which ends with all that it started.
in_root() {
    local root=$1 mounts=() variables=()
    shift
    while true; do
        case $1 in
            -v)
                mounts+=("$2")
                shift 2
                ;;
            -e)
                variables+=("$2")
                shift 2
                ;;
            *) break ;;
        esac
    done
    # Without /proc the loader does not find libraries that lie beside an executable.
    unshare --mount --pid --fork --kill-child bash -euc '
        root=$1
        shift
        mount -t proc proc "$root/proc"
        while [ "$1" != -- ]; do
            target=$root${1##*:}
            mkdir -p "$target"
            mount --rbind "${1%%:*}" "$target"
            shift
        done
        shift
        exec chroot "$root" /usr/bin/env --ignore-environment "$@"
    ' in_root "$root" ${mounts[@]+"${mounts[@]}"} -- PATH=/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        LANG=C.UTF-8 TERM=dumb ${variables[@]+"${variables[@]}"} "$@"
}

# in_build_root RELEASE [OPTION OF in_root]... COMMAND...: runs a command that builds the project. Cargo's files are in
# /target, which is kept.
in_build_root() {
    local release=$1 root target
    shift
    root=$(build_root "$release")
    target=$package_cache/targets/$release
    mkdir -p "$target" "${CARGO_HOME:-$HOME/.cargo}/registry"
    in_root "$root" -v "$project:/src" -v "$(rustc --print sysroot):/rust" \
        -v "${CARGO_HOME:-$HOME/.cargo}/registry:/cargo/registry" -v "$target:/target" \
        -v "$package_cache/output:/output" \
        -e CARGO_HOME=/cargo -e CARGO_TARGET_DIR=/target -e CARGO_NET_OFFLINE=true -e CARGO_INCREMENTAL=0 \
        -e SOURCE_DATE_EPOCH="$source_date" -e NEXUS_WRITER_COMMIT="$commit" \
        -e CFLAGS=-g1 -e CXXFLAGS=-g1 -e CMAKE_TOOLCHAIN_FILE=/src/packaging/toolchain.cmake "$@"
}
