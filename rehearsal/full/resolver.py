"""A caching resolver, as the network of an Internet user or a VPC has one: Unbound."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rehearsal.events import Events, RehearsalError
from rehearsal.full.child import Child

_CONFIG = """\
server:
  interface: {address}@{port}
  access-control: 127.0.0.0/8 allow
  access-control: 10.0.0.0/8 allow
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  logfile: "{folder}/unbound.log"
  use-syslog: no
  chroot: ""
  username: ""
  do-daemonize: no
  num-threads: 1
  do-ip6: no
  module-config: "iterator"
  do-not-query-localhost: no
  qname-minimisation: no
  prefetch: no
  serve-expired: no
  aggressive-nsec: no
  rrset-roundrobin: no
  minimal-responses: no
  local-zone: "test." nodefault
  local-zone: "invalid." nodefault
  local-zone: "10.in-addr.arpa." nodefault
{ttl}remote-control:
  control-enable: yes
  control-interface: "{folder}/unbound.sock"
  control-use-cert: no
forward-zone:
  name: "."
  forward-addr: {upstream}
"""


class Resolver:
    """Unbound in front of one name server."""

    def __init__(
        self,
        folder: Path,
        upstream: tuple[str, int],
        events: Events,
        max_ttl: int | None = None,
        address: tuple[str, int] = ("127.0.0.1", 53),
    ) -> None:
        """Nothing is answered yet.

        Args:
            folder: for everything it writes; its path has at most about 80 characters.
            upstream: the name server's address and port.
            events: told if answers are kept for a shorter time than they say.
            max_ttl: seconds, the longest time to keep an answer; None: as long as it says.
            address: where to listen.
        """
        self._folder, self._upstream, self._events = folder, upstream, events
        self._max_ttl, self._address = max_ttl, address
        self._config = folder / "unbound.conf"
        self._child: Child | None = None

    def start(self) -> None:
        """Answer from now on.

        Raises:
            RehearsalError: Unbound did not start.
        """
        self._config.write_text(self.config(), encoding="utf-8")
        if self._max_ttl is not None:
            self._events.add("note", f"answers of name servers are kept for {self._max_ttl} s at most")
        command = ["unbound", "-d", "-c", str(self._config)]
        self._child = Child("Unbound", command, self._folder / "unbound.out", [self._folder / "unbound.log"])
        self._child.wait(lambda: not self._control("status").returncode)

    def config(self) -> str:
        """Unbound's configuration."""
        ttl = ""
        if self._max_ttl is not None:
            ttl = f"  cache-max-ttl: {self._max_ttl}\n  cache-max-negative-ttl: {self._max_ttl}\n"
        (host, port), (upstream, upstream_port) = self._address, self._upstream
        return _CONFIG.format(
            address=host, port=port, folder=self._folder, ttl=ttl, upstream=f"{upstream}@{upstream_port}"
        )

    def check(self) -> None:
        """Still there.

        Raises:
            RehearsalError: it ended by itself.
        """
        if self._child:
            self._child.check()

    def flush(self) -> None:
        """Forget every answer.

        Raises:
            RehearsalError: Unbound did not.
        """
        done = self._control("flush_zone", ".")
        if done.returncode:
            raise RehearsalError(f"Unbound did not forget its answers: {done.stdout}{done.stderr}")

    def stop(self) -> None:
        """Answer nothing any more."""
        if self._child:
            self._child.stop()
        self._child = None

    def _control(self, *command: str) -> subprocess.CompletedProcess[str]:
        whole = ["unbound-control", "-c", str(self._config), *command]
        return subprocess.run(whole, capture_output=True, text=True, check=False)
