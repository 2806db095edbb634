"""What the operator's page and `/readyz` look at: each thing that the installation depends on, as a probe."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography import x509

from server.audit.publishing import HeadPublisher
from server.cases.deadlines.calendar import Calendar
from server.http.health import Finding, Probe, State
from server.kernel.clock import Clock, local_date
from server.kernel.errors import N_
from server.kernel.objects import StorageUnavailable
from server.rooms.media.client import MediaClient
from server.settings import Settings
from storage.database import Database

LITTLE_SPACE = 0.1
"""Share of the disk; below it the operator is warned, below a tenth of it the disk counts as full."""
HEADS_LATE = timedelta(minutes=3)
STUCK_AFTER = timedelta(minutes=10)
"""A tree head is exported each minute."""
QUEUE_SLOW = timedelta(minutes=15)
"""The longest dossiers take some minutes; one that waits longer has nobody at it, or too many before it."""
QUEUE_STUCK = timedelta(hours=1)
CALENDAR_DUE = (11, 15)
"""Month and day by which the State Council has published the next year's arrangement, as a rule."""
RENEW_WITHIN = timedelta(days=21)
"""A certificate that ends sooner should have been renewed: Let's Encrypt and Caddy do it a month ahead."""


def database_probe(database: Database) -> Probe:
    """Return the probe of the database."""

    async def look() -> Finding:
        await database.ping()
        return Finding(state=State.WELL, words=N_("应答正常。"))

    return Probe(name=N_("数据库"), code="database", look=look, is_essential=True)


def role_probe(database: Database) -> Probe:
    """Return the probe of the role under which PostgreSQL is spoken to: it should not own the log."""

    async def look() -> Finding:
        if await database.may_rewrite_log():
            return Finding(
                state=State.WORRYING,
                words=N_(
                    "平台所用的数据库账号能改写审计日志。请改用权限较小的账号，见 deploy/postgresql.sql。"
                ),
            )
        return Finding(state=State.WELL, words=N_("只能追加审计日志，不能改写。"))

    return Probe(name=N_("数据库账号"), code="role", look=look)


def objects_probe(ping: Callable[[], Awaitable[None]]) -> Probe:
    """Return the probe of the object store; without it only dossiers are out of reach."""

    async def look() -> Finding:
        try:
            await ping()
        except StorageUnavailable:
            return Finding(
                state=State.FAILED,
                words=N_("连不上对象存储，或桶不存在：卷宗暂时不能上传和阅读，其他功能不受影响。"),
            )
        return Finding(state=State.WELL, words=N_("应答正常。"))

    return Probe(name=N_("卷宗存储（S3）"), code="objects", look=look)


def redis_probe(hears_nodes: Callable[[], bool]) -> Probe:
    """Return the probe of Redis: without it nothing is lost, but other nodes are heard late."""

    async def look() -> Finding:
        if hears_nodes():
            return Finding(state=State.WELL, words=N_("已连接，各节点互通。"))
        return Finding(
            state=State.FAILED,
            words=N_("连不上 Redis：不会丢数据，但其他节点上的变化要刷新才能看到，新卷宗稍晚才开始处理。"),
        )

    return Probe(name=N_("节点间消息（Redis）"), code="redis", look=look)


def media_probe(media: MediaClient) -> Probe:
    """Return the probe of the media process."""

    async def look() -> Finding:
        if media.is_connected:
            return Finding(state=State.WELL, words=N_("已连接，可以会见。"))
        return Finding(
            state=State.FAILED,
            words=N_("会见进程没有运行，暂时不能会见。它会自动重启；若一直如此，请查看服务日志。"),
        )

    return Probe(name=N_("会见转发"), code="media", look=look)


def disk_probe(folder: Path) -> Probe:
    """Return the probe of the disk that holds `folder`."""

    async def look() -> Finding:
        space = await asyncio.to_thread(shutil.disk_usage, folder)
        share = space.free / space.total
        state = State.WELL if share >= LITTLE_SPACE else State.WORRYING
        if share < LITTLE_SPACE / 10:
            state = State.FAILED
        words = N_("剩余 {free} GB，共 {total} GB。")
        if state is not State.WELL:
            words = N_("剩余 {free} GB，共 {total} GB。请清理磁盘或扩容，写满后无法上传和保存。")
        values = (("free", round(space.free / 1e9)), ("total", round(space.total / 1e9)))
        return Finding(state=state, words=words, values=values)

    return Probe(name=N_("数据目录所在磁盘"), code="disk", look=look)


