# Shared by the set-up scripts: messages, system packages, the virtual environment. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${CHARGEFLOW_VENV:-$root/.venv}
started=$(date +%s)

say() {
  local elapsed=$(($(date +%s) - started))
  printf '[%d:%02d] %s\n' $((elapsed / 60)) $((elapsed % 60)) "$*"
}

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Says what an installer is at: on a terminal one line that is written anew, otherwise every twentieth package.
show_progress() { # pattern of the lines that count
  local line count=0
  while IFS= read -r line; do
    [[ $line =~ $1 ]] || continue
    count=$((count + 1))
    if [[ -t 1 ]]; then
      printf '\r\033[K        %d: %.60s' "$count" "$line"
    elif ((count % 20 == 0)); then
      say "  $count so far: ${line:0:60}"
    fi
  done
  if [[ -t 1 ]]; then printf '\r\033[K'; fi
}

# Programs that conda provides count as much as Debian's: only what is missing is installed.
need_packages() { # program=package ...
  local pair missing=() sudo=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair##*=}")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "missing: ${missing[*]}.
This is no Debian or Ubuntu. Without root, in a conda environment:
  conda install -c conda-forge cp2k "libblas=*=*openblas" graphviz python=3.11
and run this script again from that environment."
  if [[ $(id -u) != 0 ]]; then
    sudo -n true 2>/dev/null || [[ -t 0 ]] || die "missing: ${missing[*]}. Run: sudo apt-get install ${missing[*]}
or, without root: conda install -c conda-forge cp2k \"libblas=*=*openblas\" graphviz python=3.11"
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" |
    show_progress '^(Get:|Unpacking|Setting up)' ||
    die "apt-get could not install ${missing[*]}; its message is above"
}

need_venv() { # extras
  local stamp=$venv/.installed-$1 python=python3
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "python3 is older than 3.10"
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then need_packages "no-such-program=python3-venv"; fi
  [[ -x $venv/bin/python ]] || {
    say "making the virtual environment $venv"
    "$python" -m venv "$venv"
  }
  if ! cmp -s "$root/pyproject.toml" "$stamp"; then
    say "installing aiida-chargeflow and its dependencies (some minutes the first time)"
    "$venv/bin/pip" install --progress-bar off --disable-pip-version-check -e "$root[$1]" |
      show_progress '^(Collecting|Requirement already|  Downloading|Building|Installing)' || die "pip failed; its message is above"
    cp "$root/pyproject.toml" "$stamp"
  fi
  PATH=$venv/bin:$PATH
}

need_programs() {
  need_packages cp2k.psmp=cp2k dot=graphviz
  need_fast_blas
}

# Without recommended packages Debian's CP2K runs on the reference BLAS: a step of 386 atoms takes 2.2 times as long.
# The serial OpenBLAS has one thread a rank whatever the environment says.
need_fast_blas() {
  [[ $(blas_of cp2k.psmp) == */blas/libblas.so* ]] || return 0
  need_packages no-such-program=libopenblas0-serial
}

blas_of() { # program
  local program library
  program=$(command -v "$1") || return 0
  library=$(ldd "$program" 2>/dev/null | sed -n 's|.*libblas[^ ]* => \(/[^ ]*\) .*|\1|p' | head -n 1)
  [[ -z $library ]] || readlink -f "$library"
}
