#!/bin/sh
# Builds and runs the tests, one room after the other, and adds up: the last line is `N passed, N failed`.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
rooms='' slow=no filter=''
while [ $# -gt 0 ]; do
    case $1 in
        --slow) slow=yes ;;
        --filter) filter=${2:?--filter needs a value}; shift ;;
        -*) echo "test: got '$1'; expected a room, --slow or --filter X." >&2; exit 2 ;;
        *)
            room=$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]')
            found=''
            for project in tests/Tunesmith.*.Tests; do
                name=${project#tests/Tunesmith.}; name=${name%.Tests}
                [ "$(printf '%s' "$name" | tr '[:upper:]' '[:lower:]')" = "$room" ] && found=$name
            done
            [ -n "$found" ] || { echo "test: got the room '$1'; expected one of$(for p in tests/Tunesmith.*.Tests; do n=${p#tests/Tunesmith.}; printf ' %s' "${n%.Tests}"; done)." >&2; exit 2; }
            rooms="$rooms $found" ;;
    esac
    shift
done

scripts/setup.sh || { echo "0 passed, 1 failed"; exit 1; }
. scripts/dotnet.sh
[ "$slow" = yes ] && export TUNESMITH_SLOW=1
lane='Category!=Slow'
[ "$slow" = yes ] && lane=''
[ -n "$filter" ] && lane="${lane:+($lane)&}($filter)"

start=$(date +%s)
if [ -z "$rooms" ]; then
    "$tunesmith_dotnet" build Tunesmith.slnx -c Release -v q --nologo "-clp:ErrorsOnly;NoSummary" || { echo "0 passed, 1 failed"; exit 1; }
    for project in tests/Tunesmith.*.Tests; do room=${project#tests/Tunesmith.}; rooms="$rooms ${room%.Tests}"; done
else
    for room in $rooms; do
        "$tunesmith_dotnet" build "tests/Tunesmith.$room.Tests" -c Release -v q --nologo "-clp:ErrorsOnly;NoSummary" || { echo "0 passed, 1 failed"; exit 1; }
    done
fi
echo "built in $(($(date +%s) - start)) s"

. scripts/environment.sh
passed=0 failed=0 skipped=0 lanes=''
mkdir -p artifacts/test
number() { sed -n "s/.*$2: *\([0-9][0-9]*\).*/\1/p" "$1" | tail -n 1; }
# Torch's tests run once more on the paths of a CPU without AVX2: libtorch's and our kernels'.
for lane_of in $rooms; do
    if [ "$lane_of" = Torch ]; then lanes="$lanes Torch Torch/default"; else lanes="$lanes $lane_of"; fi
done
for named in $lanes; do
    room=${named%/*} log=artifacts/test/$(printf '%s' "$named" | tr / -).log start=$(date +%s)
    set -- env
    [ "$named" = "$room" ] || set -- env "ATEN_CPU_CAPABILITY=${named#*/}"
    "$@" "$tunesmith_dotnet" test "artifacts/bin/Tunesmith.$room.Tests/release/Tunesmith.$room.Tests.dll" --nologo ${lane:+--filter "$lane"} >"$log" 2>&1 </dev/null
    code=$?
    p=$(number "$log" Passed) f=$(number "$log" Failed) s=$(number "$log" Skipped)
    : "${p:=0}" "${f:=0}" "${s:=0}"
    if [ $code -ne 0 ]; then
        # A test process that died has counted nothing: it is one failure at least.
        [ "$f" -gt 0 ] || f=1
        cat "$log"
    fi
    printf '%-13s %5d passed, %d failed, %d skipped (%d s)\n' "$named" "$p" "$f" "$s" "$(($(date +%s) - start))"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