def queue_probe(database: Database, clock: Clock) -> Probe:
    """Return the probe of the dossiers that wait for being split into pages."""

    async def look() -> Finding:
        async with database.reading() as tx:
            waiting = await tx.casefiles.dossiers_to_split()
            oldest = await tx.casefiles.dossier(waiting[0]) if waiting else None
        if oldest is None:
            return Finding(state=State.WELL, words=N_("没有卷宗在等待处理。"))
        waits = clock.now() - oldest.received_at
        values = (("count", len(waiting)), ("minutes", int(waits.total_seconds() // 60)))
        if waits < QUEUE_SLOW:
            words = N_("{count} 份卷宗在处理，最早的已等 {minutes} 分钟。")
            return Finding(state=State.WELL, words=words, values=values)
        words = N_(
            "{count} 份卷宗在等待处理，最早的已等 {minutes} 分钟。请检查处理进程（worker）和服务日志。"
        )
        state = State.WORRYING if waits < QUEUE_STUCK else State.FAILED
        return Finding(state=state, words=words, values=values)

    return Probe(name=N_("卷宗处理队列"), code="queue", look=look)


def alerts_probe(database: Database, clock: Clock) -> Probe:
    """Return the probe of the messages that are to leave the platform."""

    async def look() -> Finding:
        async with database.reading() as tx:
            stuck = await tx.alerts.stuck_deliveries(clock.now() - STUCK_AFTER)
        if stuck:
            words = N_("有 {count} 条邮件、短信或回调十分钟还没发出。请检查邮件服务器、短信网关和网络。")
            return Finding(state=State.WORRYING, words=words, values=(("count", stuck),))
        return Finding(state=State.WELL, words=N_("邮件、短信和回调都已发出。"))

    return Probe(name=N_("提醒的发送"), code="alerts", look=look)


def calendar_probe(database: Database, clock: Clock) -> Probe:
    """Return the probe of the calendar: without a year's arrangement its deadlines are provisional."""

    async def look() -> Finding:
        async with database.reading() as tx:
            calendar = Calendar(await tx.cases.calendar_entries())
        today = local_date(clock.now())
        if not calendar.covers(today.year):
            words = N_("没有 {year} 年的放假安排，期限只能暂定。请在“放假日历”录入。")
            return Finding(state=State.FAILED, words=words, values=(("year", str(today.year)),))
        ahead = today.year + 1
        if today >= date(today.year, *CALENDAR_DUE) and not calendar.covers(ahead):
            words = N_("还没有 {year} 年的放假安排，跨年的期限只能暂定。请升级，或在“放假日历”录入。")
            return Finding(state=State.WORRYING, words=words, values=(("year", str(ahead)),))
        last = ahead if calendar.covers(ahead) else today.year
        return Finding(
            state=State.WELL, words=N_("放假安排已有到 {year} 年底。"), values=(("year", str(last)),)
        )

    return Probe(name=N_("放假日历"), code="calendar", look=look)


def heads_probe(publisher: HeadPublisher, settings: Settings, clock: Clock) -> Probe:
    """Return the probe of the audit log's tree heads, which belong in a second place."""

    async def look() -> Finding:
        if publisher.is_contradicted:
            return Finding(
                state=State.FAILED,
                words=N_("日志与上一个树头矛盾：被改写过，或数据库被还原。请运行 python3 -m server check。"),
            )
        if clock.now() - publisher.published_at > HEADS_LATE:
            return Finding(
                state=State.FAILED,
                words=N_("树头没有导出，日志在此期间被改动将无从发现。请检查 {folder} 能否写入。"),
                values=(("folder", str(settings.heads)),),
            )
        if await asyncio.to_thread(_are_together, settings):
            return Finding(
                state=State.WORRYING,
                words=N_("树头与数据库在同一块磁盘上，能改数据库的人也能改它。请设置 LIANBIAN_HEADS_DIR。"),
            )
        return Finding(state=State.WELL, words=N_("每分钟导出一次，最近一次正常。"))

    return Probe(name=N_("审计日志的树头"), code="heads", look=look)


def _are_together(settings: Settings) -> bool:
    """Tell whether the heads lie on the disk of an embedded database."""
    return not settings.database_url and settings.heads.stat().st_dev == settings.data_dir.stat().st_dev


def certificate_probe(path: Path, clock: Clock) -> Probe:
    """Return the probe of the proxy's certificate, a PEM file."""

    async def look() -> Finding:
        try:
            pem = await asyncio.to_thread(path.read_bytes)
            ends = x509.load_pem_x509_certificate(pem).not_valid_after_utc
        except (OSError, ValueError):
            return Finding(
                state=State.FAILED, words=N_("证书文件读不出来。请核对 LIANBIAN_CERTIFICATE 所指的文件。")
            )
        return _of_certificate(ends, clock.now())

    return Probe(name=N_("网站证书"), code="certificate", look=look)


def _of_certificate(ends: datetime, now: datetime) -> Finding:
    values = (("day", ends.astimezone(UTC).date().isoformat()), ("left", (ends - now).days))
    if ends <= now:
        words = N_("已于 {day} 过期，浏览器会拒绝打开网页。请立即更换。")
        return Finding(state=State.FAILED, words=words, values=values)
    if ends - now < RENEW_WITHIN:
        words = N_("{day} 到期，只剩 {left} 天。请检查自动续期。")
        return Finding(state=State.WORRYING, words=words, values=values)
    return Finding(state=State.WELL, words=N_("{day} 到期，还有 {left} 天。"), values=values)
