from ipaddress import ip_network
from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request

from server.http.address import address_of

PROXIES = (ip_network("127.0.0.1"), ip_network("172.16.0.0/12"))


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("127.0.0.1", ("192.0.2.1",), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.1",), "192.0.2.1"),
        ("127.0.0.1", ("198.51.100.1, 192.0.2.1",), "192.0.2.1"),
        ("127.0.0.1", ("198.51.100.1", "192.0.2.1"), "192.0.2.1"),
        ("127.0.0.1", ("192.0.2.1, 172.16.0.2",), "192.0.2.1"),
        ("127.0.0.1", ("2001:db8::1",), "2001:db8::1"),
        ("127.0.0.1", ("unknown",), "127.0.0.1"),
        ("127.0.0.1", ("192.0.2.1, <script>",), "127.0.0.1"),
        ("fe80::1%eth0", (), "fe80::1"),
        ("::ffff:127.0.0.1", ("192.0.2.1",), "192.0.2.1"),
        ("::ffff:192.0.2.1", ("198.51.100.1",), "192.0.2.1"),
        ("", (), ""),
    ],
)
def test_only_proxies_of_ours_are_believed(peer: str, told: tuple[str, ...], address: str) -> None:
    transport = Mock()
    transport.get_extra_info.return_value = (peer, 1) if peer else None
    headers = [("X-Forwarded-For", each) for each in told]
    request = make_mocked_request("GET", "/", headers=headers, transport=transport)
    assert address_of(request, PROXIES) == address
