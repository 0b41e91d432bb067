# `./dev handbook`: makes a book of docs. Read by `dev`, like package.sh, which installs tools.

mdbook_version=0.4.52
handbook=$target/handbook

# make_handbook [--open]
make_handbook() {
    local mdbook
    have python3 || apt_install python3
    # Without what serves a book while it is written.
    mdbook=$(rust_tool mdbook "$mdbook_version" --no-default-features --features search)
    "$mdbook" build docs --dest-dir "$handbook"
    python3 packaging/handbook/project_files.py copy "$handbook"
    python3 packaging/handbook/check_links.py "$handbook"
    say "made $handbook/index.html"
    case ${1:-} in
        --open) xdg-open "$handbook/index.html" ;;
    esac
}
