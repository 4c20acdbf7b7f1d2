"""Workbooks: the yearly bilan and annexe 1, as XLSX; same facts, same bytes."""

from server.documents.workbooks.annexes import annexe_workbook
from server.documents.workbooks.bilans import Heading, bilan_workbook

__all__ = ["Heading", "annexe_workbook", "bilan_workbook"]
