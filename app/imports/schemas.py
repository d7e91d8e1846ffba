"""What goes over the wire about sheets that were handed in?"""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.imports.rules import Mode, Outcome
from app.intake.rules import Kind
from app.reading import PageQuery
from app.wire import OfTownship, Out, PageOut, WorkflowOut

State = Literal["received", "checked", "running", "done", "cancelled"]


class ImportQuery(BaseModel):
    """What kind of sheet, and what is to become of it."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Field(description="人员花名册、贫困户登记表、结对帮扶花名册、走访记录")
    mode: Mode = Field(Mode.ATOMIC, description="All rows or none (at most 5,000), or the good ones / 整批或逐行")
    dry_run: bool = Field(True, description="Check and report only; carry-out imports / 只检查不导入")
    township_code: OfTownship = None


class ColumnOut(Out):
    """A column of the sheet by its own heading, and what it is read as; null where it is not read."""

    heading: str
    field: str | None


class ImportOut(WorkflowOut):
    """A sheet that was handed in; nothing of it is on the registers before it is carried out."""

    state: State
    kind: Kind
    mode: Mode
    dry_run: bool
    importer_id: UUID | None
    from_county: bool = Field(description="Handed in by a system of the county / 由县级系统提交")
    digest: str = Field(description="SHA-256 of the file")
    size: int
    media: str
    header_row: int
    columns: list[ColumnOut]
    long: bool = Field(description="More than 5,000 rows: taken in pieces by the worker / 超过 5000 行,由后台分批办理")
    rows: int | None = Field(description="Rows of the sheet; null until the worker has read a long one")
    progress: int = Field(description="The row that checking or importing has reached / 已办理到的行号")
    good: int = Field(description="Rows in order / 可导入的行数")
    bad: int
    imported: int
    made: dict[str, int] = Field(description="Records by resource that were made, or would be / 已(将)生成的记录数")
    expires_on: date = Field(description="From then on the report is deleted / 报告保存至")


class ImportPage(PageOut):
    items: list[ImportOut]


class ImportsQuery(PageQuery):
    kind: Kind | None = None
    state: State | None = None


class ReportQuery(PageQuery):
    outcome: Outcome | None = None


class RowProblem(Out):
    """What is wrong, in the reader's language; `column` is the sheet's own heading."""

    column: str | None
    code: str
    message: str


class Made(Out):
    """A record that the row became."""

    resource: str
    id: UUID


class RowOut(Out):
    """A row by its number in the sheet, and what became of it."""

    row: int
    outcome: Outcome
    problems: list[RowProblem]
    records: list[Made]


class ReportPage(Out):
    """Rows of one sheet; as a file it is that sheet, not this list."""

    items: list[RowOut]
    next_cursor: str | None
