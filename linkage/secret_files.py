"""Reading the files that hold secrets, as editors and `echo` leave them: with a byte order mark
before the secret, and an end of line behind it. Neither is part of it."""

from pathlib import Path

from linkage.strict_toml import SAVED_OTHERWISE, Where


def secret_text(path: Path) -> str:
    """The secret in the file. Raises OSError, UnicodeDecodeError."""
    return path.read_bytes().decode("utf-8-sig").strip()


def read_secret(path: Path, where: Where, key: str) -> str:
    """As `secret_text`, of the file that `key` of a settings file names. Raises BadSettings."""
    try:
        return secret_text(path)
    except OSError as error:
        raise where.wrong(key, "读不到文件", f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        zh, _, en = SAVED_OTHERWISE.partition(" / ")
        raise where.wrong(key, f"{path} {zh}", en) from error
