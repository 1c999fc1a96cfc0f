"""SkyPilot task fields that a job file here may carry, and what each would mean.

Source: SkyPilot's YAML reference (docs.skypilot.co, reference/yaml-spec) and its JSON schema (sky/utils/schemas.py).
"""

IDLE_TOP = frozenset({"config", "event_callback", "experimental", "inputs"})
"""Top-level fields without meaning here: one warning each."""

IDLE_RESOURCES = frozenset(
    {
        "autostop",
        "cloud",
        "cpus",
        "disk_size",
        "disk_tier",
        "ephemeral_storage",
        "infra",
        "job_recovery",
        "labels",
        "local_disk",
        "memory",
        "network_tier",
        "ports",
        "priority",
        "priority_class",
        "region",
        "use_spot",
        "zone",
    }
)
"""Fields below `resources` without meaning here: one warning each."""

DECISIVE_TOP = {
    "pool": "A pool of workers is not rented here.",
    "service": "A service is not run here, only jobs that end.",
    "volumes": "Volumes are not mounted here; use file_mounts and outputs.",
}
"""Top-level fields that would change what runs, with the reason they can't be followed."""

DECISIVE_RESOURCES = {
    "accelerator_args": "TPUs are not rented here.",
    "any_of": "List the GPUs in accelerators instead, e.g. [A100, H100].",
    "image_id": "The image of a pod can't be chosen; install what the job needs in setup.",
    "instance_type": "Machines are chosen by GPU; name it in accelerators.",
    "max_hourly_cost": "It is a spending limit: set max_price_per_hour_usd in the policy file instead.",
    "ordered": "List the GPUs in accelerators instead, e.g. [A100, H100].",
    "volumes": "Volumes are not mounted here; use file_mounts and outputs.",
}
"""Fields below `resources` that would change what runs, or what it may cost."""
