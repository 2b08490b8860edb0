# shellcheck shell=sh
# Sourced: finds a .NET SDK that is new enough, or says the one line that brings it. Sets tunesmith_dotnet.

TUNESMITH_SDK=10
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"
# The SDK wants a home to write to; a service's user may have none.
[ -n "${HOME:-}" ] && [ -w "${HOME:-/}" ] || export DOTNET_CLI_HOME="${DOTNET_CLI_HOME:-$root/artifacts/home}"

tunesmith_dotnet='' tunesmith_old=''
for tunesmith_candidate in "${DOTNET_ROOT:-/nonexistent}/dotnet" "$(command -v dotnet 2>/dev/null || :)" "${HOME:-}/.dotnet/dotnet" /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet; do
    [ -n "$tunesmith_candidate" ] && [ -x "$tunesmith_candidate" ] || continue
    # Asked outside the checkout: global.json would turn a wrong version into an error.
    for tunesmith_version in $(cd / && "$tunesmith_candidate" --list-sdks 2>/dev/null | cut -d' ' -f1); do
        if [ "${tunesmith_version%%.*}" -ge "$TUNESMITH_SDK" ] 2>/dev/null; then tunesmith_dotnet=$tunesmith_candidate; else tunesmith_old=$tunesmith_version; fi
    done
    [ -z "$tunesmith_dotnet" ] || break
done
if [ -z "$tunesmith_dotnet" ]; then
    {
        if [ -n "$tunesmith_old" ]; then echo "set-up: the .NET SDK found is $tunesmith_old; $TUNESMITH_SDK.0 or newer is needed."; else echo "set-up: there is no .NET SDK; $TUNESMITH_SDK.0 is needed."; fi
        echo "Install it with this line, then run the same command again:"
        if command -v curl >/dev/null 2>&1; then tunesmith_get='curl -fsSL'
        elif command -v wget >/dev/null 2>&1; then tunesmith_get='wget -qO-'
        elif [ "$(id -u)" = 0 ]; then tunesmith_get='apt-get update && apt-get install -y curl ca-certificates && curl -fsSL'
        else tunesmith_get='sudo sh -c "apt-get update && apt-get install -y curl ca-certificates" && curl -fsSL'
        fi
        echo "  $tunesmith_get https://dot.net/v1/dotnet-install.sh | bash -s -- --channel $TUNESMITH_SDK.0"
    } >&2
    exit 1
fi
DOTNET_ROOT=$(dirname "$(readlink -f "$tunesmith_dotnet")")
export DOTNET_ROOT
