"""A throw-away authority and a certificate of it, for the parts of a rehearsal that speak TLS."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.events import RehearsalError

_DAYS = "2"  # longer than any rehearsal; nothing outside of it should trust the authority
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """The files of one certificate."""

    pem: Path  # key, certificate and authority in one file, as HAProxy reads it
    ca: Path  # the authority's certificate: what clients trust


def certificate(folder: Path, names: Sequence[str]) -> Certificate:
    """Make an authority, and a certificate of it for DNS names (`*.example.com` for one level of names).

    Args:
        folder: where the files go; made if it is missing.
        names: at least one.

    Raises:
        RehearsalError: there are no names, or openssl is missing or fails.
    """
    if not names:
        raise RehearsalError("a certificate needs at least one DNS name")
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, ca, key, request, signed = (
        folder / name for name in ("ca.key", "ca.crt", "server.key", "server.csr", "server.crt")
    )
    extensions = folder / "server.ext"
    alternatives = ",".join(f"DNS:{name}" for name in names)
    extensions.write_text(
        f"subjectAltName={alternatives}\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n"
        "keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n",
        encoding="utf-8",
    )
    _openssl("req", "-x509", *_KEY, "-keyout", ca_key, "-out", ca, "-days", _DAYS, "-subj", "/CN=rehearsal authority",
             "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    # Names have their place in the extension: the subject's common name takes 64 characters only.
    _openssl("req", *_KEY, "-keyout", key, "-out", request, "-subj", "/CN=rehearsal")
    _openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-out", signed,
             "-days", _DAYS, "-extfile", extensions)  # fmt: skip
    pem = folder / "server.pem"
    pem.touch(mode=0o600)
    pem.write_bytes(key.read_bytes() + signed.read_bytes() + ca.read_bytes())
    return Certificate(pem, ca)


def _openssl(*arguments: str | Path) -> None:
    command = ["openssl", *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RehearsalError(f"openssl {arguments[0]}: {error}") from error
    if done.returncode:
        raise RehearsalError(f"openssl {arguments[0]} failed: {done.stderr[-500:].strip()}")
