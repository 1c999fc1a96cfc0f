r"""The shell that runs on a pod: constant POSIX sh, the same under dash, bash and busybox.

Variables named in a script's comment are set in front of it, quoted, by `tools.ssh.channel`. No here-documents: some
shells keep them in a file. `printf` must be a builtin where it carries secrets, or its arguments would be seen.

In `<home>/.herd/`:
    started   a folder; who makes it may start the job
    pid       the runner's process id and its birth mark (boot id and start time), or nothing yet
    log       stdout and stderr of setup and run
    exit      three digits, put there by rename when all is over; never changed after
    peak      see `tools.ssh.remote_gpu`
"""

from tools.ssh.remote_gpu import SAMPLER

LIBRARY = r"""
nap() { sleep 0.2 2>/dev/null || sleep 1; }

# born PID: a mark that no later process with the same number shares; fails for the dead and for zombies
born() {
  if [ -d /proc/self ]; then
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    set -- ${line##*)}
    case $1 in Z|X|'') return 1 ;; esac
    printf '%s %s' "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" "${20}"
  else
    line=$(ps -o stat= -o lstart= -p "$1" 2>/dev/null) || return 1
    case $line in Z*|'') return 1 ;; esac
    printf '%s' "${line#* }"
  fi
}

# leads: is the runner that the pid file names still there? sets leader
leads() {
  leader=none
  [ -f pid ] || return 1
  { read -r leader; IFS= read -r mark; } <pid
  [ "$(born "$leader")" = "$mark" ] && return 0
  leader=none
  return 1
}

# members: ids of the job's processes, the runner left out: its session, and those that carry its variable, however far
# they went from that session
members() {
  if [ -d /proc/self ]; then
    marks=" $(marked)"
    for dir in /proc/[0-9]*; do
      pid=${dir#/proc/}
      case $pid in "$leader"|$$) continue ;; esac
      { IFS= read -r line <"$dir/stat"; } 2>/dev/null || continue
      set -- ${line##*)}
      case $1 in Z|X|'') continue ;; esac
      case $4$marks in "$leader "*|*" $pid "*) printf '%s\n' "$pid" ;; esac
    done
  else
    ps -A -o pid= -o ppid= -o pgid= -o stat= | awk -v l="$leader" '
      { up[$1] = $2; group[$1] = $3; state[$1] = $4 }
      END {
        for (i in up) {
          if (i == l || state[i] ~ /^Z/) continue
          j = i; n = 0
          while (j in up && j != l && n++ < 64) j = up[j]
          if (j == l || group[i] == l) print i
        }
      }'
  fi
}

# marked: ids of processes that carry the variable of this very folder (not only of this run: another pod may share the
# machine), each with a blank after it
marked() {
  want=SWINEHERD_RUN_FOLDER=$home
  if printf 'a\0b\0' | grep -qzx b 2>/dev/null; then
    grep -slzxF "$want" /proc/[0-9]*/environ
  else
    for environ in /proc/[0-9]*/environ; do
      { tr '\0' '\n' <"$environ" | grep -qxF "$want"; } 2>/dev/null && printf '%s\n' "$environ"
    done
  fi | while IFS=/ read -r _ _ pid _; do printf '%s ' "$pid"; done
}

alive() { leads || [ -n "$(members)" ]; }

log_size() {
  [ -f log ] || { echo 0; return; }
  stat -c %s log 2>/dev/null || stat -f %z log 2>/dev/null || wc -c <log
}
"""

# run_id
HOME = r"""
workspace=${SWINEHERD_WORKSPACE:-/workspace}
volume=0
if [ -d "$workspace" ] && [ -w "$workspace" ]; then
  base=$(cd "$workspace" && pwd -P) || exit 3
  if [ -n "$SWINEHERD_VOLUME" ] || mountpoint -q "$base" 2>/dev/null; then
    volume=1
  elif [ -r /proc/mounts ]; then
    while read -r _ point _; do
      [ "$point" = "$base" ] && volume=1
    done </proc/mounts
  fi
else
  base=$(cd "$HOME" && pwd -P) || exit 3
fi
home=$base/swineherd/$run_id
mkdir -p "$home/work" "$home/.herd" && chmod 700 "$home" "$home/.herd" || exit 4
printf '%s\n%s\n' "$volume" "$home"
"""

# Runs as `sh <home>/.herd/runner SECONDS`; its stdin is the job's environment as shell text.
RUNNER = (
    LIBRARY
    + SAMPLER
    + r"""
herd=${0%/*}
cd "$herd" || exit 1
home=${herd%/.herd} warn=$1 leader=$$
payload=$(cat)
shell=$(command -v bash || command -v sh)
# Caught, not ignored: the job's own processes get these signals as if nobody had touched them.
trap : HUP INT QUIT TERM USR1 USR2
printf '%s\n%s\n' "$$" "$(born $$)" >pid.part && mv -f pid.part pid || exit 1

# The digits overwrite a block the file already has, so that a full disk can't lose the exit code.
finish() { printf '%03d\n' "$1" 1<>exit.part; mv -f exit.part exit; }

step() { (
  set -- "$shell" "$herd/$1"
  cd ../work || exit 1
  eval "$payload"
  exec "$@"
) </dev/null >>log 2>&1; }

listens() { # SIGUSR1 is bit 9 of the mask of caught signals
  caught=$(grep '^SigCgt:' "/proc/$1/status" 2>/dev/null) || return 1
  case $caught in *[2367abefABEF]??) return 0 ;; esac
  return 1
}

warner() { # in short naps: a long one would have to be killed, and the kill can come before there is anything to kill
  exec </dev/null >/dev/null 2>&1
  while [ "$warn" -gt 0 ]; do
    [ ! -f exit ] || exit
    if [ "$warn" -lt 5 ]; then nap=$warn; else nap=5; fi
    sleep "$nap"
    warn=$((warn - nap))
  done
  for pid in $(members); do
    if listens "$pid"; then kill -USR1 "$pid"; fi
  done
}

[ "$warn" -ge 0 ] && { warner & }
sampler &
sampling=$!
code=0
if [ -f setup ]; then step setup; code=$?; fi
if [ "$code" = 0 ]; then
  if [ -f stop ]; then code=143; else step run; code=$?; fi
fi
born "$sampling" >/dev/null || rm -f peak
finish "$code"
"""
)

