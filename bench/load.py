"""
A load generator: requests over kept connections, each sent as soon as the last was answered.

`python -m bench.load ADDRESS` reads requests (a JSON list of [path, token, body]) from standard
input and prints what it measured as JSON. A process of its own, so that it shares no lock with
what it measures.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter
from typing import Any


def fire(address: tuple[str, int], requests: list[list[Any]], connections: int) -> dict[str, Any]:
    """Send the requests in their order over so many connections; return the figures."""
    waiting = iter([_bytes(*request) for request in requests])
    selector = selectors.DefaultSelector()
    took: list[float] = []
    codes: Counter[str] = Counter()
    began = time.perf_counter()
    for _ in range(min(connections, len(requests))):
        link = socket.create_connection(address)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(link, selectors.EVENT_READ, [time.perf_counter(), b""])
        link.sendall(next(waiting))
    while selector.get_map():
        for key, _events in selector.select():
            state = key.data
            state[1] += key.fileobj.recv(65536)  # type: ignore[union-attr]
            head, gap, body = state[1].partition(b"\r\n\r\n")
            if not gap or len(body) < _length(head):
                continue
            took.append(time.perf_counter() - state[0])
            codes[_code(head, body)] += 1
            following = next(waiting, None)
            if following is None:
                selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
                continue
            state[0], state[1] = time.perf_counter(), b""
            key.fileobj.sendall(following)  # type: ignore[union-attr]
    seconds = time.perf_counter() - began
    took.sort()
    return {
        "rate": len(took) / seconds,
        "p50": took[len(took) // 2] * 1000,
        "p99": took[int(len(took) * 0.99)] * 1000,
        "codes": dict(codes),
    }


def _bytes(path: str, token: str, body: dict[str, Any]) -> bytes:
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def _code(head: bytes, body: bytes) -> str:
    status = head.split(b" ", 2)[1].decode()
    found = body.partition(b'"code":"')[2].partition(b'"')[0].decode()
    return f"{status} {found}".strip()


if __name__ == "__main__":
    host, _, port = sys.argv[1].partition(":")
    print(json.dumps(fire((host, int(port)), json.load(sys.stdin), int(sys.argv[2]))))
