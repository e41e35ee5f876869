# SPDX-License-Identifier: BSD-2-Clause
"""The harness as on a host whose KVM can be used: for VMMs that are fakes and need none."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import main  # noqa: E402
import vmm.kvm  # noqa: E402


def usable(_arch: str) -> str:
    return ""


if __name__ == "__main__":
    main.kvm_lacking = usable  # type: ignore[assignment,attr-defined]
    vmm.kvm.kvm_lacking = usable  # type: ignore[assignment,attr-defined]
    sys.exit(main.main())
