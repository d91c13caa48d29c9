"""Connections to the public internet alone: an address in a list must not reach into a private network.

The name is resolved here, every address that it has is checked, and the connection goes to an address that was checked.
Whoever checks first and lets the client resolve the name again can be given another answer the second time (DNS
rebinding). Redirects open connections as well, and so pass through here.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpcore

Resolve = Callable[[str, int], list[str]]
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_PROTOCOLS = IPv4Network("192.0.0.0/24")  # RFC 6890; a cloud serves its machines' secrets at 192.0.0.192


class PrivateAddressError(Exception):
    """The name leads to this machine or into a private network; the message says where."""


class PublicOnly(httpcore.NetworkBackend):
    """Opens connections by `inner`, to addresses that are public only.

    A network backend, and not a change of the address in the request: so the certificate is checked against the name
    in the address, and connections are shared by name, never between two sites that happen to be on one machine.
    """

    def __init__(self, inner: httpcore.NetworkBackend, resolve: Resolve | None = None) -> None:
        self.inner = inner
        self.resolve = resolve or addresses_of

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises PrivateAddressError, or httpcore's ConnectError."""
        found = self.resolve(host, port)
        for address in found:
            if not is_public(address):
                raise PrivateAddressError(f"{host} is {address}" if host != address else host)
        for number, address in enumerate(found, 1):
            try:
                return self.inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:  # a name may have an address of a kind that this machine cannot reach
                if number == len(found):
                    raise
        raise httpcore.ConnectError(f"{host} has no address")


def addresses_of(host: str, port: int) -> list[str]:
    """All addresses of a name, in the order to try them.

    Raises:
        httpcore.ConnectError: there is no such name.
        UnicodeError: it cannot be a name.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"{host}: {error}") from error
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet: not private, loopback, link-local, multicast or reserved.

    An IPv6 address that stands for an IPv4 one is judged by that.
    """
    ip = ip_address(address)
    inner = _embedded(ip)
    if inner is not None:
        return is_public(str(inner))
    # Reserved is all of ::/8: also IPv4 in ways that are out of use, and the NAT64 of a network's own (RFC 8215).
    special = ip.is_multicast or ip.is_reserved or ip in _PROTOCOLS
    return ip.is_global and not special and not (isinstance(ip, IPv6Address) and ip.is_site_local)


def _embedded(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(ip, IPv4Address):
        return None
    if ip.teredo is not None:
        return ip.teredo[1]
    return ip.ipv4_mapped or ip.sixtofour or (IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None)
