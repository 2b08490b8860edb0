#!/bin/sh
# Builds and runs the tests, one room after the other, and adds up: the last line is `N passed, N failed`.
# Torch runs once more as on a CPU with less; --slow adds Models on every lesser CPU and Torch with the native library under the sanitizers.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
rooms='' slow=no sanitize=no filter=''
while [ $# -gt 0 ]; do
    case $1 in
        --slow) slow=yes ;;
        --sanitize) sanitize=yes ;;
        --filter) filter=${2:?--filter needs a value}; shift ;;
        -*) echo "test: got '$1'; expected a room, --slow, --sanitize or --filter X." >&2; exit 2 ;;
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

[ "$sanitize" = no ] || rooms=${rooms:-Torch}
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
passed=0 failed=0 skipped=0
mkdir -p artifacts/test
number() { sed -n "s/.*$2: *\([0-9][0-9]*\).*/\1/p" "$1" | tail -n 1; }
# run ROOM LABEL [NAME=VALUE ...]: one room's tests, with these settings beside those of the environment.
run() {
    room=$1 label=$2 log=artifacts/test/$2.log start=$(date +%s)
    shift 2
    env "$@" "$tunesmith_dotnet" test "artifacts/bin/Tunesmith.$room.Tests/release/Tunesmith.$room.Tests.dll" --nologo ${lane:+--filter "$lane"} >"$log" 2>&1 </dev/null
    code=$?
    p=$(number "$log" Passed) f=$(number "$log" Failed) s=$(number "$log" Skipped)
    : "${p:=0}" "${f:=0}" "${s:=0}"
    if [ $code -ne 0 ]; then
        # A test process that died has counted nothing: it is one failure at least.
        [ "$f" -gt 0 ] || f=1
        cat "$log"
    fi
    printf '%-16s %5d passed, %d failed, %d skipped (%d s)\n' "$label" "$p" "$f" "$s" "$(($(date +%s) - start))"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}
# What a machine with less would take by itself; a machine that has no more than that runs it already.
on_lesser_cpus() {
    run "$1" "$1-plain" ATEN_CPU_CAPABILITY=default OPENBLAS_CORETYPE=Nehalem ONEDNN_MAX_CPU_ISA=SSE41 TUNESMITH_BF16=off
    [ "${ATEN_CPU_CAPABILITY:-}" != avx512 ] || run "$1" "$1-avx2" ATEN_CPU_CAPABILITY=avx2 OPENBLAS_CORETYPE=Haswell ONEDNN_MAX_CPU_ISA=AVX2 TUNESMITH_BF16=off
}
# The library finds what it does wrong in memory by itself; .NET keeps the signals that it lives from, and its memory is no leak.
sanitized() {
    TUNESMITH_SANITIZE=yes bash native/build.sh || { failed=$((failed + 1)); return; }
    compiler=${CXX:-g++}
    rm -f artifacts/test/sanitizer.*
    run "$1" "$1-sanitized" TUNESMITH_NATIVE="$root/artifacts/native-sanitized" LD_PRELOAD="$("$compiler" -print-file-name=libasan.so) $("$compiler" -print-file-name=libubsan.so)" \
        ASAN_OPTIONS="detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:use_sigaltstack=0:detect_container_overflow=0:detect_odr_violation=0:allocator_may_return_null=1:log_path=$root/artifacts/test/sanitizer" \
        UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:log_path=$root/artifacts/test/sanitizer"
    for report in artifacts/test/sanitizer.*; do
        [ -s "$report" ] || continue
        cat "$report"
        failed=$((failed + 1))
    done
}
for room in $rooms; do
    if [ "$sanitize" = yes ]; then sanitized "$room"; continue; fi
    run "$room" "$room"
    case $room$slow in Torch* | Modelsyes) on_lesser_cpus "$room" ;; esac
    case $room$slow in Torchyes) sanitized "$room" ;; esac
done
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
