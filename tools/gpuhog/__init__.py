"""The GPU Hog API: a client that implements the `Market` port, and strict readers of what a spending call answered."""

from tools.gpuhog.client import GpuHog
from tools.gpuhog.purchase import find_order_id, read_checkout, read_receipt

__all__ = ["GpuHog", "find_order_id", "read_checkout", "read_receipt"]
