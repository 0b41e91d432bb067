# `./dev package h5web`: H5Web as one script, in target/packages/h5web. It is made of packages of npm, with Node.

make_h5web() {
    local folder=$target/h5web output=$packages/h5web
    have npm || fail "npm is missing (Debian: npm)"
    rm -rf "$folder" "$output"
    mkdir -p "$folder" "$output"
    cp packaging/h5web/* "$folder"
    # Of all scripts of the packages, only esbuild's is run, which puts the program in its place.
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
    (cd "$folder" && node node_modules/esbuild/install.js \
        && node_modules/.bin/esbuild main.js --bundle --minify --format=esm --target=es2022 \
            --define:process.env.NODE_ENV='"production"' --legal-comments=linked --log-level=warning --outdir="$output")
    cp packaging/h5web/index.html "$output"
    say "made $output; NEXUS_WRITER_H5WEB=$output cargo build --release --package cli --features tango,h5web"
}
