"""Tables of lawyers' profiles and absences."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, String, Table

from server.cases.offences import OffenceGroup
from server.cooperation.model import LawyerCategory
from storage.columns import EnumText, EnumTuple, TextTuple
from storage.tables.base import Id, metadata

lawyer_profile = Table(
    "lawyer_profile",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("category", EnumText(LawyerCategory), nullable=False),
    Column("area_id", Id, ForeignKey("organisation.id"), nullable=False),
    Column("region_code", String(6), nullable=False),
    Column("criminal_defence_since", Date),
    Column("specialities", EnumTuple(OffenceGroup), nullable=False),
    Column("minors", Boolean, nullable=False),
    Column("languages", TextTuple, nullable=False),
    Column("counties", TextTuple, nullable=False),
    Column("overflow", Boolean, nullable=False),
    Column("cap", Integer, nullable=False),
    Column("suspended", Boolean, nullable=False),
)

leave = Table(
    "leave",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("from_day", Date, primary_key=True),
    Column("until_day", Date, nullable=False),
)
