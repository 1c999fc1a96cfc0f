"""What a job used of its GPU at most, in words."""

from tools.spend_log.peak_rows import Peak


def peak_words(peak: Peak) -> str:
    """One line; "" where nothing was seen."""
    use = peak.use
    words = []
    if use.memory_mib is not None:
        words.append(f"up to {use.memory_mib / 1024:.1f} of {peak.had_gb} GB of GPU memory used")
    if use.gpu_util is not None:
        words.append(f"GPU up to {use.gpu_util} % busy")
    return f"{peak.gpu_name}: {', '.join(words)}" if words else ""
