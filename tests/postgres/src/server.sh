# A PostgreSQL server in a folder of its own: sh server.sh BIN PORT, as a user who is not root.
#
# Says `ready` when it answers. Each line on stdin is an order: `stop` ends it in the middle of
# whatever it does, as a power cut would, `start` starts it again; both say when they are done.
# When stdin ends, which it does however the test ends, server and folder go away.
set -eu
bin=$1
port=$2
folder=$(mktemp -d /tmp/scratch-postgres.XXXXXX)

control() {
    # Of its own, so that nobody waits for what it leaves open.
    "$bin/pg_ctl" --pgdata="$folder/data" --silent --wait "$@" >>"$folder/log" 2>&1 </dev/null
}
start() {
    control start --log="$folder/log" \
        --options="-p $port -h 127.0.0.1 -k $folder -c max_connections=50" ||
        { tail -n 5 "$folder/log" >&2; return 1; }
}
gone() {
    control stop --mode=immediate || true
    rm -rf "$folder"
}
trap gone EXIT
trap 'exit 1' INT TERM HUP

"$bin/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 \
    --locale=C --no-sync >"$folder/log" 2>&1 || { tail -n 5 "$folder/log" >&2; exit 1; }
start
echo ready
while read -r order; do
    case $order in
    stop) control stop --mode=immediate ;;
    start) start ;;
    esac
    echo "$order"
done
