"""A volume driver of the standard library alone: volumes are directories. See docs/wire-protocol.md."""

import contextlib, itertools, json, os, queue, shutil, socket, threading


class Volumes:
    """What success means is that the world is so: every method may be called again, and beside itself."""

    def create(self, args, ctx):
        ctx.step("directory", lambda: os.makedirs(args["path"], mode=0o755, exist_ok=True))
        ctx.note("info", "volume made", {"name": args["name"]})
        return {}

    def publish(self, args, ctx):
        os.makedirs(os.path.join(ctx.home["runDir"], args["name"], args["consumer"]), exist_ok=True)
        return {"path": args["path"]}

    def unpublish(self, args, ctx):
        shutil.rmtree(os.path.join(ctx.home["runDir"], args["name"], args["consumer"]), ignore_errors=True)
        return {}

    def remove(self, args, ctx):
        volume = os.path.dirname(args["path"])
        # Renamed first: what a crash leaves of it is no volume any more, and goes with the next try.
        doomed = os.path.join(os.path.dirname(volume), ".rm-" + os.path.basename(volume))
        shutil.rmtree(doomed, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            os.rename(volume, doomed)
        shutil.rmtree(doomed, ignore_errors=True)
        return {}

    def observe(self, args, ctx):
        run = ctx.home["runDir"]
        names = os.listdir(run) if os.path.isdir(run) else []
        return [{"resource": "publication", "id": one, "of": name} for name in names for one in os.listdir(os.path.join(run, name))]


class Context:
    """What a verb gets beside its arguments."""

    def __init__(self, guest, call):
        self.guest, self.call, self.home = guest, call["id"], guest.welcome["drivers"][call["driver"]]["home"]

    def step(self, name, run):
        """Does `run` once for this call, whatever crashes; afterwards its recorded answer is given."""
        answer = self.guest.ask({"what": "step", "call": self.call, "step": name})
        if answer.get("todo"):
            answer = self.guest.ask({"what": "record", "call": self.call, "step": name, "value": run()})
        return answer.get("value")

    def note(self, level, message, facts):
        self.guest.send({"t": "note", "level": level, "message": message, "facts": facts})


class Guest:
    def __init__(self, path, manifest, drivers):
        self.manifest, self.drivers, self.welcome = manifest, drivers, None
        self.lock, self.numbers, self.asks, self.socket = threading.Lock(), itertools.count(1), {}, socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def send(self, message):
        with self.lock:
            self.socket.sendall((json.dumps(message) + "\n").encode())

    def ask(self, question):
        number = next(self.numbers)
        box = self.asks[number] = queue.Queue()
        self.send({"t": "ask", "ask": number, **question})
        answer = box.get()
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer

    def perform(self, call):
        try:
            verb = (lambda args, ctx: {"usable": True}) if call["verb"] == "probe" else getattr(self.drivers[call["driver"]], call["verb"])
            self.send({"t": "res", "id": call["id"], "answer": verb(call["args"], Context(self, call))})
        except Exception as error:
            self.send({"t": "res", "id": call["id"], "error": {"code": "DRIVER_FAILED", "message": str(error) or repr(error)}})

    def serve(self):
        field, plugin = self.manifest["shiplog"], {key: self.manifest[key] for key in ("name", "version")}
        self.send({"t": "hello", "api": field["api"], "plugin": plugin, "drivers": field["drivers"]})
        for message in map(json.loads, self.socket.makefile("r", encoding="utf-8")):
            if message["t"] == "welcome":
                self.welcome = message
            elif message["t"] == "call":
                threading.Thread(target=self.perform, args=(message,), daemon=True).start()
            elif message["t"] == "ans":
                self.asks.pop(message["ask"]).put(message)
            elif message["t"] == "ping":
                self.send({"t": "pong", "n": message["n"]})
            elif message["t"] == "bye":
                return


if __name__ == "__main__":
    manifest = json.load(open("package.json"))
    drivers = {f"{one['kind']}/{one['name']}": Volumes() for one in manifest["shiplog"]["drivers"]}
    Guest(os.environ["SHIPLOG_SOCKET"], manifest, drivers).serve()
