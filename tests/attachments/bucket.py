"""A bucket of an object store on this machine: what of S3's interface attachments use, each signature checked.

As the service's documentation tells of it: path style, Signature Version 4, an error as XML.
"""

import hashlib
import hmac
import re
import threading
from collections import defaultdict
from functools import reduce
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from uuid import uuid4
from xml.sax.saxutils import escape, unescape

KEY, SECRET, REGION = "huayuan", "s" * 40, "cn-north-1"


class Bucket(ThreadingHTTPServer):
    """`files` by name; `asked` is what was asked of it; `refused`, requests whose signature was not right."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name, self.files, self.refused = name, dict[str, bytes](), 0
        self.parts: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """What an operator sets besides `s3://name`."""
        endpoint = f"http://127.0.0.1:{self.server_port}"
        names = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}
        return names | {"AWS_ENDPOINT": endpoint}

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Bucket
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    do_PUT = do_POST = do_GET  # noqa: N815  named by http.server

    def _answer(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        url = urlsplit(self.path)
        self.query = dict(parse_qsl(url.query, keep_blank_values=True))
        _, bucket, *name = unquote(url.path).split("/", 2)
        doing = self.command + "".join(f" {each}" for each in sorted(self.query) if each != "prefix")
        self.server.asked.append(doing)
        if not self._is_signed(url.path):
            self.server.refused += 1
            self._say(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>")
        elif bucket != self.server.name:
            self._say(404, "<Error><Code>NoSuchBucket</Code></Error>")
        else:
            getattr(self, "_" + doing.lower().replace(" ", "_").replace("-", "_"))(*name)

    def _is_signed(self, path: str) -> bool:
        """Signature Version 4, in the header; the body is what its digest says."""
        given = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8}/[\w-]+/s3/aws4_request), "
            r"SignedHeaders=([\w;-]+), Signature=(\w+)",
            self.headers.get("authorization", ""),
        )
        digest = self.headers.get("x-amz-content-sha256")
        if not given or given[1] != KEY or digest not in (hashlib.sha256(self.body).hexdigest(), "UNSIGNED-PAYLOAD"):
            return False
        _, scope, signed, signature = given.groups()
        query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(self.query.items()))
        headers = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in signed.split(";"))
        request = f"{self.command}\n{path}\n{query}\n{headers}\n{signed}\n{digest}"
        told = hashlib.sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{told}"
        key = reduce(_mac, scope.split("/"), b"AWS4" + SECRET.encode())
        return hmac.compare_digest(_mac(key, text).hex(), signature)

    def _say(self, status: int, body: str | bytes = b"", **headers: Any) -> None:
        content = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _put(self, name: str) -> None:
        self.server.files[name] = self.body
        self._say(200, ETag=_etag(self.body))

    def _get(self, name: str) -> None:
        content = self.server.files.get(name)
        if content is None:
            self._say(404, "<Error><Code>NoSuchKey</Code></Error>")
            return
        told: dict[str, Any] = {"ETag": _etag(content), "Last_Modified": "Sat, 01 Apr 2017 08:00:00 GMT"}
        if part := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", "")):
            first, end = int(part[1]), min(int(part[2] or len(content)) + 1, len(content))
            self._say(206, content[first:end], **told, Content_Range=f"bytes {first}-{end - 1}/{len(content)}")
        else:
            self._say(200, content, **told)

    def _get_list_type(self, *_: str) -> None:
        found = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>2017-04-01T08:00:00.000Z</LastModified>"
            f"<ETag>{escape(_etag(content))}</ETag><Size>{len(content)}</Size></Contents>"
            for name, content in sorted(self.server.files.items())
            if name.startswith(self.query["prefix"])
        )
        self._say(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>")

    def _post_delete(self, *_: str) -> None:
        names = [unescape(name) for name in re.findall("<Key>([^<]*)</Key>", self.body.decode())]
        for name in names:
            self.server.files.pop(name, None)
        gone = "".join(f"<Deleted><Key>{escape(name)}</Key></Deleted>" for name in names)
        self._say(200, f"<DeleteResult>{gone}</DeleteResult>")

    def _post_uploads(self, name: str) -> None:
        told = f"<Bucket>{self.server.name}</Bucket><Key>{escape(name)}</Key><UploadId>{uuid4()}</UploadId>"
        self._say(200, f"<InitiateMultipartUploadResult>{told}</InitiateMultipartUploadResult>")

    def _put_partnumber_uploadid(self, _: str) -> None:
        self.server.parts[self.query["uploadId"]][int(self.query["partNumber"])] = self.body
        self._say(200, ETag=_etag(self.body))

    def _post_uploadid(self, name: str) -> None:
        parts = self.server.parts.pop(self.query["uploadId"])
        self.server.files[name] = b"".join(parts[number] for number in sorted(parts))
        told = f"<Key>{escape(name)}</Key><ETag>{escape(_etag(self.server.files[name]))}</ETag>"
        self._say(200, f"<CompleteMultipartUploadResult>{told}</CompleteMultipartUploadResult>")

    def log_message(self, *_: Any) -> None:
        pass


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
