#!/usr/bin/env bash
# anthropic 2.14.0 for Python has no temperature, top_p or top_k: a call that sets one raises a TypeError before anything is sent, where
# 0.125.0 took all three. They leave by extra_body only, so that a gateway meets them in bodies that the SDK did not type.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check anthropic==2.14.0
cat >try.py <<'PY'
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import anthropic

asked = []

class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        body = json.dumps({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "stop_sequence": None,
            "content": [{"type": "text", "text": "Hi"}], "usage": {"input_tokens": 3, "output_tokens": 1},
        }).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = anthropic.Anthropic(api_key="any", base_url=f"http://127.0.0.1:{server.server_port}", max_retries=0)
for field, value in [("temperature", 0.5), ("top_p", 0.9), ("top_k", 5)]:
    ask = dict(model="m", max_tokens=9, messages=[{"role": "user", "content": "Hi"}])
    try:
        client.messages.create(**ask, **{field: value})
        own = "sent"
    except TypeError:
        own = f"TypeError, {len(asked)} sent"
    client.messages.create(**ask, extra_body={field: value})
    print(f"{field}: {own}; by extra_body {asked.pop().get(field)}")
PY
seen=$(venv/bin/python try.py)
echo "anthropic==2.14.0 on $(venv/bin/python --version)"
echo "$seen"
expected='temperature: TypeError, 0 sent; by extra_body 0.5
top_p: TypeError, 0 sent; by extra_body 0.9
top_k: TypeError, 0 sent; by extra_body 5'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
