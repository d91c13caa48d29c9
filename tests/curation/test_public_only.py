"""An address in a list does not reach into a private network, whatever its name leads to, and when."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path

import httpcore
import pytest
from downloads import manifest, write_lists
from picture_server import PictureServer, picture, status

from experiments.cli import main
from experiments.curation.failures import FetchError
from experiments.curation.fetch import Fetcher, Picture
from experiments.curation.public_only import PublicOnly, is_public

PUBLIC = "93.184.216.34"


class ToThisMachine(httpcore.NetworkBackend):
    """Connects to the test's server whatever it is asked for, and notes that."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self.asked.append(f"{host}:{port}")
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


def fetch(network: ToThisMachine, names: Mapping[str, list[str]], file: Path) -> Picture:
    """What a fetcher makes of http://bears.test/1.jpg in a world with these names."""
    backend = PublicOnly(network, resolve=lambda host, _: names[host])
    with closing(Fetcher(5, 4, allow_private=False, backend=backend)) as fetcher:
        return fetcher.fetch("http://bears.test/1.jpg", file)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "224.0.1.1", "239.1.1.1", "240.0.0.1", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "ff0e::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "2001:0:0:1:0:0:f5ff:fffe"),
        *("64:ff9b:1::7f00:1", "64:ff9b:1::808:808", "fec0::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "192.0.0.192"),
    ],
)
def test_not_public(address: str) -> None:
    assert not is_public(address)


def test_the_connection_goes_to_the_address_that_was_checked(tmp_path: Path, server: PictureServer) -> None:
    server.put("/1.jpg", lambda request: request.reply(picture(1) if request.headers["Host"] == "bears.test" else b""))
    network = ToThisMachine(server.server_port)
    assert fetch(network, {"bears.test": [PUBLIC]}, tmp_path / "1").suffix == ".jpg"
    assert network.asked == [f"{PUBLIC}:80"]


def test_a_redirect_into_a_private_network_is_refused(tmp_path: Path, server: PictureServer) -> None:
    server.put("/1.jpg", status(302, Location="http://inside.test/secret.jpg"))
    server.put("/secret.jpg", picture(1))
    network = ToThisMachine(server.server_port)
    with pytest.raises(FetchError) as refusal:
        fetch(network, {"bears.test": [PUBLIC], "inside.test": ["10.0.0.5"]}, tmp_path / "1")
    assert refusal.value.refused
    assert "--allow-private" in str(refusal.value)
    assert "(inside.test is 10.0.0.5)" in str(refusal.value)
    assert network.asked == [f"{PUBLIC}:80"]
    assert server.hits == {"/1.jpg": 1}


def test_one_private_address_among_those_of_a_name_is_enough(tmp_path: Path, server: PictureServer) -> None:
    network = ToThisMachine(server.server_port)
    with pytest.raises(FetchError, match=r"bears\.test is 127\.0\.0\.1"):
        fetch(network, {"bears.test": [PUBLIC, "127.0.0.1"]}, tmp_path / "1")
    assert network.asked == []


def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(tmp_path: Path, server: PictureServer) -> None:
    server.put("/1.jpg", status(302, Location="/2.jpg"))
    server.put("/2.jpg", picture(1))
    answers = [[PUBLIC], ["127.0.0.1"]]
    network = ToThisMachine(server.server_port)
    backend = PublicOnly(network, resolve=lambda *_: answers.pop(0))
    # Whether the second request shares the connection or not, it never leads to the private address.
    with closing(Fetcher(5, 4, allow_private=False, backend=backend)) as fetcher, suppress(FetchError):
        fetcher.fetch("http://bears.test/1.jpg", tmp_path / "1")
    assert set(network.asked) == {f"{PUBLIC}:80"}


def test_an_address_that_cannot_be_reached_leaves_the_others_of_the_name(tmp_path: Path, server: PictureServer) -> None:
    class NoSixth(ToThisMachine):
        def connect_tcp(self, host: str, *others: object) -> httpcore.NetworkStream:  # type: ignore[override]
            if ":" in host:
                raise httpcore.ConnectError("Network is unreachable")
            return super().connect_tcp(host, *others)  # type: ignore[arg-type]

    server.put("/1.jpg", picture(1))
    network = NoSixth(server.server_port)
    assert fetch(network, {"bears.test": ["2606:2800:220:1::1", PUBLIC]}, tmp_path / "1").suffix == ".jpg"
    assert network.asked == [f"{PUBLIC}:80"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0.0.0.0"])
def test_this_machine_is_refused_under_all_its_names(
    tmp_path: Path, server: PictureServer, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    server.put("/1.jpg", picture(1))
    lists = write_lists(tmp_path / "urls", black=[f"http://{host}:{server.server_port}/1.jpg"])
    assert main(["data", "download", str(lists), str(tmp_path / "bears")]) == 1
    (row,) = manifest(tmp_path / "bears")
    assert row["status"] == "refused"
    assert row["reason"].startswith("in a private network or on this machine: --allow-private fetches it (")
    assert not server.hits
    assert "class black got no picture" in capsys.readouterr().err


def test_a_proxy_is_not_used_without_allow_private_and_that_is_said(
    tmp_path: Path, server: PictureServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url(""))
    monkeypatch.setenv("NO_PROXY", "")
    server.answers["http://bears.test/1.jpg"] = lambda request: request.reply(picture(1))
    lists = write_lists(tmp_path / "urls", black=["http://bears.test/1.jpg", "http://127.0.0.1:1/2.jpg"])

    def no_names(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with monkeypatch.context() as patch:
        patch.setattr("experiments.curation.public_only.socket.getaddrinfo", no_names)
        assert main(["data", "download", str(lists), str(tmp_path / "bears")]) == 1
    assert "proxy of this machine is not used" in capsys.readouterr().err
    assert [row["reason"] for row in manifest(tmp_path / "bears")] == 2 * ["no such host (Name or service not known)"]
    assert not server.hits
    assert main(["data", "download", str(lists), str(tmp_path / "bears"), "--allow-private", "--timeout", "5"]) == 0
    assert server.hits["http://bears.test/1.jpg"] == 1
    assert "proxy" not in capsys.readouterr().err
