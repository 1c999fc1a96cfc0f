r"""The dead man's timer on a pod: constant POSIX sh beside `tools.ssh.remote`, under the same rules.

The order's address lets anybody end the pod: it comes through stdin, lives in shell variables that are not exported,
and reaches curl, wget or python3 through theirs. No file, argument or environment ever holds it.

In `<home>/.herd/timer/`, a folder of 0700 with files of 0600:
    timer        the script
    pid          the timer's process id and its birth mark
    beat         changes with every sign of life of the agent's
    uncollected  renamed to `collected` when all was fetched after the job's end
"""

from tools.ssh.remote import APART, LIBRARY

_CALLS = r"""
nl='
'

# answered METHOD URL: the body, and on a last line of its own the status; 000 or nothing where there was no answer
answered_curl() {
  case $1 in GET) set -- "$2" -X GET ;; *) set -- "$2" -X POST -d '' -H Content-Type: ;; esac
  url_line="url = \"$1\""
  shift
  printf '%s\n' "$url_line" | curl -q -g -s -K - "$@" -A swineherd --proto '=http,https' --connect-timeout 5 \
    --max-time 10 --max-filesize 65536 -w '\n%{http_code}' 2>/dev/null
}
answered_wget() {
  case $1 in GET) post='' ;; *) post=--post-data= ;; esac
  got=$(printf '%s\n' "$2" | wget --no-config -q -S -O - -t 1 -T 10 --max-redirect=0 -U swineherd \
    ${post:+"$post"} -i - 2>&1)
  well=$?
  status=${got##*"  HTTP/"}
  status=${status#* }
  status=${status%%[!0-9]*}
  case $well$status in 0*) ;; *2??) status=000 ;; esac
  printf '%s\n%s' "$got" "$status"
}
answered_python3() {
  printf '%s\n' "$2" | python3 -I -c '
import sys, urllib.error, urllib.request
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None
data = None if sys.argv[1] == "GET" else b""
asked = urllib.request.Request(sys.stdin.readline().strip(), data, {"User-Agent": "swineherd"})
try:
    answer = urllib.request.build_opener(Stay).open(asked, timeout=10)
except urllib.error.HTTPError as refused:
    answer = refused
sys.stdout.write(answer.read(65536).decode("utf-8", "replace") + "\n%d" % answer.getcode())
' "$1" 2>/dev/null
}

# ask METHOD PATH: by the first tool that brings a 2xx; sets body without blanks, and code, the last status there was
ask() {
  tools='' code=000 body=
  for tool in curl wget python3; do
    command -v "$tool" >/dev/null 2>&1 || continue
    tools="$tools $tool"
    said=$("answered_$tool" "$1" "$url$2")
    case ${said##*"$nl"} in
      2[0-9][0-9]) code=${said##*"$nl"} body=$(printf '%s' "$said" | tr -d ' \t\r\n'); return 0 ;;
      [1345][0-9][0-9]) code=${said##*"$nl"} ;;
    esac
  done
  return 1
}
"""

_TIME = r"""
# clock: sets at, hundredths of a second of uptime; where that can't be read, of the date
clock() {
  if { read -r at _ </proc/uptime; } 2>/dev/null; then at=${at%.*}${at#*.}; else at=$(date +%s)00; fi
}

# beat: overwrites a block the file already has, so that a full disk silences nobody
beat() { clock; printf '%s %s\n' "$at" "$$" 1<>beat; }
"""

TIMER = (
    LIBRARY
    + _CALLS
    + _TIME
    + r"""
cd "${0%/*}" || exit 1
trap '' HUP INT QUIT TERM USR1 USR2
umask 077
read -r url && read -r lease && read -r silence && read -r volume && read -r _ && read -r at || exit 1
exec </dev/null
printf '%s\n%s\n' "$$" "$(born $$)" >pid.$$ && mv -f pid.$$ pid || exit 1

# act: true when the call was answered and the order itself shows it
act() {
  verb=stop
  if [ -f collected ] && [ -f ../exit ]; then verb=terminate; fi
  ask POST "/$verb" && ask GET '' || return 1
  case $verb$body in *'"status":"terminated"'*|stop*'"status":"stopped"'*) return 0 ;; esac
  return 1
}

now=0 ended='' heard=0 sign='' pause=1
while :; do
  was=$at
  clock
  if [ "$at" -gt "$was" ]; then now=$((now + at - was)); fi
  owner=$$
  { read -r owner <pid; } 2>/dev/null
  [ "$owner" = "$$" ] || exit 0
  due=$lease
  if [ -f ../exit ]; then
    last=$sign
    { IFS= read -r sign <beat; } 2>/dev/null
    if [ -z "$ended" ] || [ "$sign" != "$last" ]; then ended=1 heard=$now; fi
    if [ "$volume" = 1 ] || [ -f collected ]; then
      if [ $((heard + silence)) -lt "$due" ]; then due=$((heard + silence)); fi
    fi
  fi
  left=$((due - now))
  if [ "$left" -le 0 ]; then
    if act; then exit 0; fi
    sleep "$pause"
    pause=$((pause < 16 ? pause * 2 : 30))
  else
    pause=1
    if [ "$left" -gt 600 ]; then sleep 5; else nap; fi
  fi
done
"""
)
"""Runs as `sh <home>/.herd/timer/timer`. Its stdin, a line each: the order's address; the time left until just before
the paid hours end and the silence that counts once the job has ended, in hundredths of a second; 1 where `stop` keeps
the results; an end mark; the uptime from which the time left is counted.

Silence counts only where nothing is lost by acting: those hours are paid for anyway.
"""

ARM = (
    LIBRARY
    + APART
    + _CALLS
    + _TIME
    + r"""
trap '' HUP
clock
began=$at
umask 077
payload=$(cat)
case $payload in *'#herd-end') ;; *) exit 5 ;; esac
case $(command -v printf) in */*|'') exit 6 ;; esac
folder=$home/.herd/timer
mkdir -p "$folder" && chmod 700 "$folder" && cd "$folder" && beat || exit 7
if leads; then echo armed; exit 0; fi
[ -f collected ] || : >uncollected || exit 7
url=${payload%%"$nl"*}
if ask GET ''; then
  case $body in *"\"order_id\":\"${url##*/}\""*) ;; *) echo other; exit 0 ;; esac
elif [ -z "$tools" ]; then
  echo no-tool; exit 0
else
  printf 'refused %s\n' "$code"; exit 0
fi
printf '%s\n' "$timer" >timer.$$ && mv -f timer.$$ timer || exit 7
printf '%s\n%s\n' "$payload" "$began" 2>/dev/null | (apart sh "$folder/timer") >/dev/null 2>&1 &
n=0
until leads; do
  n=$((n + 1))
  [ "$n" -lt 50 ] || exit 8
  nap
done
echo armed
"""
)
"""Variables: home timer. Stdin: what the timer reads, up to the end mark. Prints `armed`, or why not."""

HEARTBEAT = _TIME + '\ncd "$home/.herd/timer" 2>/dev/null || exit 0\nbeat\n'
"""Variable: home."""

MARK = r"""
cd "$home/.herd/timer" 2>/dev/null && [ -f ../exit ] && [ -f uncollected ] || exit 0
mv -f uncollected collected
"""
"""Variable: home. The job's end must be on the pod's disk: without it there is no mark."""
