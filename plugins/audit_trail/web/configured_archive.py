"""The archive that the settings name, as the API server sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audit_trail.settings import Settings, load_settings
from audit_trail.signing.pins import genesis_pin

if TYPE_CHECKING:
    from audit_trail.archive.aws_clients import ClientFactory
    from audit_trail.pipeline.stage_context import StageContext


@dataclass(slots=True)
class ConfiguredArchive:
    """Reads the settings each time, and opens the archive again only when they have changed.

    May be called from any thread.

    Attributes:
        clients: Makes what opens clients of AWS by the settings; None: the settings alone say how.
    """

    clients: Callable[[Settings], ClientFactory] | None = None
    _known: StageContext | None = field(default=None)

    def __call__(self) -> StageContext:
        """The archive, to be read only.

        Raises:
            ConfigurationError: Wrong settings, or no archive is known.
        """
        from audit_trail.pipeline.stage_context import StageContext

        settings = load_settings()
        genesis, known = genesis_pin(settings), self._known
        if known is None or known.settings != settings or known.genesis != genesis:
            known = StageContext(settings=settings)
            if self.clients is not None:
                known.clients = self.clients(settings)
            if settings.pin == "airflow-variable":
                from audit_trail.web.stored_variable import StoredVariablePin

                known.pin = StoredVariablePin(genesis)
            self._known = known
        return known
