# shellcheck shell=sh
# Sourced by ./tunesmith and ./dev before .NET starts: what libtorch, OpenBLAS and malloc read once, when they are loaded.
# Whatever is set already is kept. `./tunesmith env` shows what is in force; docs/log.md has the measurements.

tunesmith_default() {
    eval "[ -n \"\${$1+set}\" ]" || export "$1=$2"
}

tunesmith_flags='' tunesmith_vendor='' tunesmith_siblings=1 tunesmith_cores=1
if [ -r /proc/cpuinfo ]; then
    # The first processor's block is enough, and reading it here saves starting grep.
    while IFS=: read -r tunesmith_key tunesmith_value; do
        case $tunesmith_key in
            flags*) tunesmith_flags=" $tunesmith_value " ;;
            vendor_id*) tunesmith_vendor=$tunesmith_value ;;
            siblings*) tunesmith_siblings=$((tunesmith_value)) ;;
            'cpu cores'*) tunesmith_cores=$((tunesmith_value)) ;;
            '') break ;;
        esac
    done < /proc/cpuinfo
fi

tunesmith_has() {
    for tunesmith_flag in "$@"; do
        case $tunesmith_flags in *" $tunesmith_flag "*) ;; *) return 1 ;; esac
    done
}

# A container's share of the machine: no more threads than it has processors' time for.
tunesmith_limit() {
    [ "$1" -gt 0 ] 2>/dev/null && [ "$2" -gt 0 ] 2>/dev/null || return 0
    tunesmith_share=$((($1 + $2 - 1) / $2))
    [ "$tunesmith_share" -ge "$tunesmith_threads" ] || tunesmith_threads=$tunesmith_share
}

# One thread a core: a second one on the same core only takes its caches away.
if [ -z "${OMP_NUM_THREADS+set}" ]; then
    tunesmith_threads=$(nproc 2>/dev/null || echo 1)
    [ "$tunesmith_cores" -gt 0 ] && [ "$tunesmith_siblings" -gt "$tunesmith_cores" ] && tunesmith_threads=$((tunesmith_threads * tunesmith_cores / tunesmith_siblings))
    if [ -r /sys/fs/cgroup/cpu.max ] && read -r tunesmith_quota tunesmith_period < /sys/fs/cgroup/cpu.max; then
        tunesmith_limit "$tunesmith_quota" "$tunesmith_period"
    elif [ -r /sys/fs/cgroup/cpu/cpu.cfs_quota_us ] && read -r tunesmith_quota < /sys/fs/cgroup/cpu/cpu.cfs_quota_us && read -r tunesmith_period < /sys/fs/cgroup/cpu/cpu.cfs_period_us; then
        tunesmith_limit "$tunesmith_quota" "$tunesmith_period"
    fi
    [ "$tunesmith_threads" -ge 1 ] || tunesmith_threads=1
    export OMP_NUM_THREADS="$tunesmith_threads"
fi

# A thread that waits for the others spins for some milliseconds first: best where nothing else runs. Where something else holds the cores it spins away the time that
# the others need, and a run beside another one takes five times as long instead of twice (docs/log.md, 2026-11-29). Busy: now, and on the average of the last minute.
if [ -z "${GOMP_SPINCOUNT+set}" ] && [ -r /proc/loadavg ] && read -r tunesmith_load tunesmith_rest < /proc/loadavg; then
    tunesmith_rest=${tunesmith_rest%%/*} tunesmith_threads=${OMP_NUM_THREADS%%,*}
    if [ "$tunesmith_threads" -gt 0 ] 2>/dev/null && [ "${tunesmith_rest##* }" -ge 2 ] 2>/dev/null \
        && [ "${tunesmith_load%%.*}${tunesmith_load#*.}" -ge $((50 * tunesmith_threads)) ] 2>/dev/null; then
        export GOMP_SPINCOUNT=1000
    fi
fi

# libtorch never picks its AVX-512 kernels by itself.
if tunesmith_has avx512f avx512bw avx512dq avx512vl fma; then
    tunesmith_default ATEN_CPU_CAPABILITY avx512
    # A processor that is younger than OpenBLAS gets AVX2 kernels (AMD) or those of 2004 (Intel: 4 times slower).
    tunesmith_default OPENBLAS_CORETYPE SkylakeX
elif tunesmith_has avx2 fma; then
    tunesmith_default ATEN_CPU_CAPABILITY avx2
    # OpenBLAS knows AMD's processors without AVX-512, and has kernels of their own for them.
    case $tunesmith_vendor in *AMD* | *Hygon*) ;; *) tunesmith_default OPENBLAS_CORETYPE Haswell ;; esac
fi

# Large tensors are reused instead of being handed back to the kernel and faulted in again.
tunesmith_default MALLOC_MMAP_MAX_ 0
tunesmith_default MALLOC_TRIM_THRESHOLD_ 100000000000
tunesmith_default MALLOC_TOP_PAD_ 67108864

# The OpenBLAS that shares libtorch's thread pool, before the one that Debian's alternatives prefer; another libtorch before both.
tunesmith_first() {
    case ":${LD_LIBRARY_PATH:-}:" in
        *":$1:"*) ;;
        *) export LD_LIBRARY_PATH="$1${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ;;
    esac
}
for tunesmith_folder in /usr/lib/*-linux-gnu/openblas-openmp; do
    [ -d "$tunesmith_folder" ] && tunesmith_first "$tunesmith_folder"
done
[ -n "${TUNESMITH_LIBTORCH:-}" ] && tunesmith_first "$TUNESMITH_LIBTORCH/lib"

unset tunesmith_flags tunesmith_vendor tunesmith_siblings tunesmith_cores tunesmith_key tunesmith_value tunesmith_flag tunesmith_folder
unset tunesmith_threads tunesmith_quota tunesmith_period tunesmith_share tunesmith_load tunesmith_rest
:
