import contextlib
import socket
import ssl
import threading
from pathlib import Path

import pytest

from rehearsal.events import RehearsalError
from rehearsal.full import registry_tls
from rehearsal.full.certificates import Certificate, certificate

HOST = registry_tls.host("111111111111", "eu-west-1")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls") / "new", [HOST, "*.example.com"])


def accepted(made: Certificate, name: str, *, trust: bool = True) -> bool:
    """Whether a client that asks for this name trusts a server with the certificate."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.pem)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with contextlib.suppress(OSError), server.wrap_socket(theirs, server_side=True) as opened:
            opened.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        client = ssl.create_default_context(cafile=str(made.ca) if trust else None)
        with ours, client.wrap_socket(ours, server_hostname=name):
            return True
    except ssl.SSLCertVerificationError:
        return False
    finally:
        ours.close()
        thread.join(10)
        theirs.close()


class TestCertificate:
    @pytest.mark.parametrize("name", [HOST, "api.example.com"])
    def test_is_trusted_for_its_names(self, made: Certificate, name: str) -> None:
        assert accepted(made, name)

    @pytest.mark.parametrize("name", ["example.com", "a.b.example.com", "other.test"])
    def test_is_not_trusted_for_others(self, made: Certificate, name: str) -> None:
        assert not accepted(made, name)

    def test_is_trusted_by_nobody_else(self, made: Certificate) -> None:
        assert not accepted(made, HOST, trust=False)

    def test_keeps_its_key(self, made: Certificate) -> None:
        assert made.pem.stat().st_mode & 0o077 == 0

    def test_needs_names(self, tmp_path: Path) -> None:
        with pytest.raises(RehearsalError, match="DNS name"):
            certificate(tmp_path, [])

    def test_says_what_openssl_says(self, tmp_path: Path) -> None:
        with pytest.raises(RehearsalError, match="openssl x509 failed"):
            certificate(tmp_path, ["a.test,NONE:b"])


class TestRegistry:
    @staticmethod
    def haproxy(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
        folder.mkdir()
        (folder / "haproxy").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "haproxy").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def test_names_why_it_does_not_start(
        self, tmp_path: Path, made: Certificate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.haproxy(monkeypatch, tmp_path / "bin", "echo cannot bind; exit 3")
        with pytest.raises(RehearsalError, match="exit status 3:\ncannot bind"):
            registry_tls.start(tmp_path / "registry", made.pem, "http://127.0.0.1:1")

    def test_needs_haproxy(self, tmp_path: Path, made: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(RehearsalError, match="haproxy"):
            registry_tls.start(tmp_path / "registry", made.pem, "http://127.0.0.1:1")

    def test_is_there_until_it_is_stopped(
        self, tmp_path: Path, made: Certificate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.haproxy(monkeypatch, tmp_path / "bin", "exec sleep 60")
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            registry = registry_tls.start(tmp_path / "r", made.pem, "http://127.0.0.1:1", "127.0.0.1", port)
        registry.check()
        registry.stop()
        with pytest.raises(RehearsalError, match="ended"):
            registry.check()
