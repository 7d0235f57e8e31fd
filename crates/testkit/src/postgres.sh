# Starts a private PostgreSQL cluster and keeps it until standard input ends, which happens when the
# test process ends, however it ends. Arguments: folder of the programs, TCP port on 127.0.0.1.
set -u
bin=$1
port=$2
dir=$(mktemp -d "${TMPDIR:-/tmp}/proofhouse-postgres.XXXXXX") || exit 1
server=
finish() {
    # SIGINT is PostgreSQL's fast shutdown.
    [ -n "$server" ] && kill -INT "$server" 2>/dev/null && wait "$server"
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
# The test process may be gone before it is told that all is ready: that must not end this shell.
trap '' PIPE

make() {
    "$bin/initdb" -D "$dir/data" -U proofhouse --auth=trust --encoding=UTF8 --no-sync "$@" >"$dir/log" 2>&1
}
# A locale that does not sort by bytes, because installations have one; before version 15 the plain one.
make --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US || make --no-locale || {
    cat "$dir/log"
    exit 1
}
"$bin/postgres" -D "$dir/data" -h 127.0.0.1 -p "$port" -k "$dir" -c fsync=off -c full_page_writes=off \
    -c synchronous_commit=off -c shared_buffers=32MB -c max_connections=200 >"$dir/log" 2>&1 </dev/null &
server=$!
tries=0
until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$dir/log"
        exit 1
    fi
    sleep 0.1
done
echo ready
read -r _
