# Tries what was made, where neither Rust nor a compiler nor cppTango is. Read by `./dev package`.
#
# Redis, the Tango database and the client run on this machine, with the Python environment of the tests.

# check_packages [wheel|deb|image]...
check_packages() {
    local release kind
    [ $# -gt 0 ] || set -- wheel deb image
    mapfile -t program_names < <(echo nexus-writer && ls packaging/links)
    check_folder=$(mktemp -d -p "$package_cache")
    # What has to end with the check.
    processes=()
    trap 'end_processes; remove_root "$check_folder"' EXIT
    start_peers
    for kind in "$@"; do
        case $kind in
            image) check_image ;;
            wheel | deb) for release in 12 13; do "check_$kind" "$release"; done ;;
            *) fail "there is nothing of the kind $kind" ;;
        esac
    done
    say "all that was tried works"
}

check_wheel() {
    local release=$1 root line
    find_wheel
    new_root "$release" python3-venv
    in_root "$root" sh -euc '
        test -z "$(ldconfig -p | grep libtango)"
        python3 -m venv /venv'
    while read -r line; do
        timed "$line on Debian $release" in_root "$root" -v "$packages:/packages" -e PATH=/venv/bin:/usr/bin:/bin \
            -e PIP_NO_INDEX=1 -e PIP_QUIET=1 -e PIP_DISABLE_PIP_VERSION_CHECK=1 sh -euc "cd /packages && $line" </dev/null
    done < <(documented_lines pip)
    try_program "the wheel on Debian $release" in_root "$root" -e PATH=/venv/bin:/usr/bin:/bin
    in_root "$root" /venv/bin/python -m nexus_writer --version >/dev/null
    # In the home of a user, which is not where this Python installs by default.
    in_root "$root" -v "$packages:/packages" -e PIP_ROOT_USER_ACTION=ignore sh -euc '
        /venv/bin/pip --quiet --python /usr/bin/python3 install --user --break-system-packages --no-index /packages/*.whl
        /root/.local/bin/nexus-writer --version >/dev/null'
    in_root "$root" /venv/bin/pip uninstall --quiet --yes nexus-writer
    in_root "$root" sh -euc 'test -z "$(find /venv/bin -iname "*writer*")"'
    remove_root "$root"
}

check_deb() {
    local release=$1 root line
    new_root "$release" ''
    # The documents have the line for Debian 12, which a person answers questions of.
    echo 'APT::Get::Assume-Yes "true"; APT::Install-Recommends "false";' >"$root/etc/apt/apt.conf.d/check"
    in_root "$root" apt-get update -qq
    while read -r line; do
        line=${line/~deb12/~deb$release}
        timed "$line on Debian $release" in_root "$root" -v "$packages:/packages" sh -euc '
            cd /packages
            export DEBIAN_FRONTEND=noninteractive
            sh -c "$0" >/tmp/apt.log 2>&1 || {
                cat /tmp/apt.log
                exit 1
            }' "$line" </dev/null
    done < <(documented_lines apt)
    in_root "$root" id nexus-writer >/dev/null
    try_program "the package on Debian $release" in_root "$root"
    in_root "$root" apt-get purge -qq -y nexus-writer >/dev/null 2>&1
    in_root "$root" sh -euc 'test -z "$(find /usr/bin /usr/share /etc/nexus-writer -iname "*nexus*writer*" 2>/dev/null)"'
    remove_root "$root"
}

# documented_lines PROGRAM: prints the lines by which the documents tell users to install a package.
documented_lines() {
    local lines
    lines=$(sed -n '/^```sh package$/,/^```$/p' README.md docs/*.md | grep "^$1 " | sed 's/ *#.*//' | sort -u)
    [ -n "$lines" ] || fail "no document says how to install by $1"
    echo "$lines"
}

check_image() {
    local container inspected
    image_storage=$check_folder/storage
    image_archive=$packages/nexus-writer-$(package_version)-oci.tar
    container=$(in_buildah from --quiet "oci-archive:$image_archive")
    inspected=$(in_buildah inspect --type container --format \
        '{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.StopSignal}}' "$container")
    [ "$inspected" = "10001:10001 [/usr/bin/nexus-writer] SIGTERM" ] || fail "the image is wrong: $inspected"
    mkdir -p "$check_folder/data"
    chmod 777 "$check_folder/data"
    # The program of the root, as the user of the image.
    try_program "the image" in_container "$container"
    in_buildah rm "$container" >/dev/null
}

in_container() {
    local container=$1
    shift
    in_buildah run --isolation chroot --volume "$check_folder/data:/tmp" --env HOME=/tmp \
        --env "TANGO_HOST=127.0.0.1:$tango_port" --env "REDIS_DATA_URL=redis://127.0.0.1:$redis_port" \
        "$container" "$@"
}

