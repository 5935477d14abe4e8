"""`nopt` that prints the processor seconds of its stages, as JSON; arguments as for `nopt`."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline

from nopt.tools.nopt import NoptMain, main

_STAGES = {"affine_nest": "nests", "tensor_intrinsic": "tiles", "isa": "instructions"}
"""The stage of the passes of each level; all others are among those on graphs."""


class TimedNopt(NoptMain):
    """`nopt` that counts the processor seconds of its stages."""

    def __init__(self, *arguments: Any):
        self.seconds: Counter[str] = Counter()
        self._last = 0.0
        super().__init__(*arguments)
        self._end("start")

    def run(self) -> None:
        super().run()
        print(json.dumps(self.seconds))

    def _end(self, stage: str) -> None:
        """A stage ends now. The first one began with the process."""
        last, self._last = self._last, time.process_time()
        self.seconds[stage] += self._last - last

    def setup_pipeline(self) -> None:
        super().setup_pipeline()
        between_passes = self.pipeline.callback
        assert between_passes is not None

        def callback(
            previous: ModulePass | None, module: ModuleOp, following: ModulePass | None
        ) -> None:
            if previous is not None:
                self._end(_stage(previous))
            between_passes(previous, module, following)
            self._end("verify")

        self.pipeline = PassPipeline(self.pipeline.passes, callback)

    def parse_chunk(self, *arguments: Any) -> ModuleOp | None:
        module = super().parse_chunk(*arguments)
        self._end("read")
        return module

    def output_resulting_program(self, prog: ModuleOp) -> str:
        text = super().output_resulting_program(prog)
        self._end("assemble")
        return text


def _stage(each: ModulePass) -> str:
    if each.name == "affine-nest-schedule":
        return "search"
    return _STAGES.get(getattr(each, "level", ""), "graph")


if __name__ == "__main__":
    main(sys.argv[1:], TimedNopt)
