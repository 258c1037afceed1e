"""Storages of studies: files of SQLite and the databases that Optuna reads."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sartor.errors import DamagedFileError, MissingExtraError, OptionError, RunFolderError
from sartor.study.atomic import disk_is_full
from sartor.study.silence import without_log

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

WAIT_SECONDS = 60
"""How long a writer waits for others on the same SQLite file."""


def open_storage(storage: str | Path | None, *, make: bool = True) -> "BaseStorage":
    """Open a file, a URL, or memory where it is None; tables that lack are made unless told not."""
    from optuna.storages import InMemoryStorage, RDBStorage

    if storage is None:
        return InMemoryStorage()
    if not is_url(storage):
        file = Path(storage).absolute()
        if make:
            file.parent.mkdir(parents=True, exist_ok=True)
        # "/" of an absolute path is the fourth slash of SQLite's URL.
        storage = f"sqlite:///{file}"
    url = str(storage)
    options = {"connect_args": {"timeout": WAIT_SECONDS}} if url.startswith("sqlite") else None
    return RDBStorage(url, engine_kwargs=options, skip_table_creation=not make)


def disconnect(storage: "BaseStorage") -> None:
    """Close all connections to a storage."""
    storage.remove_session()
    engine = getattr(storage, "engine", None)  # only databases have one
    if engine is not None:
        engine.dispose()


def shown_storage(storage: str | Path) -> str:
    """Name a storage for people: its file, or its URL without the password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if not is_url(storage):
        return str(storage)
    try:
        return make_url(str(storage)).render_as_string(hide_password=True)
    except ArgumentError:
        return str(storage)


def is_url(storage: str | Path) -> bool:
    """Tell whether a storage is named by a URL, and not by a file."""
    return not isinstance(storage, Path) and "://" in storage


def refuse_missing(storage: str | Path) -> None:
    """Refuse a file that is not there: SQLite would make an empty one."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    file = str(storage)
    if is_url(storage):
        try:
            url = make_url(file)
        except ArgumentError as error:
            raise _no_url(file) from error
        if not url.drivername.startswith("sqlite"):
            return
        file = url.database or ""
    if not Path(file).is_file():
        what = "is a folder" if Path(file).is_dir() else "is not there"
        raise RunFolderError(
            f"the study {file or storage} {what}; give the file or the URL that was the storage of "
            "a search."
        )


@contextlib.contextmanager
def explaining(where: str) -> Iterator[None]:
    """Silence Optuna's log, and turn what is wrong with a storage into a sentence.

    Raises:
        DamagedFileError: It is no study.
        MissingExtraError: The driver of its database is not installed.
        OptionError: It is the URL of no database.
        RunFolderError: Its disk is full, or its server is not there.
    """
    import optuna
    from sqlalchemy.exc import ArgumentError, DatabaseError

    try:
        with without_log():
            yield
    except (optuna.exceptions.StorageInternalError, DatabaseError) as error:
        raise _explained(str(error.__cause__ or error), where) from error
    except ArgumentError as error:
        raise _no_url(where) from error
    except ImportError as error:  # Optuna's, of SQLAlchemy's
        driver = getattr(error.__cause__, "name", None) or "a driver"
        raise MissingExtraError(
            f"{where} needs {driver}, which is not installed; for postgresql:// install "
            "sartor[postgresql]."
        ) from error


def _explained(cause: str, where: str) -> RunFolderError | DamagedFileError:
    if "disk is full" in cause:
        return disk_is_full(Path(where))
    # The last ones: SQLite and PostgreSQL of a database without Optuna's tables.
    if re.search("not a database|malformed|no such table|relation .* does not exist", cause):
        return DamagedFileError(
            f"{where} is no study or is damaged; move it away and run the same command again, or "
            "give the storage of a search."
        )
    return RunFolderError(f"the study in {where} cannot be used: {cause.splitlines()[0]}")


def _no_url(where: str) -> OptionError:
    return OptionError(
        f"{where} is the URL of no database that is known; allowed: such as sqlite:///study.db and "
        "postgresql://USER@HOST/NAME."
    )