# new_root RELEASE PACKAGES: sets `root` to a new root with nothing but these packages.
new_root() {
    local archive=$package_cache/roots/new-$1${2:+-$2}.tar
    if [ ! -e "$archive" ]; then
        say "making a root of Debian $1${2:+ with $2}"
        mkdir -p "$package_cache/roots"
        bootstrap "$1" minbase "ca-certificates${2:+,$2}" "$archive.new.tar"
        mv "$archive.new.tar" "$archive"
    fi
    root=$check_folder/root-$1
    mkdir "$root"
    tar -x -C "$root" -f "$archive"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # What is tried has to be all that there is.
    in_root "$root" sh -euc '
        for tool in cc cargo rustc nexus-writer; do
            if command -v "$tool"; then exit 1; fi
        done'
}

# try_program WHAT RUN...: lets all names of the program start, saves a scan, and serves a Tango device. `RUN COMMAND...` runs a
# command where the program is installed.
try_program() {
    local what=$1 name url=redis://127.0.0.1:$redis_port file key checked
    local places=(-e "TANGO_HOST=127.0.0.1:$tango_port" -e "REDIS_DATA_URL=$url")
    shift
    case $1 in
        in_root) set -- "$@" "${places[@]}" ;;
    esac
    for name in "${program_names[@]}"; do
        "$@" "$name" --version >/dev/null || fail "$name does not start: $what"
    done
    file=/tmp/scan.h5
    key=$("$@" nexus-writer simulate "$url" --kind mesh --points 400 --rate 0 --file "$file" --log=warning)
    "$@" nexus-writer save "$url" "$key" >"$check_folder/save.log" 2>&1 || fail "$(cat "$check_folder/save.log")"
    checked=$("$@" nexus-writer check "$file" --redis "$url") || fail "$checked"
    say "$what: $(echo "$checked" | head -2 | tr -s ' \n' ' ')"
    serve_device "$what" "$@"
}

# Registers the device of a session, serves it as Tango's Starter does, and asks it as BLISS does.
serve_device() {
    local what=$1 log=$check_folder/service.log state service
    shift
    "$@" RegisterNexusWriter demo >/dev/null 2>&1
    "$@" nexuswriter demo --log=info >"$log" 2>&1 &
    service=$!
    processes+=("$service")
    wait_for_text "Ready to accept request" "$log"
    state=$(TANGO_HOST=127.0.0.1:$tango_port "$venv/bin/python" -c '
import tango
device = tango.DeviceProxy("id00/bliss_nxwriter/demo")
print(device.State(), flush=True)
tango.DeviceProxy("dserver/nexuswriter/demo").Kill()')
    [ "$state" = ON ] || fail "the Tango device is $state: $what"
    wait_for_end "$service" || fail "the Tango device does not end, or not well: $what: $(cat "$log")"
    unset 'processes[-1]'
    say "$what: the Tango device is ON"
}

start_peers() {
    read -r redis_port tango_port < <("$venv/bin/python" -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in sockets))')
    "$venv/peers/redis-server" --bind 127.0.0.1 --port "$redis_port" --save '' --dir "$check_folder" \
        --loadmodule "$venv/peers/modules/rejson.so" --loadmodule "$venv/peers/modules/redisearch.so" \
        >"$check_folder/redis.log" 2>&1 &
    processes+=($!)
    (cd "$check_folder" && exec "$venv/bin/PyDatabaseds" --host 127.0.0.1 --port "$tango_port" 2) \
        >"$check_folder/tango.log" 2>&1 &
    processes+=($!)
    wait_for_text "Ready to accept connections" "$check_folder/redis.log"
    wait_for_text "Ready to accept request" "$check_folder/tango.log"
}

end_processes() {
    local process
    for process in "${processes[@]}"; do
        # A device server runs in a child of a shell, which ends with it; `unshare` waits for its end whatever else comes.
        pkill --signal KILL --parent "$process" || true
        kill "$process" 2>/dev/null || true
    done
    wait "${processes[@]}" 2>/dev/null || true
    processes=()
}

# wait_for_text TEXT FILE
wait_for_text() {
    local deadline=$((SECONDS + 60))
    until grep -qs "$1" "$2"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "this says nothing of \"$1\": $(cat "$2")"
        sleep 0.1
    done
}

# wait_for_end PROCESS: returns its status, or fails if it does not end.
wait_for_end() {
    local deadline=$((SECONDS + 60))
    while kill -0 "$1" 2>/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
    wait "$1"
}

timed() {
    local what=$1 begun=$EPOCHREALTIME status=0 took
    shift
    "$@" || status=$?
    # In microseconds. Some languages have a comma in it.
    took=$(((${EPOCHREALTIME//[.,]/} - ${begun//[.,]/}) / 1000))
    say "$what: $((took / 1000)).$(printf %03d $((took % 1000))) s"
    return "$status"
}
