"""What an installed package asks for here, but for PyTorch's own: requirements.py PACKAGE"""

import importlib.metadata
import re
import sys

from pip._vendor.packaging.requirements import Requirement

for line in importlib.metadata.requires(sys.argv[1]) or []:
    wanted = Requirement(line)
    if re.match("torch", wanted.name) or not (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
        continue
    extras = f"[{','.join(wanted.extras)}]" if wanted.extras else ""
    # of two demands for one package, which some make for themselves, pip takes none
    if wanted.name != "setuptools":
        print(f"{wanted.name}{extras}{wanted.specifier}")
