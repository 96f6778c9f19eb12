"""A Darkroom server of one's own: started on a free port, asked over HTTP, stopped; the standard library alone."""
import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request


class ServerError(Exception):
    """What the server answered instead of a picture, or why there is no server."""

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


class Server:
    def __init__(self, darkroom, arguments, environment=None):
        """`arguments` follow `serve --port 0`. Returns once the server says that it is ready."""
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [darkroom, "serve", "--port", "0", "--log-level", "warning", *arguments], stdout=subprocess.PIPE,
            stderr=self.log, text=True, env=environment)
        line = self.process.stdout.readline()
        if "listening on" not in line:
            self.process.wait()
            raise ServerError(f"the server did not start: {self.said()}")
        self.url = line.split()[-1]
        self.await_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def await_ready(self, seconds=120):
        end = time.monotonic() + seconds
        while True:
            try:
                return self.ask("/readyz", timeout=5)
            except ServerError as error:
                # An engine that ends is started again, for ever; here the first time is one too many.
                if "restarting" in str(error) or time.monotonic() > end or self.process.poll() is not None:
                    self.stop()
                    raise ServerError(f"{error}: {self.said()}") from None
            time.sleep(0.05)

    def ask(self, path, body=None, timeout=600):
        """The reply's JSON; `body` is posted. Throws `ServerError` with the answer's code."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                answer = json.loads(text)
            except ValueError:
                answer = {}
            said = answer.get("detail") or answer.get("reason") or text
            raise ServerError(f"{error.code} {said}", answer.get("code")) from None
        except OSError as error:
            raise ServerError(f"no answer: {error}") from None

    def generate(self, **request):
        return self.ask("/generate", request)

    def said(self):
        """How the log begins, on one line."""
        self.log.seek(0)
        return " / ".join(self.log.read().strip().splitlines()[:2]) or "it said nothing"

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def write_model(folder, name, checkpoint, **defaults):
    """Registers a checkpoint in a models folder: the TOML file, and a link to the weights."""
    values = dict(cfg=5, steps=20, width=1024, height=1024) | defaults
    os.symlink(os.path.abspath(checkpoint), os.path.join(folder, name + ".safetensors"))
    with open(os.path.join(folder, name + ".toml"), "w") as out:
        out.write(f'id = "{name}"\ndisplay_name = "{name}"\nfile = "{name}.safetensors"\nsource = "local"\n'
                  'architecture = "sdxl"\n\n[defaults]\n')
        out.writelines(f"{key} = {value}\n" for key, value in values.items())
