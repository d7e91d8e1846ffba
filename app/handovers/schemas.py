"""What goes over the wire about a hand-over?"""

from pydantic import Field

from app.wire import In, Line, Out


class HandOver(In):
    """To whom the case is handed over; it stands, sealed, in the entry that records this."""

    to: Line = Field(examples=["民权县人民检察院"])


class HandedOver(Out):
    """What was handed over, where the same request is sent again: the package itself leaves only once."""

    sha256: str = Field(description="Of the package, hex; it stands in the log / 移交包的散列")
    size: int = Field(description="Bytes of the package / 字节数")
    entries: int
    evidence: int = Field(description="Photos and scans enclosed / 所附照片与扫描件数")
    checkpoint_size: int
