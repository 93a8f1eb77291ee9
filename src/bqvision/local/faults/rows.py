"""Images that get another answer than the vision model's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typing_extensions import override

from bqvision.local.inference import FixedRowError
from bqvision.local.models import VisionModels
from bqvision.local.rows import storable
from bqvision.local.vision import VisionAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bqvision.local.faults.ledger import Ledger
    from bqvision.local.vision import VisionModel, VisionRequest
    from bqvision.testing.faults import Fault

_IMAGE_TOKENS: Final = 258
"""What Gemini counts for a picture."""
_CHARS_PER_TOKEN: Final = 4


class FaultyModels(VisionModels):
    """Vision models that are not asked about the images that a fault strikes.

    Args:
        models: Pattern to model; the first that matches answers.
        workers: How many calls run at once.
        ledger: Says which faults strike.
    """

    def __init__(self, models: Mapping[str, VisionModel], workers: int, ledger: Ledger) -> None:
        super().__init__(models, workers)
        self._ledger = ledger

    @override
    def ask(self, model: VisionModel, request: VisionRequest) -> VisionAnswer:
        """Ask a model, where no fault answers, and count the call.

        Raises:
            RowError: The row can't be answered, or a fault strikes it.
            ModelError: The model broke down.
        """
        fault = self._ledger.row([image.uri for image in request.images])
        return super().ask(model if fault is None else _failing(fault), request)


def _failing(fault: Fault) -> VisionModel:
    def fail(_: VisionRequest, /) -> VisionAnswer:
        raise _fixed(fault)

    return fail


def _fixed(fault: Fault) -> FixedRowError:
    values = {
        name: storable(value) if isinstance(value, str) else None for name, value in fault.options.items()
    }
    text, finish_reason = values["text"], values["finish_reason"]
    if finish_reason is None:
        return FixedRowError(None, values["row_status"])
    said = "" if text is None else text
    tokens = len(said) // _CHARS_PER_TOKEN
    return FixedRowError(VisionAnswer(said, _IMAGE_TOKENS, tokens, finish_reason), values["row_status"])
