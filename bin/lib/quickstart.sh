# Sourced by bin/millrace: three brokers on this machine, a file through them and back.
# shellcheck shell=bash disable=SC2154 # MILLRACE_HOME, JAVA, BROKER and CLI come from bin/millrace.

BROKER_IDS="1 2 3"
TOPIC=quickstart

quickstart_usage() {
  cat <<EOF
Usage: millrace quickstart [start|status|stop] [OPTION...]

start (the default): starts three brokers on 127.0.0.1, pipes a file through a replicated topic and prints what came
back. Started again, it finds the data. 'stop' stops them and keeps the data; 'status' says what is running.

  --file FILE            the file to pipe through; default: README.md of Millrace
  --data-dir DIR         where data, configuration and logs go; default: data in Millrace's directory
  --base-port N          client ports N, N+1, N+2; default: 9092      (\$MILLRACE_QUICKSTART_BASE_PORT)
  --http-base-port N     HTTP ports N, N+1, N+2; default: 9192        (\$MILLRACE_QUICKSTART_HTTP_BASE_PORT)
  --cluster-base-port N  ports between brokers; default: 9292         (\$MILLRACE_QUICKSTART_CLUSTER_BASE_PORT)
  --timeout TIME         how long to wait until the cluster is ready; default: 120s
EOF
}

usage_error() {
  echo "millrace: quickstart: $*; see 'millrace quickstart --help'" >&2
  exit 2
}

# --- What is where -----------------------------------------------------------------------------------------------------

client_port() { echo $((base_port + $1 - 1)); }
http_port() { echo $((http_base_port + $1 - 1)); }
cluster_port() { echo $((cluster_base_port + $1 - 1)); }
broker_dir() { echo "$data_dir/broker-$1"; }
config_file() { echo "$(broker_dir "$1")/broker.conf"; }
pid_file() { echo "$(broker_dir "$1")/broker.pid"; }
log_file() { echo "$(broker_dir "$1")/broker.log"; }
console_file() { echo "$(broker_dir "$1")/console.log"; }

bootstrap() {
  local id list=""
  for id in $BROKER_IDS; do list="$list,127.0.0.1:$(client_port "$id")"; done
  echo "${list#,}"
}

# --- Processes ---------------------------------------------------------------------------------------------------------

# The pid of a broker that we started and that still runs: a pid may since belong to somebody else's process.
running_pid() {
  local file pid
  file="$(pid_file "$1")"
  [ -f "$file" ] || return 1
  pid="$(cat "$file")"
  case "$pid" in '' | *[!0-9]*) return 1 ;; esac
  case "$(ps -ww -p "$pid" -o command= 2>/dev/null)" in
    *io.millrace.broker.Main*"$(config_file "$1")"*) echo "$pid" ;;
    *) return 1 ;;
  esac
}

running_count() {
  local id count=0
  for id in $BROKER_IDS; do
    if running_pid "$id" >/dev/null; then count=$((count + 1)); fi
  done
  echo "$count"
}

port_is_taken() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Before anything starts: three log files are a poor way to learn about a port.
check_ports() {
  local id failed=""
  for id in $BROKER_IDS; do
    running_pid "$id" >/dev/null && continue
    check_port "$(client_port "$id")" --base-port || failed=yes
    check_port "$(http_port "$id")" --http-base-port || failed=yes
    check_port "$(cluster_port "$id")" --cluster-base-port || failed=yes
  done
  [ -z "$failed" ] || exit 1
}

check_port() {
  if port_is_taken "$1"; then
    echo "millrace: port $1 is taken by another program; $2 chooses others" >&2
    return 1
  fi
}

# A string in HOCON.
quoted() {
  printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

write_config() {
  local id="$1" other seeds=""
  for other in $BROKER_IDS; do seeds="$seeds, \"127.0.0.1:$(http_port "$other")\""; done
  mkdir -p "$(broker_dir "$id")"
  cat >"$(config_file "$id")" <<EOF
# Written by 'millrace quickstart' at each start: change a copy, not this file.
millrace {
  broker-id = $id
  data-dir = $(quoted "$(broker_dir "$id")/data")
  log-file = $(quoted "$(log_file "$id")")
  cluster {
    name = "quickstart"
    host = "127.0.0.1"
    port = $(cluster_port "$id")
    seeds = [${seeds#, }]
    metadata-voters = [1, 2, 3]
  }
  client { host = "127.0.0.1", port = $(client_port "$id") }
  http { host = "127.0.0.1", port = $(http_port "$id") }
}
EOF
}

# Lets the JVM map the classes of a broker from a file (class data sharing, JEP 350) instead of loading and verifying them at
# each start: three brokers on two cores are ready in 11 s instead of 18. Once for each build, a broker of its own
# starts and stops to write it. Whatever goes wrong here only leaves starts as slow as they were.
make_archive() {
  [ "$(running_count)" -eq 0 ] && ! [ "$BROKER_ARCHIVE" -nt "$BROKER_JAR" ] || return 0
  local dir pid waited=0
  dir="$(mktemp -d)"
  cat >"$dir/broker.conf" <<EOF
millrace {
  broker-id = 1
  data-dir = $(quoted "$dir/data")
  cluster {
    name = "class-archive", host = "127.0.0.1", port = $(cluster_port 1)
    seeds = ["127.0.0.1:$(http_port 1)"], metadata-voters = [1]
  }
  client { host = "127.0.0.1", port = $(client_port 1) }
  http { host = "127.0.0.1", port = $(http_port 1) }
}
EOF
  echo "preparing for fast starts, once for each build"
  "${BROKER[0]}" "-XX:ArchiveClassesAtExit=$dir/broker.jsa" -Xlog:cds=off -Xlog:cds+dynamic=off "${BROKER[@]:1}" \
    --config "$dir/broker.conf" </dev/null >"$dir/console.log" 2>&1 &
  pid=$!
  cli wait-ready --timeout 60s --broker "1,127.0.0.1:$(http_port 1),$pid" >/dev/null 2>&1 || true
  kill -TERM "$pid" 2>/dev/null || true
  while [ "$waited" -lt 150 ] && kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    waited=$((waited + 1))
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  [ ! -f "$dir/broker.jsa" ] || mv "$dir/broker.jsa" "$BROKER_ARCHIVE"
  rm -rf "$dir"
  broker_command
}

start_broker() {
  local id="$1"
  write_config "$id"
  # In a subshell in the background, and its only process: it outlives this script and any hang-up of the terminal.
  nohup "${BROKER[@]}" --config "$(config_file "$id")" </dev/null >"$(console_file "$id")" 2>&1 &
  echo $! >"$(pid_file "$id")"
}

wait_until_ready() {
  local id pid arguments=()
  for id in $BROKER_IDS; do
    pid="$(running_pid "$id" || cat "$(pid_file "$id")")"
    arguments+=(--broker "$id,127.0.0.1:$(http_port "$id"),$pid")
  done
  cli wait-ready --timeout "$ready_timeout" "${arguments[@]}" && return 0
  for id in $BROKER_IDS; do
    local log
    log="$(log_file "$id")"
    [ -s "$log" ] || log="$(console_file "$id")"
    echo "--- the end of $log" >&2
    tail -n 15 "$log" >&2 || true
  done
  echo "millrace: the cluster is not ready; 'millrace quickstart stop' stops what runs" >&2
  exit 1
}

# After SIGTERM. The time is bounded, and so is the harm: what was acknowledged is on disk.
await_end() {
  local id="$1" pid="$2" waited=0
  # 20 s: a broker that leaves in order hands over first.
  while [ "$waited" -lt 100 ] && running_pid "$id" >/dev/null; do
    sleep 0.2
    waited=$((waited + 1))
  done
  if running_pid "$id" >/dev/null; then
    echo "broker $id does not stop: killing it"
    kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$(pid_file "$id")"
  echo "broker $id stopped"
}

# --- The client --------------------------------------------------------------------------------------------------------

cli() {
  cli_command "$1"
  MILLRACE_BOOTSTRAP="$(bootstrap)" "${CLI[@]}" "$@"
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# The offset that the next record will get.
end_offset() {
  cli topic describe "$TOPIC" --json | sed 's/.*"latest_offset":\([0-9]*\).*/\1/'
}

pipe_file() {
  local first count back
  back="$data_dir/came-back.txt"
  # Exactly what is written by this run, if the topic has older records: order and offsets are those of one partition.
  first="$(end_offset)"
  if [ -z "$first" ]; then
    # Its leader is not elected yet: after a restart with thousands of partitions it may be the last to get one.
    cli wait-leaders "$TOPIC"
    first="$(end_offset)"
  fi
  case "$first" in '' | *[!0-9]*) die "the topic '$TOPIC' has no leader: try 'millrace topic describe $TOPIC'" ;; esac
  echo
  echo "\$ millrace produce $TOPIC --file $file"
  cli produce "$TOPIC" --file "$file"
  echo "\$ millrace consume $TOPIC --offset $first --until-end"
  cli consume "$TOPIC" --offset "$first" --until-end >"$back"
  count="$(wc -l <"$back" | tr -d ' ')"
  sed -n '1,5p' "$back" | cut -c 1-100 | sed 's/^/  | /'
  [ "$count" -le 5 ] || echo "  | ... ($count lines)"
  compare "$file" "$back"
}

# A last line without a line feed comes back with one, since each record is printed as a line.
with_last_line_feed() {
  cat "$1"
  [ ! -s "$1" ] || [ -z "$(tail -c 1 "$1")" ] || echo
}

compare() {
  local sent came
  sent="$(with_last_line_feed "$1" | sha256)"
  came="$(sha256 <"$2")"
  if [ "$sent" = "$came" ]; then
    echo "came back identical: sha256 $came"
  else
    die "what came back differs: sha256 $came, sent $sent; it is in $2"
  fi
}

# --- Commands ----------------------------------------------------------------------------------------------------------

quickstart_start() {
  if [ ! -f "$file" ] || [ ! -r "$file" ]; then usage_error "there is no file '$file' to read"; fi
  find_java
  build_if_needed
  broker_command
  local id running
  running="$(running_count)"
  check_ports
  mkdir -p "$data_dir"
  # As Java sees it, and the same for every way to say it: stop finds the processes by it.
  data_dir="$(cd "$data_dir" && pwd -P)"
  if [ "$running" -eq 3 ]; then
    echo "already running, with data in $data_dir"
  else
    make_archive
    echo "starting brokers on 127.0.0.1, with data in $data_dir"
    for id in $BROKER_IDS; do
      running_pid "$id" >/dev/null || start_broker "$id"
    done
  fi
  wait_until_ready
  if [ -n "$(cli topic list | grep -x "$TOPIC" || true)" ]; then
    echo "topic '$TOPIC' exists, with the records of earlier runs"
  else
    # One partition, so that the file comes back in its order.
    cli topic create "$TOPIC" --partitions 1 --replication-factor 3 --if-not-exists
  fi
  pipe_file
  what_next
}

what_next() {
  local id option="" where=""
  [ "$base_port" = 9092 ] || option=" --bootstrap 127.0.0.1:$base_port"
  [ "$data_dir" = "$MILLRACE_HOME/data" ] || where=" --data-dir '$data_dir'"
  echo
  echo "HTTP, on each broker:"
  for id in $BROKER_IDS; do
    echo "  http://127.0.0.1:$(http_port "$id")/ready   /cluster/members   /api/v1/brokers   /api/v1/topics"
  done
  cat <<EOF

Try next:
  bin/millrace consume $TOPIC --from-beginning --format '%o %v\\n'$option      (Ctrl-C ends it)
  seq 200000 | bin/millrace produce $TOPIC$option
  bin/millrace topic describe $TOPIC$option; kill -9 \$(cat '$(pid_file 1)'); bin/millrace topic describe $TOPIC$option
  bin/millrace --help

Stop, keeping the data:  bin/millrace quickstart stop$where
EOF
}

quickstart_stop() {
  local id pid running=""
  # All at once: a broker that loses its peers one by one would spend its last seconds on elections.
  for id in $BROKER_IDS; do
    if pid="$(running_pid "$id")"; then
      running="$running $id:$pid"
      kill -TERM "$pid" 2>/dev/null || true
    else
      rm -f "$(pid_file "$id")"
    fi
  done
  [ -n "$running" ] || {
    echo "nothing is running"
    return 0
  }
  for id in $running; do await_end "${id%%:*}" "${id#*:}"; done
  echo "the data stays in $data_dir; 'millrace quickstart' finds it"
}

quickstart_status() {
  local id pid arguments=()
  if [ "$(running_count)" -eq 0 ]; then
    echo "nothing is running; 'millrace quickstart' starts"
    return 1
  fi
  find_java
  build_if_needed
  for id in $BROKER_IDS; do
    if pid="$(running_pid "$id")"; then
      echo "broker $id: process $pid, client port $(configured_port "$id" client), log $(log_file "$id")"
      arguments+=(--broker "$id,127.0.0.1:$(configured_port "$id" http),$pid")
    else
      echo "broker $id: not running"
    fi
  done
  cli wait-ready --once "${arguments[@]}" && [ "$(running_count)" -eq 3 ]
}

# From the file that the running broker was started with, which may have other ports than today's options.
configured_port() {
  sed -n "s/^  $2 {.*port = \([0-9]*\).*/\1/p" "$(config_file "$1")"
}

quickstart() {
  local action=start option
  base_port="${MILLRACE_QUICKSTART_BASE_PORT:-9092}"
  http_base_port="${MILLRACE_QUICKSTART_HTTP_BASE_PORT:-9192}"
  cluster_base_port="${MILLRACE_QUICKSTART_CLUSTER_BASE_PORT:-9292}"
  data_dir="${MILLRACE_QUICKSTART_DATA_DIR:-$MILLRACE_HOME/data}"
  file="$MILLRACE_HOME/README.md"
  ready_timeout=120s
  case "${1:-}" in
    start | stop | status)
      action="$1"
      shift
      ;;
  esac
  while [ $# -gt 0 ]; do
    option="$1"
    case "$option" in
      -h | --help)
        quickstart_usage
        return 0
        ;;
      --*=*)
        shift
        set -- "${option%%=*}" "${option#*=}" "$@"
        continue
        ;;
      --file | --data-dir | --base-port | --http-base-port | --cluster-base-port | --timeout)
        [ $# -ge 2 ] || usage_error "$option needs a value"
        ;;
      *) usage_error "'$option' is not known" ;;
    esac
    case "$option" in
      --file) file="$2" ;;
      --data-dir) data_dir="$2" ;;
      --base-port) base_port="$2" ;;
      --http-base-port) http_base_port="$2" ;;
      --cluster-base-port) cluster_base_port="$2" ;;
      --timeout) ready_timeout="$2" ;;
    esac
    shift 2
  done
  for option in "$base_port" "$http_base_port" "$cluster_base_port"; do
    case "$option" in
      '' | *[!0-9]* | ??????*) usage_error "'$option' is not a port" ;;
    esac
    if [ "$option" -lt 1 ] || [ "$option" -gt 65533 ]; then usage_error "'$option' is not a port from 1 to 65533"; fi
  done
  if [ -d "$data_dir" ]; then data_dir="$(cd "$data_dir" && pwd -P)"; fi
  "quickstart_$action"
}
