# shellcheck shell=sh
# Sourced, with root set: tells whether the program that is built belongs to these sources, this SDK and this libtorch.

tunesmith_fresh() {
    [ -f "$root/artifacts/ready" ] && [ -x "$root/artifacts/app/tunesmith" ] && [ -f "$root/artifacts/native/libtunesmith.so" ] || return 1
    { read -r dotnet_root; read -r libtorch; } < "$root/artifacts/ready"
    [ "$libtorch" = "${TUNESMITH_LIBTORCH:-}" ] && [ -d "$dotnet_root" ] || return 1
    [ -z "$(find "$root/src" "$root/native" "$root/scripts" "$root/Directory.Build.props" "$root/Directory.Packages.props" -newer "$root/artifacts/ready" -print -quit)" ]
}

# A given libtorch is meant from where the user stands; everything below looks at it from the checkout.
tunesmith_libtorch() {
    case ${TUNESMITH_LIBTORCH:-} in
        '' | /*) ;;
        *)
            if ! tunesmith_folder=$(cd "$TUNESMITH_LIBTORCH" 2>/dev/null && pwd); then
                echo "error: TUNESMITH_LIBTORCH: got '$TUNESMITH_LIBTORCH'; expected a folder with include/ and lib/ of libtorch." >&2
                exit 2
            fi
            export TUNESMITH_LIBTORCH="$tunesmith_folder" ;;
    esac
}
