"""Output targets by name: reports of graphs, assembly text and program files of `isa`."""

from collections.abc import Callable

from xdsl.utils.target import Target


def get_all_targets() -> dict[str, Callable[[], type[Target]]]:
    """The factories of all targets, in alphabetical order; a target is imported when asked for."""

    def get_partition_report() -> type[Target]:
        from nopt.passes.graph.partition.partition_report import PartitionReportTarget

        return PartitionReportTarget

    def get_vta_asm() -> type[Target]:
        from nopt.passes.isa.vta_targets import VtaAsmTarget

        return VtaAsmTarget

    def get_vta_program() -> type[Target]:
        from nopt.passes.isa.vta_targets import VtaProgramTarget

        return VtaProgramTarget

    return {
        "partition-report": get_partition_report,
        "vta-asm": get_vta_asm,
        "vta-program": get_vta_program,
    }