APART = r"""
# A session of its own, with the signals reset that a shell turns off for what it starts in the background.
apart() {
  if command -v perl >/dev/null 2>&1; then
    exec perl -e 'use POSIX; $SIG{$_} = "DEFAULT" for qw(HUP INT QUIT); POSIX::setsid(); exec @ARGV; exit 127' "$@"
  elif command -v python3 >/dev/null 2>&1; then
    exec python3 -c '
import os, signal, sys
for name in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
    signal.signal(name, signal.SIG_DFL)
os.setsid()
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
  elif command -v setsid >/dev/null 2>&1; then
    exec setsid "$@"
  else
    exec nohup "$@"
  fi
}
"""

# home warn setup run runner; stdin: the job's environment as shell text, with an end mark
START = (
    LIBRARY
    + APART
    + r"""
trap '' HUP
cd "$home/.herd" || exit 3
payload=$(cat)
case $payload in *'#herd-end') ;; *) exit 5 ;; esac
[ ! -d started ] || exit 0
case $(command -v printf) in */*|'') exit 6 ;; esac
umask 077
put() { printf '%s\n' "$2" >"$1.$$" && mv -f "$1.$$" "$1"; }
[ -z "$setup" ] || put setup "$setup" || exit 7
put run "$run" && put runner "$runner" || exit 7
mkdir started 2>/dev/null || { [ -d started ] && exit 0; exit 7; }
: >>log
printf '000\n' >exit.part

printf '%s\n' "$payload" 2>/dev/null | (umask 022; apart sh "$home/.herd/runner" "$warn") >/dev/null 2>&1 &
n=0
while [ ! -f pid ] && [ ! -f exit ] && [ "$n" -lt 50 ]; do n=$((n + 1)); nap; done
[ -f pid ] || [ -f exit ] || exit 8
"""
)

# home; prints one line
STATE = (
    LIBRARY
    + r"""
cd "$home/.herd" 2>/dev/null && [ -d started ] || { echo not-started; exit 0; }
n=0
while [ ! -f exit ]; do
  if alive; then echo running; exit 0; fi
  n=$((n + 1))
  if [ -f pid ]; then limit=4; else limit=50; fi
  if [ "$n" -ge "$limit" ]; then echo vanished; exit 0; fi
  nap
done
printf 'exited %s\n' "$(cat exit)"
"""
)

# home at; prints `@AT COUNT` and COUNT bytes, again and again, then `@AT end` or `@AT short`
FOLLOW = (
    LIBRARY
    + r"""
cd "$home/.herd" || exit 3
idle=0 gone=
[ -d started ] || gone=1
while :; do
  ended=$gone
  [ -f exit ] && ended=1
  size=$(($(log_size)))
  if [ "$size" -gt "$at" ]; then
    take=$((size - at))
    [ "$take" -gt 262144 ] && take=262144
    skip=$((at / 4096)) rest=$((at % 4096))
    printf '@%d %d\n' "$at" "$take"
    dd if=log bs=4096 skip="$skip" count=$(((rest + take + 4095) / 4096)) 2>/dev/null |
      tail -c +$((rest + 1)) | head -c "$take"
    at=$((at + take)) idle=0
    printf '@%d 0\n' "$at"
  elif [ "$size" -lt "$at" ]; then
    printf '@%d short\n' "$at"; exit 0
  elif [ -n "$ended" ]; then
    printf '@%d end\n' "$at"; exit 0
  else
    idle=$((idle + 1))
    if [ $((idle % 25)) -eq 0 ]; then
      printf '@%d 0\n' "$at"
      alive || [ -f exit ] || gone=1
    fi
    nap
  fi
done
"""
)

# home grace
STOP = (
    LIBRARY
    + r"""
trap '' HUP
cd "$home/.herd" 2>/dev/null && [ -d started ] || exit 0
: >stop
n=0
while [ ! -f pid ] && [ ! -f exit ] && [ "$n" -lt 50 ]; do n=$((n + 1)); nap; done
leads
hit() { for pid in $(members); do kill "-$1" "$pid" 2>/dev/null; done; }
until_gone() {
  deadline=$(($(date +%s) + $1))
  while [ -n "$(members)" ]; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    [ -z "$2" ] || hit "$2"
    nap
  done
}
hit TERM
until_gone "$grace" '' || { hit KILL; until_gone 10 KILL || exit 9; }
n=0
while [ ! -f exit ] && leads && [ "$n" -lt 25 ]; do n=$((n + 1)); nap; done
if leads; then kill -KILL "$leader" 2>/dev/null; fi
if [ ! -f exit ]; then printf '137\n' >exit.stop && mv -f exit.stop exit; fi
"""
)
