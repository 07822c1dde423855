"""An open-loop client: each request has its moment, whether or not earlier ones are answered.

Standard library only, started as `python -I pacer.py PORT CONNECTIONS RATE FILE`. FILE holds a pickled list
of requests, RATE is how many of them are due a second. Says "ready", waits for a line, and prints one JSON
object: the answers' times count from the moment a request was due, so that waiting for a connection is in.
"""

import json
import pickle
import sys
import threading
import time
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves it out

from sender import open_connections, told


def main(port: int, connections: int, rate: float, path: str) -> None:
    """Send each at its moment, tell."""
    requests: list[bytes] = pickle.loads(Path(path).read_bytes())
    answers: list[tuple[int, bytes, float]] = []
    failed: list[BaseException] = []
    numbers = count()  # next() is one step of the interpreter: no two threads get the same
    readers = open_connections(port, connections)
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    start = time.perf_counter()

    def work(n: int) -> None:
        try:
            while (number := next(numbers)) < len(requests):
                due = start + number / rate
                time.sleep(max(0.0, due - time.perf_counter()))
                readers[n].connection.sendall(requests[number])
                answers.append((*readers[n].answer(), time.perf_counter() - due))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    print(json.dumps(told(answers, seconds, [repr(error) for error in failed])), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
