"""Websockets: opened the same way everywhere, bounded in size, with a heartbeat."""

from aiohttp import web

MAX_MESSAGE_BYTES = 256 * 1024
HEARTBEAT_S = 10.0


async def open_socket(request: web.Request, *, max_bytes: int = MAX_MESSAGE_BYTES) -> web.WebSocketResponse:
    """Upgrade `request`; its origin was checked by the middleware, its sender by the handler.

    A peer that does not answer a ping within half of `HEARTBEAT_S` is closed.
    """
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=max_bytes)
    await socket.prepare(request)
    return socket
