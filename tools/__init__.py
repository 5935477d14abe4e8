"""What people start: `nopt`, `nopt-run`, `nopt-import`, `nopt-objdump`; and running programs."""
