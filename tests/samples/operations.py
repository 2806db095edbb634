"""Pages of those who run the installation."""

from server.http.health import Finding, Probe, State
from server.kernel.identity import Role
from tests.samples.values import Sample, someone


async def _never() -> Finding:
    raise AssertionError


def _found(name: str, state: State, words: str, **values: str | int) -> tuple[Probe, Finding]:
    probe = Probe(name=name, code=name, look=_never)
    return probe, Finding(state=state, words=words, values=tuple(values.items()))


OPERATIONS = (
    Sample(
        name="health",
        template="operations/health.html",
        identity=someone(Role.SYSTEM_ADMIN, "曹某"),
        path="/health",
        context={
            "findings": [
                _found("会见转发", State.FAILED, "没有应答。请检查它是否在运行，并查看服务日志。"),
                _found(
                    "网站证书",
                    State.WORRYING,
                    "{day} 到期，只剩 {left} 天。请检查自动续期。",
                    day="2026-10-12",
                    left=14,
                ),
                _found("数据库", State.WELL, "应答正常。"),
            ]
        },
    ),
)
