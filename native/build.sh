#!/usr/bin/env bash
# Compiles libtunesmith.so when its sources or libtorch changed. TUNESMITH_LIBTORCH: a folder with include/ and lib/; else the system's libtorch.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$(dirname "$here")/artifacts/native
target=$out/libtunesmith.so
compiler=${CXX:-g++}
say() { printf 'native: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

command -v "$compiler" >/dev/null || die "got no C++ compiler ($compiler); expected g++ 10 or newer. Install it: apt-get install g++"
if [ -n "${TUNESMITH_LIBTORCH:-}" ]; then
    root=$TUNESMITH_LIBTORCH
    [ -d "$root/include" ] && [ -d "$root/lib" ] || die "TUNESMITH_LIBTORCH: got $root; expected a folder with include/ and lib/ of libtorch."
    root=$(cd "$root" && pwd)
    include=$root/include
    library=$root/lib
    flags=(-isystem "$include" -isystem "$include/torch/csrc/api/include" -L"$library" "-Wl,-rpath,$library")
else
    include=/usr/include
    library=/usr/lib/$("$compiler" -dumpmachine)
    flags=(-isystem "$include/torch/csrc/api/include")
fi
[ -f "$include/torch/csrc/autograd/function.h" ] && [ -f "$include/ATen/ATen.h" ] \
    || die "got no libtorch headers under $include; expected ATen/ and torch/csrc/. Install them: apt-get install libtorch-dev, or set TUNESMITH_LIBTORCH."
binary=$(ls "$library"/libtorch_cpu.so* 2>/dev/null | tail -n 1 || true)
[ -n "$binary" ] || die "got no libtorch_cpu.so under $library; expected libtorch's library folder. Install it: apt-get install libtorch-dev"

mkdir -p "$out"
# Two set-ups at once (tests beside a build) must not write over each other.
exec 9>"$out/lock"
flock 9
stamp=$({ "$compiler" -dumpfullversion; printf '%s\n' "${flags[@]}"; stat -Lc '%n %s %Y' "$binary"; cat "$here"/*.cpp "$here"/*.h "$here"/kernels/* "$here/build.sh"; } | sha256sum | cut -d' ' -f1)
if [ -f "$target" ] && [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi

# Headers of 2.x want C++20, those of 1.13 were written for C++14 and do with C++17.
version=$(sed -n 's/^#define TORCH_VERSION_MAJOR \([0-9]*\).*/\1/p' "$include/torch/csrc/api/include/torch/version.h" "$include/torch/version.h" "$include/torch/headeronly/version.h" 2>/dev/null | head -n 1 || true)
standards=(c++17)
[ "${version:-2}" -ge 2 ] && standards=(c++20 c++17)
flags+=(-D_GLIBCXX_USE_CXX11_ABI=1)
common=(-O2 -fPIC -fvisibility=hidden -fopenmp -Wall -Wextra -Werror)
# The kernels know no libtorch: loops for the vectoriser, one file for each level of instructions. NaN and infinity keep their meaning; errno and traps have none here.
kernel=(-std=c++17 -O3 -fPIC -fvisibility=hidden -fopenmp-simd -fno-math-errno -fno-trapping-math -Wall -Wextra -Werror)
# libtorch's own OpenMP library, so that there is one pool of threads.
openmp=$(ldd "$binary" 2>/dev/null | sed -n 's/.*=> \(.*\/lib\(gomp\|iomp5\|omp\)[^ ]*\) .*/\1/p' | head -n 1)
started=$(date +%s)
say "compiling against libtorch in $library (about a minute, once)"
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

build_kernels() {
    local file extra
    for file in "$here"/kernels/*.cpp; do
        extra=()
        case $(uname -m)/${file##*/} in
            x86_64/level_avx2.cpp) extra=(-mavx2 -mfma) ;;
            x86_64/level_avx512.cpp) extra=(-mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512) ;;
        esac
        "$compiler" "${kernel[@]}" "${extra[@]}" -c "$file" -o "$objects/$(basename "$file").o" || return 1
    done
}
build_with() {
    printf '%s\n' "$here"/*.cpp | xargs -P 2 -I{} sh -c '"$@" -c "$0" -o "'"$objects"'/$(basename "$0").o"' {} "$compiler" "-std=$1" "${common[@]}" "${flags[@]}" >"$objects/log" 2>&1
}
build_kernels >"$objects/log" 2>&1 || { cat "$objects/log" >&2; die "compilation of the kernels failed; the compiler's words are above."; }
done_with=
for standard in "${standards[@]}"; do
    if build_with "$standard"; then done_with=$standard; break; fi
done
[ -n "$done_with" ] || { cat "$objects/log" >&2; die "compilation failed; the compiler's words are above."; }
"$compiler" -shared -o "$objects/libtunesmith.so" "$objects"/*.o "${flags[@]}" -Wl,--no-as-needed -ltorch_cpu -lc10 "${openmp:--lgomp}" -Wl,-z,defs -ldl -lpthread
mv "$objects/libtunesmith.so" "$target.new"
mv "$target.new" "$target"
printf '%s\n' "$stamp" > "$out/stamp"
say "built $target with $done_with in $(($(date +%s) - started)) s"
