"""What several rooms' tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("shared", deadline=None)
settings.load_profile("shared")  # how long an example takes is the machine's affair

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def measuring_data() -> Path:
    """Return the folder of measuring data beside the repository, or skip."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the measuring data is absent: {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return an empty place for decoded images."""
    return tmp_path / "cache"
