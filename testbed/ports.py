"""Free loopback ports for servers that need to know their port before they start."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range that Linux, macOS and Windows take outgoing connections' ports from, so that a
# port that was found free isn't given to somebody's connection before the server binds it.
PORT_RANGE = range(20_000, 32_000)
_handed_out: set[int] = set()
_share: range = PORT_RANGE


class PortTakenError(RuntimeError):
    """The port for a server is already in use."""


def use_share(number: int, shares: int) -> None:
    """Hand out ports of one share of the range only, so that processes side by side never collide.

    Without it, two of them could find the same port free before either listens there.
    """
    global _share  # noqa: PLW0603 - it is this process's, and is set once
    _share = PORT_RANGE[number::shares]


def free_port() -> int:
    """Return a port that nobody listens on and that this process hasn't handed out before."""
    generator = random.SystemRandom()
    while True:
        port = generator.choice(_share)
        if port not in _handed_out and _can_bind(port):
            _handed_out.add(port)
            return port


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def is_listening(port: int) -> bool:
    """Whether something accepts connections on the loopback `port`."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def require_free(port: int) -> None:
    """Raise PortTakenError when `port` is in use: its owner could pass for the new server."""
    if is_listening(port):
        raise PortTakenError(f"something else already listens on port {port}")
