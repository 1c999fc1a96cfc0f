"""Pods over SSH: dial them, run a job detached from the connection, follow its log, bring its outputs home."""

from tools.ssh.address import Address, parse_address
from tools.ssh.keys import LoginKeys, load_keys
from tools.ssh.session import SshPods
from tools.ssh.snapshot import pack

__all__ = ["Address", "LoginKeys", "SshPods", "load_keys", "pack", "parse_address"]
