"""The shell that moves files on a pod: constant POSIX sh, variables set in front of it by `tools.ssh.channel`."""

_DIGEST = r"""
if command -v sha256sum >/dev/null 2>&1; then digest='sha256sum'
elif command -v shasum >/dev/null 2>&1; then digest='shasum -a 256'
elif command -v openssl >/dev/null 2>&1; then digest='openssl dgst -sha256 -r'
else echo 'no sha256sum, shasum or openssl' >&2; exit 11; fi
"""

# target expected; stdin: a .tar.gz
UNPACK = (
    _DIGEST
    + r"""
case $target in '~') target=$HOME ;; '~/'*) target=$HOME/${target#'~/'} ;; esac
mkdir -p "$target" || exit 4
scratch=$(mktemp -d) || exit 4
trap 'rm -rf "$scratch"' EXIT
mkfifo "$scratch/pipe" || exit 4
$digest <"$scratch/pipe" >"$scratch/sum" &
tee "$scratch/pipe" | tar -xzof - -C "$target"
status=$?
wait
read -r sum _ <"$scratch/sum"
[ "$sum" = "$expected" ] || { echo 'the archive did not arrive whole' >&2; exit 12; }
exit "$status"
"""
)

# home; prints NUL-ended records: files, "", executable files, "", links and where each leads, "", base, status
LIST = r"""
cd "$home/work" || exit 3
base=$(pwd -P)
links='for l; do printf "%s\0%s\0" "$l" "$(readlink -f "$l")"; done'
{
  find . -type f -print0 && printf '\0' &&
    find . -type f -perm -100 -print0 && printf '\0' &&
    find . -type l -exec sh -c "$links" sh {} + && printf '\0'
  status=$?
  printf '%s\0%s\0' "$base" "$status"
} | gzip -1
"""

# home each; stdin: NUL-ended names; prints a size per line, `--`, a digest per line, in the order of the names
MANIFEST = (
    _DIGEST
    + r"""
cd "$home/work" || exit 3
names=$(mktemp) || exit 4
trap 'rm -f "$names"' EXIT
cat >"$names" || exit 4
if stat -c %s . >/dev/null 2>&1; then xargs -0 stat -c %s <"$names" || exit 13
else xargs -0 stat -f %z <"$names" || exit 13; fi
echo --
if [ -n "$each" ]; then xargs -0 -n 1 sh -c "$digest <\"\$1\"" sh <"$names" || exit 13
else xargs -0 $digest <"$names" || exit 13; fi
"""
)

# home; stdin: NUL-ended `SIZE NAME`; prints that many bytes of each file, one after the other, gzipped
SEND = r"""
cd "$home/work" || exit 3
names=$(mktemp) || exit 4
trap 'rm -f "$names"' EXIT
cat >"$names" || exit 4
one='for entry; do [ "${entry%% *}" = 0 ] || head -c "${entry%% *}" "${entry#* }"; done'
xargs -0 sh -c "$one" sh <"$names" | gzip -1
"""
