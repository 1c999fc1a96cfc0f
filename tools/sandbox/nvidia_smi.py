"""The `nvidia-smi` of a sandbox's pod: a script that shows the GPU that was rented, as busy as the settings say."""

import shlex

from tools.sandbox.catalogue import Gpu
from tools.sandbox.records import Settings

NO_DRIVER = "#!/bin/sh\nexit 9\n"
"""This machine's own GPU is not the one that was rented."""

_SCRIPT = r"""#!/bin/sh
fields=
for argument; do
  case $argument in --query-gpu=*) fields=${argument#*=} ;; esac
done
[ -n "$fields" ] || { echo "$name: $used MiB of $whole MiB in use, $busy % busy (sandbox)"; exit 0; }
line= IFS=,
for field in $fields; do
  case $field in
    name) value=$name ;;
    memory.used) value=$used ;;
    memory.free) value=$((whole - used)) ;;
    memory.total) value=$whole ;;
    utilization.gpu) value=$busy ;;
    utilization.memory) value=$memory ;;
    *) value='[N/A]' ;;
  esac
  line="$line${line:+, }$value"
done
printf '%s\n' "$line"
"""


def nvidia_smi(gpu: Gpu, settings: Settings) -> str:
    """The script. Of the options it knows `--query-gpu`, and answers as for `--format=csv,noheader,nounits`."""
    whole = gpu.vram_gb * 1024
    figures = {
        "name": shlex.quote(gpu.gpu_id),
        "whole": whole,
        "used": whole * settings.mem_util // 100,
        "busy": settings.gpu_util,
        "memory": settings.mem_util,
    }
    lines = (f"{name}={value}" for name, value in figures.items())
    first, rest = _SCRIPT.split("\n", 1)
    return "\n".join([first, *lines, rest])
