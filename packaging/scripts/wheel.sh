# The wheel. Read by `./dev package`.
#
# It is built on Debian 11, because a program works with the C library that it was linked with and all later ones.

package_wheel() {
    local tools=$package_cache/venv
    make_venv "$tools" "$package_requirements"
    say "building the wheel"
    rm -f "$package_cache"/output/*.whl
    # A wheel that needs a newer system than this tag says is an error.
    in_build_root 11 -v "$tools/bin:/tools" -e CARGO_BUILD_JOBS="$package_jobs" sh -c '
        PATH=/tools:$PATH
        cd /src && exec maturin build --release --locked --auditwheel repair \
            --compatibility manylinux_2_31 --out /output'
    "$venv/bin/python" packaging/scripts/replace_launcher.py "$package_cache"/output/*.whl
    rm -f "$packages"/*.whl
    mv "$package_cache"/output/*.whl "$packages"
    wheel=$(ls "$packages"/*.whl)
    say "made $wheel"
}

# Sets `wheel` to what was built, which is built if there is none.
find_wheel() {
    wheel=$(ls "$packages/nexus_writer-$(package_version)-"*.whl 2>/dev/null) || package_wheel
}
