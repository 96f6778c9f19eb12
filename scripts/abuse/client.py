"""A client that sends any bytes and reads responses strictly: what is not HTTP is an error."""

import json
import re
import select
import socket
import time

from case import Failure

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Closed(Exception):
    """The server closed, or reset, before a response began."""


class Response:
    def __init__(self, status, fields, body, interim, chunks):
        self.status, self.fields, self.body = status, fields, body
        self.interim, self.chunks = interim, chunks

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def __getitem__(self, name):
        values = self.all(name)
        return values[0] if values else None

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def __str__(self):
        return f"{self.status} {self.fields} {self.body[:600]!r}"


class Client:
    def __init__(self, address, patience=8.0, receive_buffer=None):
        self.patience = patience
        self.buffer = b""
        self.ended = False
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(patience)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes so that the server gets a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _poll(self, events, seconds):
        """What of `events`, or the end, came within that time. Unlike select, for any number of descriptors."""
        poll = select.poll()
        poll.register(self.socket, events)
        happened = poll.poll(seconds * 1000)
        return happened[0][1] if happened else 0

    def _receive(self):
        try:
            piece = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if piece:
            self.buffer += piece
        else:
            self.ended = True

    def send(self, data, split=0, until_response=False):
        """Sends while reading, so that neither side waits for the other for ever. Gives up when the server ends.

        - until_response: stops as soon as something came back.
        Returns the bytes sent."""
        view = memoryview(data)
        sent = 0
        end = time.monotonic() + self.patience
        while sent < len(view) and time.monotonic() < end:
            if self.ended or (until_response and self.buffer):
                break
            size = split or 1 << 16
            happened = self._poll(select.POLLIN | select.POLLOUT, 1)
            if happened & ~select.POLLOUT:
                self._receive()
            if happened & select.POLLOUT and not self.ended:
                try:
                    sent += self.socket.send(view[sent : sent + size])
                except BlockingIOError:
                    pass
                except OSError:
                    self._receive()
                    break
        return sent

    def wait(self, seconds):
        """Reads what comes within that time; whether anything did, or the end."""
        before = len(self.buffer)
        end = time.monotonic() + seconds
        while not self.ended and len(self.buffer) == before:
            left = end - time.monotonic()
            if left <= 0:
                return False
            if self._poll(select.POLLIN, left):
                self._receive()
        return True

    def _need(self, enough, end):
        while not enough():
            if self.ended:
                return False
            left = end - time.monotonic()
            if left <= 0:
                raise Failure(f"nothing more within {self.patience:g} s; so far {self.buffer[:300]!r}")
            if self._poll(select.POLLIN, left):
                self._receive()
        return True

    def _take(self, count):
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def line(self, end):
        if not self._need(lambda: b"\r\n" in self.buffer, end):
            raise Failure(f"the connection ended within a line: {self.buffer[:200]!r}")
        line = self._take(self.buffer.index(b"\r\n") + 2)[:-2]
        if b"\n" in line or b"\r" in line:
            raise Failure(f"a bare line end in {line!r}")
        return line

    def head(self, end):
        """The status and the fields of one response, interim or not."""
        status = self.line(end)
        if not re.fullmatch(rb"HTTP/1\.1 [1-5]\d\d [ -~]*", status):
            raise Failure(f"not a status line: {status!r}")
        fields = []
        while line := self.line(end):
            name, colon, value = line.partition(b":")
            if not colon or not TOKEN.fullmatch(name) or re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value):
                raise Failure(f"not a header field: {line!r}")
            fields.append((name.decode(), value.strip(b" \t").decode("latin-1")))
        return int(status[9:12]), fields

    def response(self, to_head=False):
        """The next final response. Raises Closed when the server ends instead."""
        end = time.monotonic() + self.patience
        interim = 0
        while True:
            if not self._need(lambda: self.buffer, end):
                raise Closed
            status, fields = self.head(end)
            if status >= 200:
                break
            interim += 1
        response = Response(status, fields, b"", interim, None)
        lengths, coding = response.all("content-length"), response["transfer-encoding"]
        if len(lengths) > 1 or (lengths and coding):
            raise Failure(f"the length is told twice: {fields}")
        if to_head or status in (204, 304):
            return response
        if coding:
            if coding != "chunked":
                raise Failure(f"Transfer-Encoding is {coding!r}")
            response.chunks = []
            while piece := self.chunk(end):
                response.chunks.append(piece)
            response.body = b"".join(response.chunks)
        elif lengths:
            if not re.fullmatch(r"\d+", lengths[0]):
                raise Failure(f"Content-Length is {lengths[0]!r}")
            size = int(lengths[0])
            if not self._need(lambda: len(self.buffer) >= size, end):
                raise Failure(f"{len(self.buffer)} bytes of a body of {size}")
            response.body = self._take(size)
        else:
            self._need(lambda: False, end)
            response.body = self._take(len(self.buffer))
        return response

    def chunk(self, end):
        size = self.line(end)
        if not re.fullmatch(rb"[0-9a-fA-F]+", size):
            raise Failure(f"not a chunk size: {size!r}")
        count = int(size, 16)
        if not self._need(lambda: len(self.buffer) >= count + 2, end):
            raise Failure("the connection ended within a chunk")
        data = self._take(count + 2)
        if data[-2:] != b"\r\n":
            raise Failure("a chunk without its end")
        return data[:-2]

    def rest(self):
        """Everything to the end of the connection."""
        self._need(lambda: False, time.monotonic() + self.patience)
        return self._take(len(self.buffer))
