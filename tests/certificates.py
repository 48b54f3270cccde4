"""A certificate for 127.0.0.1, made for the run."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Certificate:
    """PEM files: the certificate, which vouches for itself, and with its key in one."""

    alone: Path
    with_key: Path


def made_certificate(folder: Path) -> Certificate:
    """Skips without openssl."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl is not installed: it makes the certificate")
    folder.mkdir(parents=True, exist_ok=True)
    names = ("-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", "key.pem", "-out", "cert.pem")
    made = (openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1")
    subprocess.run([*made, *files, *names], cwd=folder, check=True, capture_output=True)
    alone, both = folder / "cert.pem", folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + alone.read_text())
    return Certificate(alone, both)
