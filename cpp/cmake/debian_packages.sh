#!/usr/bin/env bash
# debian_packages.sh NAME...: makes sure that these Debian packages are there; installs them when root, else names
# them in one sentence. Does nothing where the tools they bring already work, or where there is no apt.
set -eu
works() {
    case $1 in
        g++) command -v c++ >/dev/null || command -v g++ >/dev/null ;;
        python3-venv) "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null ;;
        catch2) [ -e /usr/include/catch2/catch.hpp ] || [ -e /usr/include/catch2/catch_all.hpp ] ||
            [ -e /usr/local/include/catch2/catch_all.hpp ] ;;
        g++-aarch64-linux-gnu) command -v aarch64-linux-gnu-g++ >/dev/null ;;
        qemu-user) command -v qemu-aarch64 >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}
missing=()
for name in "$@"; do works "$name" || missing+=("$name"); done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
else
    echo "These packages are missing; install them and run make again: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
