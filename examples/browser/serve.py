"""Serves this folder, and npckit's shipped rivals as zoo/NAME.onnx, to a browser on this machine.

npm install                # once, in this folder: onnxruntime-web
python serve.py            # says where the page is; --port 8000
"""

import argparse
import json
from collections.abc import Sequence
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from npckit.agents.policy_file import shipped

HERE = Path(__file__).parent


@cache
def selftest() -> bytes:
    from record import record

    return json.dumps(record()).encode()


class Handler(SimpleHTTPRequestHandler):
    """Files with the types that browsers insist on for modules and WebAssembly. One thread is used there, so no other header."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript", ".wasm": "application/wasm"}  # noqa: RUF012

    def translate_path(self, path: str) -> str:
        """Rivals lie in npckit, wherever that is installed."""
        place = Path(super().translate_path(path))
        rivals = shipped()
        return str(rivals[place.stem]) if place.parent.name == "zoo" and place.stem in rivals else str(place)

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/selftest.json":
            return super().do_GET()
        body = selftest()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A game's console is quiet."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--folder", type=Path, default=HERE, help="of the page, with its node_modules")
    options = parser.parse_args(arguments)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), partial(Handler, directory=str(options.folder)))
    print(
        f"http://127.0.0.1:{server.server_port}/ (Ctrl+C ends; /?selftest compares the browser with Python)", flush=True
    )
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
