# The OCI image. Read by `./dev package`.
#
# Its base comes from the packages of Debian, so that no registry of images is needed. Nothing is started in it but the
# program: it has no shell.

# Zones of time are for the times in files, certificates for rediss://.
image_packages=libc6,libstdc++6,libgcc-s1,base-files,netbase,tzdata,ca-certificates
image_user=10001

package_image() {
    local work
    find_wheel
    work=$(mktemp -d -p "$package_cache")
    say "making the base of the image"
    bootstrap 13 extract "$image_packages" "$work/base.tar"
    mkdir "$work/base" "$work/app"
    tar -x -C "$work/base" -f "$work/base.tar"
    finish_base "$work/base"
    lay_program "$work/app"
    pack "$work/base" "$work/base.tar"
    pack "$work/app" "$work/app.tar"
    say "building the image"
    image_storage=$work/storage
    image_archive=$packages/nexus-writer-$(package_version)-oci.tar
    in_buildah build --quiet --isolation chroot --timestamp "$source_date" \
        --build-arg VERSION="$(package_version)" --build-arg COMMIT="$commit" --tag nexus-writer \
        --file "$project/packaging/image/Containerfile" "$work" >/dev/null
    # An archive that buildah writes has the time at which it does so.
    in_buildah push --quiet nexus-writer "oci:$work/layout:nexus-writer:$(package_version)"
    pack "$work/layout" "$image_archive" blobs index.json oci-layout
    remove_root "$work"
    say "made $image_archive"
}

# Storage of its own, which needs no special file system.
in_buildah() {
    buildah --root "$image_storage" --runroot "$image_storage/run" --storage-driver vfs "$@"
}

# What the scripts of the packages would do, which do not run in the base.
finish_base() {
    local base=$1
    mkdir -p "$base/etc/ssl/certs"
    find "$base/usr/share/ca-certificates" -name '*.crt' -print0 | LC_ALL=C sort -z | xargs -0 cat \
        >"$base/etc/ssl/certs/ca-certificates.crt"
    printf '%s\n' root:x:0:0:root:/root:/usr/sbin/nologin \
        "nexus-writer:x:$image_user:$image_user:nexus-writer:/nonexistent:/usr/sbin/nologin" >"$base/etc/passwd"
    printf '%s\n' root:x:0: "nexus-writer:x:$image_user:" >"$base/etc/group"
    # Certificates need OpenSSL only to be installed.
    rm -rf "$base"/usr/bin/openssl "$base"/usr/lib/*/lib{ssl,crypto,zstd}.so.* "$base"/usr/lib/*/{ossl-modules,engines-3} \
        "$base"/usr/lib/ssl "$base"/usr/share/doc/{openssl*,libssl*,libzstd*}
    # What is of the machine that made it.
    rm -rf "$base"/etc/{apt,resolv.conf,hostname}
    rm -rf "$base"/var/lib/apt "$base"/var/cache/apt "$base"/var/log/* "${base:?}"/dev/*
}

# The executable, the libraries of the wheel beside it, and links with all names.
lay_program() {
    local app=$1 unpacked
    unpacked=$(mktemp -d -p "$package_cache")
    "$venv/bin/python" -m zipfile --extract "$wheel" "$unpacked"
    mkdir -p "$app/opt/nexus-writer" "$app/usr/bin"
    mv "$unpacked/nexus_writer.scripts" "$unpacked/nexus_writer.libs" "$app/opt/nexus-writer"
    mv "$unpacked"/nexus_writer-*.dist-info/licenses "$app/opt/nexus-writer"
    mv "$unpacked"/nexus_writer-*.dist-info/sboms "$app/opt/nexus-writer"
    chmod -R a+rX "$app"
    chmod 755 "$app/opt/nexus-writer/nexus_writer.scripts/nexus-writer"
    ln -s ../../opt/nexus-writer/nexus_writer.scripts/nexus-writer "$app/usr/bin/nexus-writer"
    cp --no-dereference packaging/links/* "$app/usr/bin"
    rm -rf "$unpacked"
}

# pack FOLDER ARCHIVE [FILE OF THE FOLDER]...: packs these files or all. The same files always give the same archive.
pack() {
    local folder=$1 archive=$2
    shift 2
    [ $# -gt 0 ] || set -- .
    tar --sort=name --mtime="@$source_date" --owner=0 --group=0 --numeric-owner -c -C "$folder" -f "$archive" "$@"
}
