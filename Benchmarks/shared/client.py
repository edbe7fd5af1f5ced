"""The control socket as a lean client uses it: one connection that stays open, the requests made beforehand.

As a program: `client.py SOCKET RUNS` executes so often.
"""

import json
import socket
import sys
import time


def request(method, target, body=b""):
    head = f"{method} {target} HTTP/1.1\r\nHost: jrun\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def execute_request(program, query=""):
    return request("POST", f"/v1/execute{query}", json.dumps({"program": program}).encode())


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
            if name.lower() == b"transfer-encoding" and not body.endswith(b"0\r\n\r\n"):
                return None  # a short stream of bytes: its chunks stay as they are
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


def execute(connection, program="true"):
    """Nanoseconds from the request to the whole answer, and jrun's own phases in microseconds."""
    message = execute_request(program)
    begin = time.perf_counter_ns()
    body = connection.ask(message)
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


class Daemon:
    """The control API as far as the benchmarks need it."""

    def __init__(self, path):
        self.connection = Connection(path)

    def ask(self, method, target, body=None):
        text = b"" if body is None else json.dumps(body).encode()
        answer = self.connection.ask(request(method, target, text))
        return json.loads(answer) if answer else None

    def create(self, program, *arguments, limits=None):
        return self.ask("POST", "/v1/runs", {
            "program": program, "arguments": [str(word) for word in arguments], "limits": limits or {}})["id"]

    def start(self, name):
        run = self.ask("POST", f"/v1/runs/{name}/start")
        if run["state"] == "failed":
            raise Refused(json.dumps(run))

    def launch(self, program, *arguments, limits=None):
        name = self.create(program, *arguments, limits=limits)
        self.start(name)
        return name

    def wait(self, name):
        return self.ask("GET", f"/v1/runs/{name}?wait=300")

    def ended(self, name):
        """Its report, once it is complete."""
        run = self.wait(name)
        if run["state"] != "complete":
            raise Refused(json.dumps(run))
        return self.ask("GET", f"/v1/runs/{name}/report")

    def remove(self, name):
        self.ask("DELETE", f"/v1/runs/{name}?kill=true")


if __name__ == "__main__":
    only = Connection(sys.argv[1])
    for _ in range(int(sys.argv[2])):
        execute(only)
