# shellcheck shell=bash
# Sourced by the other scripts: what they need of the machine. Debian and Ubuntu packages are installed where this may
# be done, as root; everywhere else the command that installs them is told.

missing=()

tell() { echo "${0##*/}: $*" >&2; }

# want PACKAGE COMMAND...: the package, unless all these commands are there
want() {
  local package=$1 command
  shift
  for command; do
    command -v "$command" >/dev/null || missing+=("$package")
  done
}

# want_library PACKAGE NAME: the package, unless pkg-config finds the library
want_library() { pkg-config --exists "$2" 2>/dev/null || missing+=("$1"); }

# What scripts/build needs besides Rust: librdkafka is compiled from source, against the system's OpenSSL and zlib.
want_compilers() {
  want build-essential cc c++ make
  want pkg-config pkg-config
  want perl perl
  want_library libssl-dev openssl
  want_library zlib1g-dev zlib
}

# What scripts/kafka needs.
want_kafka() {
  want default-jre-headless java
  want maven mvn
}

# What the recorded REST scenarios need.
want_python() { want python3 python3; }

# Installs what is missing, or ends the script with the words what to install.
provide() {
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  local packages
  packages=$(printf '%s\n' "${missing[@]}" | sort -u | paste -sd' ')
  if ! command -v apt-get >/dev/null; then
    tell "missing on this machine, by Debian's names: $packages; install what your system calls so"
    exit 1
  elif [ "$(id -u)" != 0 ]; then
    tell "something is missing on this machine; install it with: sudo apt-get install -y $packages"
    exit 1
  fi
  tell "installing $packages"
  # shellcheck disable=SC2086 # a list
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } >&2 </dev/null; then
    tell "they could not be installed: see above; needed are $packages"
    exit 1
  fi
  missing=()
}

# Rust's tools, also where a shell that was open before their installation does not know them yet.
need_cargo() {
  PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
  if command -v cargo >/dev/null; then return; fi
  tell "Rust is missing; install it with: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
  exit 1
}
