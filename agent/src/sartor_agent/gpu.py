"""What identifies the NVIDIA GPU of this machine."""

import shutil
import subprocess


def gpu() -> dict[str, str]:
    """Return what identifies the first NVIDIA GPU, or nothing where there is none.

    Returns:
        `gpu`: its name; `compute`: its compute capability, as "9.0"; `driver`: its version.
    """
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return {}
    asked = [tool, "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return {}  # the tool is there, but no driver that answers it
    first = [it.strip() for it in told.partition("\n")[0].split(",")]
    names = ("gpu", "compute", "driver")
    return dict(zip(names, first, strict=True)) if len(first) == len(names) else {}
