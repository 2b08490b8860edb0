#!/usr/bin/env bash
# Compiles libtunesmith.so when its sources or libtorch changed. TUNESMITH_LIBTORCH: a folder with include/ and lib/; else the system's libtorch.
# TUNESMITH_SANITIZE=yes: another one beside it, in artifacts/native-sanitized, that checks its memory and arithmetic while it runs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$(dirname "$here")/artifacts/native${TUNESMITH_SANITIZE:+-sanitized}
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
# libtorch speaks std::string in the layout it was compiled with; pip's wheels had the one of before C++11 until 2.5.
abi=1
core=$(ls "$library"/libc10.so* 2>/dev/null | tail -n 1 || true)
if [ -n "$core" ] && grep -aqz 'torchCheckFail.*RKSs$' "$core"; then abi=0; fi

mkdir -p "$out"
# Two set-ups at once (tests beside a build) must not write over each other.
exec 9>"$out/lock"
flock 9
facts=$("$compiler" -dumpfullversion; stat -Lc '%n %s %Y' "$binary")
stamp=$({ printf '%s\n' "$facts" "${flags[@]}" "$abi"; cat "$here"/*.cpp "$here"/*.h "$here"/kernels/* "$here/build.sh"; } | sha256sum | cut -d' ' -f1)
if [ -f "$target" ] && [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi

# Headers of 2.x want C++20, those of 1.13 were written for C++14 and do with C++17.
version=$(sed -n 's/^#define TORCH_VERSION_MAJOR \([0-9]*\).*/\1/p' "$include/torch/csrc/api/include/torch/version.h" "$include/torch/version.h" "$include/torch/headeronly/version.h" 2>/dev/null | head -n 1 || true)
standards=(c++17)
[ "${version:-2}" -ge 2 ] && standards=(c++20 c++17)
flags+=("-D_GLIBCXX_USE_CXX11_ABI=$abi")
common=(-O2 -fPIC -fvisibility=hidden -fopenmp -Wall -Wextra -Werror)
# The kernels know no libtorch: loops for the vectoriser, one file for each level of instructions. NaN and infinity keep their meaning; errno and traps have none here.
kernel=(-std=c++17 -O3 -fPIC -fvisibility=hidden -fopenmp-simd -fno-math-errno -fno-trapping-math -Wall -Wextra -Werror)
if [ -n "${TUNESMITH_SANITIZE:-}" ]; then
    # The sanitizers' own code makes the compiler see values that are never set.
    watched=(-g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined -Wno-error)
    common+=(-O1 "${watched[@]}")
    kernel+=(-O1 "${watched[@]}")
    flags+=(-fsanitize=address,undefined)
fi
# libtorch's own OpenMP library, so that there is one pool of threads.
openmp=$(ldd "$binary" 2>/dev/null | sed -n 's/.*=> \(.*\/lib\(gomp\|iomp5\|omp\)[^ ]*\) .*/\1/p' | head -n 1 || true)
started=$(date +%s)
say "compiling against libtorch in $library (about a minute, once)"
objects=$out/objects
mkdir -p "$objects"
rm -f "$objects"/*.log "$objects"/*.part

# An object is named after all that went into it: what did not change, or was compiled before an interruption, is not compiled again.
object_of() {
    local source=$1
    shift
    printf '%s/%s.%s.o' "$objects" "$(basename "$source")" "$({ printf '%s\n' "$facts" "$@"; cat "$here"/*.h "$here"/kernels/*.h "$source"; } | sha256sum | cut -c1-16)"
}
compile='"$@" -c "$source" -o "$object.part" >"$object.log" 2>&1 && mv "$object.part" "$object"'
build_kernels() {
    local extra
    kernels=()
    for source in "$here"/kernels/*.cpp; do
        extra=()
        case $(uname -m)/${source##*/} in
            x86_64/level_avx2.cpp) extra=(-mavx2 -mfma) ;;
            x86_64/level_avx512.cpp) extra=(-mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512) ;;
        esac
        object=$(object_of "$source" "${kernel[@]}" "${extra[@]}")
        kernels+=("$object")
        [ -f "$object" ] || source=$source object=$object sh -c "$compile" sh "$compiler" "${kernel[@]}" "${extra[@]}" || { cat "$object.log" >&2; return 1; }
    done
}
build_with() {
    made=()
    for source in "$here"/*.cpp; do made+=("$(object_of "$source" "-std=$1" "${common[@]}" "${flags[@]}")"); done
    for object in "${made[@]}"; do [ -f "$object" ] || printf '%s\n' "$object"; done |
        here=$here xargs -d '\n' -r -P 2 -I{} sh -c 'object=$0 file=${0##*/}; source=$here/${file%.*.o}; '"$compile" {} "$compiler" "-std=$1" "${common[@]}" "${flags[@]}"
}
build_kernels || die "compilation of the kernels failed; the compiler's words are above."
done_with=
for standard in "${standards[@]}"; do
    if build_with "$standard"; then done_with=$standard; break; fi
done
if [ -z "$done_with" ]; then
    # The first standard is the one that the headers want; what the others say follows from their being too old.
    for source in "$here"/*.cpp; do cat "$(object_of "$source" "-std=${standards[0]}" "${common[@]}" "${flags[@]}").log" 2>/dev/null || true; done | head -n 100 >&2
    die "compilation failed; the compiler's first words are above."
fi
"$compiler" -shared -o "$objects/libtunesmith.so" "${made[@]}" "${kernels[@]}" "${flags[@]}" -Wl,--no-as-needed -ltorch_cpu -lc10 "${openmp:--lgomp}" -Wl,-z,defs -ldl -lpthread
mv "$objects/libtunesmith.so" "$target.new"
mv "$target.new" "$target"
printf '%s\n' "$stamp" > "$out/stamp"
for object in "$objects"/*; do
    case " ${made[*]} ${kernels[*]} " in *" $object "*) ;; *) rm -f "$object" ;; esac
done
say "built $target with $done_with in $(($(date +%s) - started)) s"
