"""What several rooms' tests share."""

from pathlib import Path

import pytest

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
