#!/bin/sh
# Set-up: finds out what is missing, installs it where it may, builds the native library and the program, and says how long each took.
# usage: scripts/setup.sh [--program]    without --program it stops before the program, which tests build in their own way
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
say() { printf 'set-up: %s\n' "$*" >&2; }
now() { date +%s; }
begun=$(now) what=${1:-}
if ! mkdir -p artifacts 2>/dev/null || [ ! -w artifacts ]; then
    say "$root/artifacts: got a folder that cannot be written; expected one for what is built. Take a checkout that belongs to you, for instance: git clone $root ~/tunesmith"
    exit 1
fi

# Two commands started at once must not build into the same folder.
if command -v flock >/dev/null 2>&1; then
    exec 9>artifacts/setup.lock
    # No child may inherit it (9>&- below): the compiler server outlives this script and would keep the lock.
    if ! flock -n 9; then
        say "another set-up is at work; waiting for it"
        flock 9
        # What it built is what we wanted.
        . "$root/scripts/fresh.sh"
        if [ "$what" = --program ] && tunesmith_fresh; then exit 0; fi
    fi
fi
: > artifacts/begun

. "$root/scripts/dotnet.sh"

# 1. Packages
missing='' why=''
need() { missing="$missing $1"; why="$why, $2"; }
compiler=${CXX:-g++}
if ! command -v "$compiler" >/dev/null 2>&1; then need g++ "a C++ compiler"; fi
if [ -z "${TUNESMITH_LIBTORCH:-}" ]; then
    [ -f /usr/include/torch/csrc/api/include/torch/version.h ] || [ -f /usr/include/torch/version.h ] || need libtorch-dev "libtorch"
fi
# A given libtorch may bring its own BLAS.
if [ -z "${TUNESMITH_LIBTORCH:-}" ] || grep -qs 'libblas\.so' "$TUNESMITH_LIBTORCH"/lib/libtorch_cpu.so*; then
    set -- /usr/lib/*-linux-gnu/openblas-openmp/libblas.so.3
    [ -e "$1" ] || need libopenblas0-openmp "a fast BLAS (without it matrix products are 30 times slower)"
fi
# NuGet is reached over https; a Debian that was made as small as it can be knows no certificates. What was fetched before needs none.
if command -v apt-get >/dev/null 2>&1 && [ -z "${SSL_CERT_FILE:-}${SSL_CERT_DIR:-}" ] && [ ! -s /etc/ssl/certs/ca-certificates.crt ] \
    && [ ! -d "${NUGET_PACKAGES:-${HOME:-/root}/.nuget/packages}/yamldotnet" ]; then
    need ca-certificates "certificates (NuGet is reached over https)"
fi
# The mark of an installation that did not come to its end: packages may be half there.
if [ -z "$missing" ] && [ -f artifacts/installing ]; then
    missing=$(cat artifacts/installing) why=", the rest of an installation that was interrupted"
fi
if [ -n "$missing" ]; then
    say "missing:${why#,}"
    line="apt-get update && apt-get install -y --no-install-recommends$missing"
    if ! command -v apt-get >/dev/null 2>&1; then
        say "this is no Debian machine. Install what Debian calls$missing, or set TUNESMITH_LIBTORCH to a libtorch folder, and run the same command again."
        exit 1
    elif [ "$(id -u)" = 0 ]; then as_root='env'
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root='sudo -n env'
    else
        say "run this line, then the same command again:"
        if command -v sudo >/dev/null 2>&1; then printf '  sudo sh -c "%s"\n' "$line" >&2; else printf '  su - -c "%s"\n' "$line" >&2; fi
        exit 1
    fi
    start=$(now)
    say "installing$missing (a few minutes, once)"
    printf '%s\n' "$missing" > artifacts/installing
    apt() { $as_root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q "$@"; }
    install() { apt update && apt install -y --no-install-recommends $missing; }
    # After an interruption dpkg wants to be called before apt-get does anything.
    mend() { $as_root DEBIAN_FRONTEND=noninteractive dpkg --configure -a && apt install -y -f --no-install-recommends && install; }
    if ! { install || mend; } >artifacts/apt.log 2>&1 </dev/null 9>&-; then
        rm -f artifacts/installing
        tail -n 15 artifacts/apt.log >&2
        say "the packages could not be installed; the last lines are above, all of them in artifacts/apt.log. By hand: $line"
        exit 1
    fi
    rm -f artifacts/installing
    say "packages installed ($(($(now) - start)) s)"
fi

# 2. The native library; it says by itself when it compiles.
bash native/build.sh 9>&-

[ "$what" = --program ] || exit 0

# 3. The program
case $(uname -m) in x86_64) rid=linux-x64 ;; aarch64) rid=linux-arm64 ;; *) rid='' ;; esac
start=$(now)
say "building the program"
publish() {
    rm -rf artifacts/app.new
    "$tunesmith_dotnet" publish src/Tunesmith.Cli -c Release -v q --nologo -o artifacts/app.new "$@" >artifacts/publish.log 2>&1 </dev/null 9>&-
}
# Compiled ahead of time it starts three times as fast; where the compiler for that cannot be had, it is only slower to start.
if ! { [ -n "$rid" ] && publish -r "$rid" --self-contained false -p:PublishReadyToRun=true; }; then
    if grep -q 'error CS' artifacts/publish.log || ! publish; then
        if grep -q 'error NU1301' artifacts/publish.log; then
            grep -o 'NU1301:.*' artifacts/publish.log | sed 's/^NU1301: */  /; s/ \[[^]]*\]$//' | awk '!seen[$0]++' | head -n 5 >&2
            say "NuGet could not be reached; it holds a few libraries that the program uses. Check the network, the proxy (https_proxy) and the certificates (SSL_CERT_FILE), or copy ~/.nuget/packages from a machine that has built Tunesmith; then run the same command again."
            exit 1
        fi
        { grep -E 'error|warn' artifacts/publish.log || tail -n 20 artifacts/publish.log; } | awk '!seen[$0]++' | head -n 20 >&2
        say "the program does not build; the messages are above, all of them in artifacts/publish.log."
        exit 1
    fi
    say "built without ahead-of-time compilation: it starts a little slower"
fi
rm -rf artifacts/app.old
[ ! -d artifacts/app ] || mv artifacts/app artifacts/app.old
mv artifacts/app.new artifacts/app
rm -rf artifacts/app.old
say "program built ($(($(now) - start)) s)"

# The stamp is older than nothing that went into the build: what changes after this moment is newer.
printf '%s\n%s\n' "$DOTNET_ROOT" "${TUNESMITH_LIBTORCH:-}" > artifacts/ready.new
touch -r artifacts/begun artifacts/ready.new
mv artifacts/ready.new artifacts/ready
say "ready after $(($(now) - begun)) s"
