# Reads "verb what" lines until the test process is gone, then ends and removes what is left. $1 is scripts/kafka.
declare -A started clusters dirs

# When process $1 started, in clock ticks: tells it from a later one with the same number.
start_of() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return
  set -- ${stat##*) }
  echo "${20}"
}

trap '' INT TERM HUP
while read -r verb what; do
  case $verb in
    kill) started[$what]=$(start_of "$what") ;;
    ended) unset "started[$what]" ;;
    brokers) clusters[$what]=1 ;;
    stopped) unset "clusters[$what]" ;;
    remove) dirs[$what]=1 ;;
    removed) unset "dirs[$what]" ;;
  esac
done
for pid in "${!started[@]}"; do
  if [ -n "${started[$pid]}" ] && [ "$(start_of "$pid")" = "${started[$pid]}" ]; then kill -KILL "$pid"; fi
done
for dir in "${!clusters[@]}"; do "$1" down --dir "$dir"; done
for dir in "${!dirs[@]}"; do rm -rf "$dir"; done
