import pytest

from server.http.device import device_named

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
_ANDROID = "Mozilla/5.0 (Linux; Android 15; PGT-AN10) AppleWebKit/537.36 (KHTML, like Gecko)"
_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "named"),
    [
        (f"{_WINDOWS} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge, Windows"),
        (f"{_WINDOWS} Chrome/140.0.0.0 Safari/537.36", "Chrome, Windows"),
        (f"{_WINDOWS} Chrome/122.0.0.0 Safari/537.36 QQBrowser/13.5", "QQ Browser, Windows"),
        (
            f"{_ANDROID} Version/4.0 Chrome/138.0 Mobile Safari/537.36 MicroMessenger/8.0.61",
            "WeChat, Android",
        ),
        (f"{_PHONE} CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome, iPhone"),
        (f"{_PHONE} Version/18.5 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, macOS",
        ),
        ("curl/8.14.1", ""),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_device_is_named_by_its_browser_and_system_and_by_no_version(user_agent: str, named: str) -> None:
    assert device_named(user_agent) == named
