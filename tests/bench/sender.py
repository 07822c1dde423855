"""A client that costs little: whole requests made beforehand, raw sockets, answers read after the timing.

Standard library only and no package import: `python -I sender.py PORT CONNECTIONS FILE`. FILE holds a
pickled list of requests, in bytes. Says "ready", waits for a line, sends everything over so many
connections at once, and prints one JSON object.
"""

import json
import pickle
import socket
import sys
import threading
import time
from pathlib import Path


class Reader:
    """Reads one answer after the other from a connection that stays open."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.left = b""

    def answer(self) -> tuple[int, bytes]:
        """Return status and body; an answer has a Content-Length."""
        head = self._until(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"
        )
        while len(self.left) < length:
            self._more()
        body, self.left = self.left[:length], self.left[length:]
        return int(head[9:12]), body

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.left:
            self._more()
        head, _mark, self.left = self.left.partition(mark)
        return head

    def _more(self) -> None:
        part = self.connection.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.left += part


def open_connections(port: int, connections: int) -> list[Reader]:
    """Return readers of so many connections to the server."""
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    for one in sockets:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return [Reader(one) for one in sockets]


def main(port: int, connections: int, path: str) -> None:
    """Send, time, tell."""
    requests: list[bytes] = pickle.loads(Path(path).read_bytes())
    left = list(reversed(requests))
    answers: list[tuple[int, bytes, float]] = []
    readers = open_connections(port, connections)
    failed: list[BaseException] = []

    def work(reader: Reader) -> None:
        try:
            while True:
                try:
                    request = left.pop()
                except IndexError:
                    return
                began = time.perf_counter()
                reader.connection.sendall(request)
                answers.append((*reader.answer(), time.perf_counter() - began))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in readers]
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    print(json.dumps(told(answers, seconds, [repr(error) for error in failed])), flush=True)  # noqa: T201


def told(answers: list[tuple[int, bytes, float]], seconds: float, failed: list[str]) -> dict[str, object]:
    """Return what the benchmark needs of the answers."""
    bodies = [json.loads(body) for status, body, _took in answers if status == 200 and body[:1] == b"{"]
    return {
        "seconds": seconds,
        "failed": failed,
        "answers": len(answers),
        "last": answers[-1][1].decode(errors="replace") if answers else "",
        "statuses": sorted({status for status, _body, _took in answers}),
        "accepted": sum(body.get("accepted", 0) for body in bodies),
        "duplicates": sum(body.get("duplicates", 0) for body in bodies),
        "rejected": sum(len(body.get("rejected", ())) for body in bodies),
        "milliseconds": sorted(round(took * 1000, 3) for _status, _body, took in answers),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
