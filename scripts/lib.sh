# What the scripts share; sourced. Every Debian package that building, running or testing kdc needs is listed here.

build_packages=(libopenblas-dev zlib1g-dev libpng-dev libturbojpeg0-dev libwebp-dev libtiff-dev libsndfile1-dev pkg-config)
# What the recipes of bundles/ are measured on; nothing needs it otherwise.
data_packages=(dataset-fashion-mnist)
test_packages=(qemu-user libc6-arm64-cross python3 python3-numpy python3-pip)

# Installs those of the named Debian packages that are missing, with sudo where the user is not root.
ensure_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "missing packages: ${missing[*]}; run this as root, or install them with apt-get" >&2
      return 1
    }
    as_root=(sudo)
  fi
  echo "==> installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

ensure_swift() {
  command -v swift >/dev/null || {
    echo "swift is not on PATH: install Swift 6.2 or newer from https://www.swift.org/install/linux/" >&2
    exit 1
  }
}

# Where ONNX's own node tests lie, which are in its Python package; nothing where it cannot be had. The version is that of which
# Tests/kdcTests/ONNXNode lists the results.
onnx_node_tests() {
  local folder=.build/onnx-1.20.1
  if [ ! -d "$folder/onnx" ]; then
    mkdir -p "$folder"
    python3 -m pip download -q --no-deps --only-binary=:all: -d "$folder" onnx==1.20.1 >/dev/null 2>&1 || return 0
    python3 -m zipfile -e "$folder"/onnx-*.whl "$folder" || return 0
  fi
  echo "$PWD/$folder/onnx/backend/test/data/node"
}
