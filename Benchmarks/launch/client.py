"""The control socket as a lean client uses it: one connection that stays open, the requests made beforehand.

As a program: `client.py SOCKET RUNS` executes so often.
"""

import json
import selectors
import socket
import sys
import time


def request(method, target, body=b""):
    head = f"{method} {target} HTTP/1.1\r\nHost: jrun\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


EXECUTE = request("POST", "/v1/execute", b'{"program":"true"}')
CREATE = request("POST", "/v1/runs", b'{"program":"true"}')


class Refused(Exception):
    pass


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.received = b""

    def send(self, message):
        self.received = b""
        self.socket.sendall(message)

    def receive(self):
        """One read; the answer once it is whole, (status, body)."""
        piece = self.socket.recv(1 << 16)
        if not piece:
            raise Refused("jrund closed the connection")
        self.received += piece
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        status, length = int(head[9:12]), 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return None if len(body) < length else (status, body)

    def ask(self, message):
        self.send(message)
        while (answer := self.receive()) is None:
            pass
        status, body = answer
        if status >= 300:
            raise Refused(f"{status}: {body.decode()}")
        return body

    def close(self):
        self.socket.close()


def execute(connection):
    """Nanoseconds from the request to the whole answer, and jrun's own phases in microseconds."""
    begin = time.perf_counter_ns()
    body = connection.ask(EXECUTE)
    end = time.perf_counter_ns()
    report = json.loads(body)["report"]
    if report["state"] != "complete":
        raise Refused(body.decode())
    return end - begin, report["phases"]


def create_start_wait(connection):
    """Nanoseconds of the three requests together, and of each by name; the removal comes behind them."""
    begin = time.perf_counter_ns()
    name = json.loads(connection.ask(CREATE))["id"]
    created = time.perf_counter_ns()
    connection.ask(request("POST", f"/v1/runs/{name}/start"))
    started = time.perf_counter_ns()
    ended = json.loads(connection.ask(request("GET", f"/v1/runs/{name}?wait=60")))
    end = time.perf_counter_ns()
    connection.ask(request("DELETE", f"/v1/runs/{name}"))
    if ended["state"] != "complete":
        raise Refused(json.dumps(ended))
    parts = {
        "create: directory, request, events": created - begin, "start: from there to the program's execve": started - created,
        "wait: the program, its end, the report": end - started, "remove": time.perf_counter_ns() - end,
    }
    return end - begin, parts


def sustained(path, clients, seconds):
    """Runs a second of so many clients, each of which asks again when it has its answer; one thread serves them all."""
    connections = [Connection(path) for _ in range(clients)]
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        begin = time.perf_counter()
        end = begin + seconds
        for connection in connections:
            connection.send(EXECUTE)
        done, waiting = 0, clients
        while waiting:
            for key, _ in selector.select():
                answer = key.data.receive()
                if answer is None:
                    continue
                if answer[0] >= 300:
                    raise Refused(f"{answer[0]}: {answer[1].decode()}")
                done += 1
                if time.perf_counter() < end:
                    key.data.send(EXECUTE)
                else:
                    waiting -= 1
        elapsed = time.perf_counter() - begin
    for connection in connections:
        connection.close()
    return done / elapsed


if __name__ == "__main__":
    only = Connection(sys.argv[1])
    for _ in range(int(sys.argv[2])):
        execute(only)
