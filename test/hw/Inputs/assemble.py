"""Assembly text for the RTL's preset to the words of its instructions: assemble.py TEXT WORDS"""

import sys
from pathlib import Path

from nopt.hw.config import Config
from nopt.hw.isa.assembly import parse_assembly
from nopt.hw.isa.encoding import encode

config = Config.load("rtl")
records, _ = parse_assembly(Path(sys.argv[1]).read_text(), config)
Path(sys.argv[2]).write_bytes(encode(records, config).astype("<u8").tobytes())
