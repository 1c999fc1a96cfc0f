r"""What a pod's `nvidia-smi` says: constant POSIX sh beside `tools.ssh.remote`, under the same rules.

In `<home>/.herd/`:
    peak      the most MiB in use so far, the MiB there are, the highest percent of utilisation; not there where nobody
              watched the job to its end
"""

ASKED = "--query-gpu=memory.used,memory.total,utilization.gpu --format=csv,noheader,nounits"

SAMPLER = (
    r"""
# A driver in trouble may hang for ever.
smi() {
  if command -v timeout >/dev/null 2>&1; then timeout 20 nvidia-smi "$@"; else nvidia-smi "$@"; fi 2>/dev/null
}

# sampler: keeps the maxima in `peak` until the job has ended. Only the first line counts: an order is one GPU. What is
# asked in vain three times in a row is not asked again, and what was seen before that is too little to be kept.
sampler() {
  exec </dev/null >/dev/null 2>&1
  command -v nvidia-smi || exit
  used=0 busy=0 missed=0 nap=1
  while [ ! -f exit ] && leads; do
    said=$(smi """
    + ASKED
    + r""" | head -c 256)
    now=${said%%, *} said=${said#*, }
    whole=${said%%, *} said=${said#*, }
    load=${said%%[!0-9]*}
    case $now$whole in
      ''|*[!0-9]*) missed=$((missed + 1)) ;;
      *)
        missed=0
        if [ "$now" -gt "$used" ] || [ "${load:-0}" -gt "$busy" ]; then
          if [ "$now" -gt "$used" ]; then used=$now; fi
          if [ "${load:-0}" -gt "$busy" ]; then busy=$load; fi
          printf '%s %s %s\n' "$used" "$whole" "$busy" >peak.part && mv -f peak.part peak || missed=3
        fi ;;
    esac
    if [ "$missed" -ge 3 ]; then rm -f peak; exit; fi
    sleep "$nap"
    if [ "$nap" -lt 5 ]; then nap=$((nap + 1)); fi
  done
}
"""
)
"""For the runner: uses `leads` of the library, in the folder `.herd`. In short naps, as the runner's warner."""

PEAK = r"""
cd "$home/.herd" 2>/dev/null && [ -f peak ] || exit 0
head -c 256 peak
"""
"""Variable: home."""

GPU = r"""
command -v nvidia-smi >/dev/null 2>&1 || exit 0
bounded=
if command -v timeout >/dev/null 2>&1; then bounded='timeout 20'; fi
$bounded nvidia-smi --query-gpu=name,memory.total --format=csv,noheader,nounits 2>/dev/null | head -c 4096
"""
