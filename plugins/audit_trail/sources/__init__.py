"""Where logs are found and how their bytes are pinned."""

from audit_trail.sources.input_stream import InputStream
from audit_trail.sources.listing import list_all, list_files
from audit_trail.sources.sealed_ranges import SealedRange
from audit_trail.sources.source_access import SourceAccess
from audit_trail.sources.source_files import Listing, Skipped, SourceFile
from audit_trail.sources.url_pattern import expand_dates

__all__ = [
    "InputStream",
    "Listing",
    "SealedRange",
    "Skipped",
    "SourceAccess",
    "SourceFile",
    "expand_dates",
    "list_all",
    "list_files",
]
